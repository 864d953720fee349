"""The report as a page to work with: cards, context, bounded size, fonts; searched, filtered and read by keyboard."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path, PurePosixPath

import axe_playwright_python
import pytest
import uharfbuzz as hb
from playwright.sync_api import Page

from pipeline.changes import Change
from pipeline.document import Cleaned, Document, Metadata, Note, Outcome, Skipped
from pipeline.records.change_context import change_items
from pipeline.records.report_card import BookLink, card_of, fair_share
from pipeline.records.report_html import ReportIndex, ReportPage, posts_page, report_page
from pipeline.records.report_search import page_entries, search_page
from pipeline.run.report_fonts import embedded_fonts
from pipeline.run_report import RunReport
from tests.conftest import ROOT

MOST_BYTES = 2_000_000
SCRIPTS = ["中", "あ", "한", "ש", "ع", "ก", "अ", "ა", "ሀ", "ක"]


def document(path: str, source: str, *steps: tuple[str, str, str, str, float | None]) -> Document:
    """A document whose text went through steps: (name, before, after, reason, confidence), each at one place."""
    made = Document(PurePosixPath(path), source, Metadata(title=path.upper(), language="de"))
    for step, edits in groupby(steps, lambda edit: edit[0]):
        changes = []
        for _, before, after, reason, confidence in edits:
            start = made.text.index(before)
            others = (("ö", 0.3), ("œ", 0.004)) if confidence and confidence < 1 else ()
            changes.append(Change(step, (start, start + len(before)), before, after, reason, confidence, others))
        made = made.edited(changes)
    return made


def posts() -> list[Outcome]:
    """One post of each kind."""
    far = "\n".join(f"Zeile {number} eines langen Textes." for number in range(1, 41))
    repaired = document(
        "a.md",
        f"{far}\nDas CafÃ© und die KÃ¶che.\n{far}",
        ("controls", "Zeile 3 ", "Zeile 3\n", "a line", None),
        ("repair", "CafÃ©", "Café", "UTF-8 decoded as cp1252", 1.0),
        ("repair", "KÃ¶che", "Küche", "byte missing; reconstructed", 0.69),
        ("normalize", "Zeile 1 eines", "*Zeile 1* eines", "formatted Markdown", None),
    )
    gone = Document(PurePosixPath("b.md"), "x").noted("images", "1 missing image: place.jpg")
    hostile = document("c.md", "<b>\u202e", ("repair", "<b>\u202e", "<script>alert(1)</script>", "<i>", 0.4))
    return [
        Cleaned(repaired),
        Cleaned(gone),
        Cleaned(hostile),
        Skipped(PurePosixPath("d.md"), "read", "is not text; move it out of raw/"),
    ]


def cards(outcomes: list[Outcome]) -> list:
    files = [BookLink("clean file", "../clean/a.md"), BookLink("EPUB", "posts/a.epub"), BookLink("PDF", "posts/a.pdf")]
    return [card_of(outcome, [], files, f"../raw/{outcome.path}") for outcome in outcomes]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report.html of one page, and a report of two pages with its search."""
    folder = tmp_path_factory.mktemp("report")
    counts = RunReport(3, 0, (posts()[-1],), 0, (), 0, (), (), ())  # type: ignore[arg-type]
    page = b"".join(report_page("Briefe", counts, cards(posts()), ReportIndex(), embedded_fonts))
    (folder / "report.html").write_bytes(page)
    (folder / "report").mkdir()
    for at, name in enumerate(("one", "two")):
        shown = cards([one for one in posts() if (str(one.path) < "c") == (at == 0)])
        of_page = ReportPage(f"{name}.html", "a", "b", 2)
        (folder / "report" / f"{name}.html").write_bytes(b"".join(posts_page("Briefe", of_page, shown, lambda _: ())))
        (folder / "report" / f"{name}.js").write_bytes(b"".join(page_entries(f"{name}.html", shown)))
    (folder / "report" / "search.html").write_bytes(b"".join(search_page("Briefe", ["one.html", "two.html"])))
    return folder


def test_changes_have_context_and_the_line_of_the_source():
    """The least confident first; 40 characters on both sides; the line is the source's, whatever later steps moved."""
    made = posts()[0]
    assert isinstance(made, Cleaned)
    first, *rest = change_items(made.document)
    assert (first.old, first.new, first.confidence, first.lines) == ("Ã¶", "ü", 0.69, (41,))
    assert first.before.endswith("Das Café und die K")
    assert first.after.startswith("che.↵Zeile 1 eines")
    assert (len(first.before), len(first.after)) == (41, 41)
    assert first.others == (("ö", 0.3),)
    assert [item.step for item in rest] == ["repair", "controls"]


def test_formatting_is_one_count():
    """What no person must judge takes one line of a card, with the kinds of change and their counts."""
    card = cards(posts())[0]
    assert (card.changes, card.formatted, card.formatting) == (3, 1, (("formatted Markdown", 1),))


def test_no_page_is_over_two_megabytes():
    """500 posts of any size, with Chinese changes, notes and links, make a page of less than 2 MB with its fonts."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    changes = [Change("repair", (at, at + 1), text[at], text[-at - 1], "byte missing", 0.5) for at in range(900)]
    meta = Metadata(title=text, language="zh", source_url="https://example.org/" + "a" * 900)
    one = Document(PurePosixPath("目录" * 30 + ".md"), text, meta, notes=(Note("images", text),) * 50).edited(changes)
    shown = [card_of(Cleaned(one), ["链接" * 40] * 200, (), "../raw/x.md")] * 500
    page = ReportPage("p.html", "a", "b", 500)
    data = b"".join(posts_page("t", page, shown, embedded_fonts))
    assert MOST_BYTES / 4 < len(data) < MOST_BYTES
    assert b"more in clean/report.jsonl" in data
    assert data == b"".join(posts_page("t", page, shown, embedded_fonts))


def test_short_cards_lose_nothing_to_long_ones():
    """The room of a page is shared: only what is longer than its share is cut."""
    assert fair_share([10, 10, 1000], 320) == 300
    assert fair_share([], 5) == 0
    assert fair_share([7, 9], -1) == 0


def test_fonts_cover_any_script():
    """The embedded fonts have the characters of ten scripts, within their limit."""
    made = [card_of(Cleaned(Document(PurePosixPath(f"{char}.md"), "x")), [], (), "") for char in SCRIPTS]
    fonts = embedded_fonts(made)
    covered = {code for font in fonts for code in hb.Face(font).unicodes}
    assert not {char for char in SCRIPTS if ord(char) not in covered}
    assert fonts == embedded_fonts(made)


def test_hostile_text_stays_text(report: Path):
    """Markup of a post is escaped, and controls of direction are shown as escapes."""
    page = (report / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\\u202e" in page
    unsafe = Document(PurePosixPath("x.md"), "x", Metadata(source_url="javascript:alert(1)"))
    assert card_of(Cleaned(unsafe), [], (), "").source_url == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_works_through_the_report_by_keyboard(browser, report: Path, scheme: str):
    """Search, filters and cards work by keyboard alone at both widths, without a barrier that axe knows."""
    for width in (1280, 390):
        page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        problems: list[str] = []
        page.on("console", lambda message, problems=problems: problems.append(message.text))
        page.on("pageerror", lambda error, problems=problems: problems.append(str(error)))
        page.goto((report / "report.html").as_uri())
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("küche")
        assert page.locator("#count").inner_text() == "1 of 4 posts"
        tab_to(page, ".card:not([hidden]) > summary")
        page.keyboard.press("Enter")
        assert page.locator("#p1 .change").first.is_visible()
        assert page.locator("#p1 a").first.get_attribute("href") == "../clean/a.md"
        page.fill("#words", "")
        page.focus("[data-kind=skipped]")
        page.keyboard.press("Space")
        assert page.locator(".card:visible").count() == 1
        page.keyboard.press("Space")
        page.select_option("#surety", "0.5")
        assert page.locator(".card:visible .title").all_inner_texts() == ["C.MD"]
        page.select_option("#surety", "9")
        page.select_option("#order", "low")
        assert page.locator(".card .title").first.inner_text() == "C.MD"
        page.click("#open")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not problems
        assert not barriers(page)
        page.close()


def test_the_search_of_all_posts_leads_to_an_open_card(browser, report: Path):
    """search.html filters the posts of all pages, and a result opens its card."""
    page = browser.new_page()
    page.goto((report / "report" / "search.html").as_uri())
    page.wait_for_function("document.getElementById('count').textContent === '4 posts'")
    page.click("[data-kind=repaired]")
    assert page.locator("#found a").all_inner_texts() == ["A.MD", "C.MD"]
    page.fill("#words", "c.md")
    page.locator("#found a").click()
    assert page.url.endswith("two.html#p1")
    assert page.locator("#p1 .change").is_visible()
    page.close()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by keyboard")


def barriers(page: Page) -> list[str]:
    """Return the serious and critical problems that axe finds in a page."""
    page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


def test_the_docs_show_the_pages_as_they_are():
    """The script that makes the pictures of the report exists and names the files that the docs show."""
    script = (ROOT / "benchmarks" / "report.py").read_text("utf-8")
    assert set(re.findall(r"[\w-]*report[\w-]*\.png", script)) == {
        "report.png",
        "report-phone.png",
        "tutorial-report.png",
    }
