"""A change reaches each record that it affects, and only few pages and volumes; all outputs equal a fresh run's."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline import run_archive
from pipeline.run import report_pages
from pipeline.run.periods import MOST_POSTS, volumes_of
from pipeline.run.report_pages import POSTS_PER_PAGE, pages_of
from pipeline.run.splice import Splice
from tests.posts import HARBOUR
from tests.test_state import is_fresh, records, settings

PASSAGE = (
    "A paragraph that many posts share: the lighthouse keeper climbed the stairs each evening, lit the lamp, wrote the "
    "weather into his book, and listened to the ships that passed far out at sea."
)
PATHS = [f"posts/{number:05}.md" for number in range(3000)]


def post(number: int, *more: str) -> str:
    """Return a post with words that no other has, the shared paragraph, and more paragraphs."""
    own = " ".join(f"{word}{number}" for word in ("gravel", "ember", "ladder", "pigeon", "copper", "velvet", "saddle"))
    return "\n\n".join([f"# Post {number}", own, *more]) + "\n"


def test_each_change_reaches_all_records_that_it_affects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Shared paragraphs, duplicates, link targets, names, pictures: after each change, all is as after a fresh run.

    The report has pages of few posts, which keep the cards of the posts that a change does not affect.
    """
    for name, posts in (("POSTS_PER_PAGE", 4), ("LEAST_POSTS_PER_PAGE", 3), ("END_OF_PAGE", 2)):
        monkeypatch.setattr(report_pages, name, posts)
    raw = tmp_path / "raw"
    (raw / "sub").mkdir(parents=True)
    for number in range(9):
        (raw / f"{number}.md").write_text(post(number, PASSAGE), "utf-8")
    (raw / "links.md").write_text(post(20, "[to](target.md) [web](https://e.org/page) ![p](p.png)"), "utf-8")
    chosen = settings(tmp_path)
    assert is_fresh(tmp_path, run_archive(chosen), chosen)
    changes = {
        "the first post with the paragraph is gone": (raw / "0.md").unlink,
        "a link has a target": lambda: (raw / "target.md").write_text(post(21), "utf-8"),
        "another link has one": lambda: (raw / "b.md").write_text(
            "---\nsource_url: https://e.org/page\n---\n\n" + post(22), "utf-8"
        ),
        "a picture appears": lambda: (raw / "p.png").write_bytes(b"\x89PNG"),
        "two near-duplicates": lambda: [
            (raw / name).write_text(HARBOUR.replace("an old shoe", shoe, 2), "utf-8")
            for name, shoe in (("h1.md", "an old  shoe"), ("h2.md", "an old shoe"))
        ],
        "the kept one is gone": (raw / "h2.md").unlink,
        "a name is taken": lambda: (raw / "1.txt").write_text(post(23), "utf-8"),
        "a target is gone": (raw / "target.md").unlink,
    }
    for what, change in changes.items():
        change()
        assert is_fresh(tmp_path, run_archive(chosen), chosen), what
    assert records(tmp_path)["2.md"]["passages"][0]["more"]
    assert len([*(tmp_path / "out" / "report").glob("posts-*.html")]) > 2
    assert not run_archive(chosen).written


SHORT = {"a.md": "# Une belle soirée\n", "b.md": "# 東京物語\n", "c.md": "# Hello\n\nあいう\n", "d.md": "# 12\n"}
LONG = {
    "fr": "Il était une fois un village au bord de la mer, dont les pêcheurs partaient chaque matin avant le jour. {}",
    "de": "Es war einmal ein kleines Dorf am Meer, dessen Fischer jeden Morgen vor Tag hinaus auf die See fuhren. {}",
}


def test_short_posts_have_the_language_of_the_archive(tmp_path: Path):
    """A change of the archive's main language reaches the posts that are too short to know theirs, and no others."""
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, text in SHORT.items():
        (raw / name).write_text(text, "utf-8")
    chosen = settings(tmp_path)
    languages = []

    def run() -> None:
        assert is_fresh(tmp_path, run_archive(chosen), chosen)
        languages.append([records(tmp_path)[name]["language"] for name in SHORT])

    run()
    for number in range(3):
        (raw / f"fr-{number}.md").write_text(LONG["fr"].format(number), "utf-8")
    run()
    (raw / "de-0.md").write_text(LONG["de"].format(0), "utf-8")
    run()
    (raw / "de-1.md").write_text(LONG["de"].format(1), "utf-8")
    run()
    assert languages == [["", "", "ja", ""], ["fr", "", "ja", ""], ["fr", "", "ja", ""], ["", "", "ja", ""]]
    assert not run_archive(chosen).written


def test_a_record_whose_bytes_stay_the_same_is_not_written_again(tmp_path: Path):
    """A new paragraph without links changes no file of links, an equal paragraph elsewhere no record of other posts."""
    raw = tmp_path / "raw"
    raw.mkdir()
    for number in range(3):
        (raw / f"{number}.md").write_text(post(number, f"[web](https://e.org/{number})"), "utf-8")
    chosen = settings(tmp_path)
    run_archive(chosen)
    (raw / "1.md").write_text(post(1, "[web](https://e.org/1)", "A paragraph about a kettle and a lantern."), "utf-8")
    report = run_archive(chosen)
    assert sorted(report.written) == ["../out/report.html", "1.md", "report.jsonl"]
    assert is_fresh(tmp_path, report, chosen)


def test_a_splice_opens_the_new_file_at_the_first_difference():
    """Parts before it are copied, parts after it are replaced or kept; without a difference nothing is opened."""
    opened: list[io.BytesIO] = []

    def spliced(*parts: bytes | int) -> bytes:
        splice = Splice(lambda: opened.append(io.BytesIO()) or opened[-1], io.BytesIO(b"head|one|two|end"))
        for part in parts:
            splice.keep(part) if isinstance(part, int) else splice.put(part, 4)
        return splice.out.getvalue() if isinstance(splice.out, io.BytesIO) else b""

    assert spliced(5, b"one|", b"two|", 3) == b""
    assert not opened
    assert spliced(5, b"one|", b"a longer one|", 3) == b"head|one|a longer one|end"
    assert spliced(5, b"", b"two|", 3) == b"head|two|end"


@pytest.mark.parametrize("at", [0, 700, 1500, 2999])
def test_a_new_post_changes_few_pages_and_volumes(at: int):
    """Pages and volumes are of bounded size, and a new post changes at most three of them."""
    more = sorted([*PATHS, f"{PATHS[at]}.new.md"])
    one, other = ({tuple(page) for page in pages_of(paths)} for paths in (PATHS, more))
    assert max(map(len, one)) <= POSTS_PER_PAGE
    assert len(other - one) <= 3
    one, other = (
        {tuple(paths) for _, paths in volumes_of((path, "", "2021") for path in paths)} for paths in (PATHS, more)
    )
    assert max(map(len, one)) <= MOST_POSTS
    assert len(other - one) <= 3
