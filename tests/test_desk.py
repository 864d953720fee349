"""The desk and the pages for readers in a real browser: by keyboard alone, on a phone, for a screen reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pipeline.decisions.decisions_file import read_decisions
from tests.conftest import command, running
from tests.posts import CHINESE, HARBOUR
from tests.review_archive import make_review_archive
from tests.test_decisions import damaged

ITEMS = 260
DECIDED = 200
MOST_MILLISECONDS = 60_000  # for the server to write what was decided, on a busy disk
PAGES = ("/", "/search?q=crabs", "/posts/harbour.md", "/books", "/review", "/review/skipped")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """An archive and the URL that `lacuna serve` printed for it."""
    folder = make_review_archive(tmp_path_factory.mktemp("desk") / "archive", ITEMS)
    with running("serve", cwd=folder, stdout=-1) as process:
        assert process.stdout
        yield folder, process.stdout.readline().removeprefix("open ").strip()


@pytest.fixture
def opened(browser: Browser, site: tuple[Path, str]) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the site in a new window; in the end, no console may have an error."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(path: str, width: int = 1280, scheme: str = "light") -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(site[1])
        assert "token" not in page.url
        if path != "/":
            page.goto(site[1].partition("/?")[0] + path)
        if path == "/review":
            page.wait_for_selector("#card:not([hidden])")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def left(page: Page) -> int:
    """Return how many items the page says are open."""
    return int(page.inner_text("#left").removesuffix(" left").replace(",", ""))


@pytest.mark.parametrize(
    ("width", "scheme", "paths"),
    [(390, "light", PAGES), (1280, "dark", PAGES), (390, "dark", ("/review",)), (1280, "light", ("/review",))],
)
def test_no_page_is_hard_to_use(opened: Callable[..., Page], width: int, scheme: str, paths: tuple[str, ...]):
    """Axe finds nothing on any page, nothing is wider than the screen, and buttons are large enough for a finger."""
    for path in paths:
        page = opened(path, width, scheme)
        if path == "/review":
            page.keyboard.press("?")
            page.keyboard.press("e")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        heights = page.eval_on_selector_all("button:not(.plain)", "all => all.map(one => one.offsetHeight)")
        assert all(height >= 40 for height in heights)


def test_duplicates_are_easy_to_use(opened: Callable[..., Page]):
    """The card of two duplicates passes axe on a phone; it shows both texts and which one is kept."""
    page = opened("/review", 390)
    page.select_option("select[name=kind]", "duplicate")
    page.wait_for_selector(".beside ins")
    assert page.inner_text(".beside del") == "2"
    assert page.inner_text(".beside ins") == "3"
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_200_items_are_decided_by_keyboard_alone(opened: Callable[..., Page], site: tuple[Path, str]):
    """One key decides and goes on: accept, reject, an alternative, a text, later, undo, all that are equal."""
    folder, _ = site
    page = opened("/review")
    total = left(page)
    page.keyboard.press("?")
    for at in range(DECIDED - 4):
        page.keyboard.press("y" if at % 3 else "n")
    expect(page.locator("#left")).to_have_text(f"{total - DECIDED + 4} left", timeout=MOST_MILLISECONDS)
    assert f"{total - DECIDED + 4} left" in page.inner_text("#said")
    page.keyboard.press("e")
    page.keyboard.type("梯形 y n u")
    page.keyboard.press("Enter")
    page.keyboard.press("e")
    page.keyboard.type("never written")
    page.keyboard.press("Escape")
    while not page.query_selector(".choices"):
        page.keyboard.press("s")
    page.keyboard.press("1")
    page.keyboard.press("y")
    page.keyboard.press("n")
    page.keyboard.press("y")
    page.keyboard.press("u")
    expect(page.locator("#left")).to_have_text(f"{total - DECIDED} left", timeout=MOST_MILLISECONDS)
    decisions = read_decisions(folder / "decisions.jsonl").decisions.values()
    assert len(decisions) == DECIDED
    written = [one.after for one in decisions if one.verdict == "replace"]
    assert "梯形 y n u" in written
    assert len(written) == 2
    assert page.evaluate("document.activeElement.id") == "card"
    page.select_option("select[name=kind]", "inferred")
    page.wait_for_selector(".group")
    group = int(page.inner_text(".group button:first-child").split()[-1])
    page.focus("#card")
    page.keyboard.press("A")
    expect(page.locator("#left")).to_have_text(f"{total - DECIDED - 1 - group} left", timeout=MOST_MILLISECONDS)
    page.reload()
    page.wait_for_selector("#card:not([hidden])")
    assert left(page) == total - DECIDED - group


def test_a_post_is_corrected_by_keyboard(opened: Callable[..., Page], site: tuple[Path, str]):
    """The key p opens a form that passes axe; Enter saves it, Escape closes it, and the desk goes on."""
    page = opened("/review", 390)
    before = page.inner_text("#card")
    page.keyboard.press("p")
    page.wait_for_selector(".post-form")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Control+a")
    page.keyboard.type("y n p")
    page.keyboard.press("Escape")
    assert not page.query_selector(".post-form")
    page.keyboard.press("p")
    page.wait_for_selector(".post-form")
    page.keyboard.press("Control+a")
    page.keyboard.type("海边")
    page.keyboard.press("Enter")
    expect(page.locator(".post-form")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "card"
    assert page.inner_text("#card") == before
    (decision,) = [
        one for one in read_decisions(site[0] / "decisions.jsonl").decisions.values() if one.verdict == "title"
    ]
    assert decision.after == "海边"
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text(f"Undone, in the post {decision.document}.")


def test_what_is_decided_in_the_browser_is_obeyed_by_the_next_run(browser: Browser, tmp_path: Path):
    """Text, title, author, date and language decided in the browser are in the clean files and the books' records."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/sea.md").write_text(damaged(f"# 海边\n\n{CHINESE}\n"), "utf-8")
    (tmp_path / "raw/old.md").write_text(f"# Old\n\n{HARBOUR}\n", "utf-8")
    assert command("run", "--no-editions", cwd=tmp_path).returncode == 0
    with running("serve", cwd=tmp_path, stdout=-1) as process, closing(browser.new_page()) as page:
        assert process.stdout
        url = process.stdout.readline().removeprefix("open ").strip()
        page.goto(url.replace("/?", "/review?"))
        page.wait_for_selector("#card:not([hidden])")
        page.keyboard.press("e")
        page.keyboard.type("Ω")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("Replaced by Ω.")
        page.keyboard.press("p")
        page.wait_for_selector(".post-form")
        for written in ("The sea", "Lee; Chen", "2021-03-09", "zh-TW"):
            page.keyboard.press("Control+a")
            page.keyboard.type(written)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text("Saved. Run lacuna run to apply it.")
        page.goto(url.partition("/?")[0] + "/posts/old.md")
        page.get_by_role("button", name="Correct or skip this post").press("Enter")
        page.get_by_role("checkbox").press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Saved. Run lacuna run to apply it.")
    ran = command("run", "--no-editions", cwd=tmp_path)
    assert (ran.returncode, "decisions: 6 obeyed" in ran.stdout) == (0, True), ran.stdout
    clean = (tmp_path / "clean/sea.md").read_text("utf-8")
    for line in ("title: The sea", "date: '2021-03-09'", "language: zh-TW", "Ω"):
        assert line in clean, clean
    assert "passed over: 1 post that you decided to skip" in ran.stdout
    assert not (tmp_path / "clean/old.md").exists()


def test_everything_is_reached_with_the_tab_key(opened: Callable[..., Page]):
    """The tab key walks from the skip link to the buttons of the card; Enter acts."""
    page = opened("/review")
    page.focus(".skip")
    names = ["Skip to content"]
    for _ in range(21):
        page.keyboard.press("Tab")
        names.append(page.evaluate("(document.activeElement.textContent || document.activeElement.name).trim()"))
    order = [
        "Skip to content",
        "Collected posts",
        "Read",
        "Review",
        "Books",
        "q",
        "Keys ?",
        "y Accept",
        "n Reject",
        "u Undo",
        "p This post",
    ]
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
    page = opened("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_no_page_asks_another_host(opened: Callable[..., Page], site: tuple[Path, str]):
    """Every request of every page goes to the server itself."""
    asked: list[str] = []
    page = opened("/")
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(site[1].partition("/?")[0] + path)
        page.wait_for_load_state("networkidle")
    assert len(asked) > len(PAGES)
    assert all(url.startswith(site[1].partition("?")[0]) for url in asked)
