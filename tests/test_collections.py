"""The books of the settings: which posts they have, in which volumes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from pipeline.books.book import BookStyle, Chapter
from pipeline.run.collections import CollectionMaker
from pipeline.run.periods import DatedPost, period_of, volumes_of
from pipeline.run.volume import Volume, VolumeEntry, make_collection, save_chapters
from pipeline.settings import Edition, Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import pack
from pipeline.store.schema import create_tables


def chapter(number: int, date: str) -> bytes:
    """Return a packed chapter; each third is tagged, each other is about whales."""
    text = {"t": "Para", "c": [{"t": "Str", "c": "whale" if number % 2 else "crab"}]}
    tags = ("sea",) if number % 3 == 0 else ()
    return pack(Chapter(f"Post {number}", (), "en", date, "", "nothing", [text], tags))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A state with 400 chapters, one for each day, and the posts in the form that the run passes them."""
    folder = tmp_path_factory.mktemp("collections")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        create_tables(db)
        state = ArchiveState(db, "flow")
        posts = []
        for number in range(400):
            date = f"{2020 + number // 300}-{number % 300 // 28 + 1:02}-{number % 28 + 1:02}"
            posts.append((f"{number:03}.md", f"key {number}", date))
            state.chapters.put(Path(posts[-1][0]), posts[-1][1], date, chapter(number, date), ())
        yield state, posts, folder


def titles(archive: tuple[ArchiveState, list[DatedPost], Path], **conditions: str) -> dict[str, int]:
    """Return the books of one edition, without suffix, and how many posts they have; an index has none."""
    state, posts, folder = archive
    settings = Settings(clean=str(folder), out=str(folder / "out"), edition=(Edition("E", **conditions),))
    maker = CollectionMaker(settings, state, OutputLedger(state, folder, folder / "out"), folder)
    made = maker.collections(Path("archive"), Path("editions"), posts)
    return {one.place.as_posix(): len(one.posts) for one in made if one.edition}


def test_a_long_book_of_the_settings_has_volumes(archive, monkeypatch: pytest.MonkeyPatch):
    """More posts than fit in one book are divided as those of the archive's book are; the book is their index."""
    monkeypatch.setattr("pipeline.store.chapters.ChapterTable.titles", lambda _self, paths: [("x", "") for _ in paths])
    assert titles(archive, tag="sea", until="2020-06") == {"editions/E": 56}
    long = titles(archive, query="whale")
    assert long.pop("editions/E") == 0
    assert sum(long.values()) == 200
    assert max(long.values()) <= 120
    assert all(name.startswith(("editions/E/2020", "editions/E/2021")) for name in long)


@pytest.mark.parametrize(("every", "number"), [("week", 64), ("month", 15), ("year", None)])
def test_a_book_for_each_period(archive, every: str, number: int | None):
    """With `every`, each period has a book; a new post changes only the book of its period."""
    state, posts, folder = archive
    before = titles(archive, every=every)
    assert sum(before.values()) == 400
    assert "editions/E" not in before
    assert number is None or abs(len(before) - number) <= 2
    state.chapters.put(Path("new.md"), "new", "2021-12-24", chapter(1, "2021-12-24"), ())
    after = titles((state, [*posts, ("new.md", "new", "2021-12-24")], folder), every=every)
    assert len({*before.items()} - {*after.items()}) <= 1


@pytest.mark.parametrize(
    ("date", "week", "month", "year"),
    [
        ("2021-01-03", "2020-W53", "2021-01", "2021"),
        ("2020-12-31", "2020-W53", "2020-12", "2020"),
        ("2024-12-30", "2025-W01", "2024-12", "2024"),
        ("2021-02", "", "2021-02", "2021"),
        ("2021", "", "", "2021"),
        ("2021-02-31", "", "2021-02", "2021"),
        ("", "", "", ""),
    ],
)
def test_weeks_are_those_of_iso_8601(date: str, week: str, month: str, year: str):
    """A date names a week of ISO 8601, a month and a year; a date that is not exact enough names none."""
    assert [period_of(date, "week"), period_of(date, "month"), period_of(date, "year")] == [week, month, year]


def test_a_week_across_two_months_is_one_book():
    """A date without a day, which sorts between the days of a week, does not divide the week."""
    dates = ["2021-03-29", "2021-03-31", "2021-04", "2021-04-01", "2021-04-05", ""]
    posts = [(f"{at}.md", "", date) for at, date in enumerate(dates)]
    found = {name: len(paths) for name, paths in volumes_of(posts, "week")}
    assert found == {"2021-W13": 3, "2021-W14": 1, "undated": 2}


def test_an_index_is_in_the_language_of_its_volumes(tmp_path: Path):
    """The index of a Chinese archive has Chinese headings, and names itself Chinese."""
    save_chapters([], tmp_path / "chapters")
    entries = (VolumeEntry("2020", (("鲸鱼", "2020-03-01"),), "zh-Hans"),)
    target = tmp_path / "book.epub"
    index = Volume("Collected posts", BookStyle(), None, "epub", tmp_path / "chapters", target, entries)
    assert make_collection(index) == ""
    with ZipFile(target) as epub:
        package = next(epub.read(name).decode() for name in epub.namelist() if name.endswith(".opf"))
    assert re.search("<dc:language[^>]*>(.*)<", package)[1] == "zh-Hans"
    assert re.search("<dc:title[^>]*>(.*)<", package)[1] == "文集"
