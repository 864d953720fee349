"""The catalogue in out/opds/: two formats from one model, valid, stable, and made for the e-readers that read it."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
from lxml import etree
from PIL import Image

from pipeline.books.metadata import position_in_series
from pipeline.library.addresses import ACQUISITION, ACQUISITION_TYPE, COVER, NAVIGATION_TYPE, SMALL_COVER
from pipeline.library.entries import CatalogueEntry
from pipeline.library.model import GROUPS, MOST_ON_PAGE, FeedPage, catalogue_pages
from tests.conftest import ROOT, command, tree

ATOM = "{http://www.w3.org/2005/Atom}"
POST = "---\ntitle: {title}\ndate: {date}\nlang: {language}\nseries: {series}\nauthor: {author}\n---\n\n{text}\n"
POSTS = {
    "a.md": ("Ebb & <flow>", "2021-03-09", "en", "Sea", "Ann", "The water goes out, and the crabs come to see."),
    "b c.md": ("Tide", "2021-04", "en", "Sea", "Ann", "The water comes in, and nobody is on the long grey beach."),
    "ü.md": (
        "Deich, Teil 3",
        "2020-07",
        "de",
        "Land",
        "Bo",
        "Hinter dem Deich liegen die Felder, und dort weiden Schafe.",
    ),
    "same.md": ("Tide", "2022-01-02", "en", "", "Ann", "Another post has this title; they must not share a name."),
    "undated.md": ("Sand", "", "en", "", "", "Nobody knows when this was written, or who wrote it at all."),
}


SETTINGS = '[[edition]]\ntitle = "Tides"\nseries = "Sea"\nevery = "year"\n'


class KoReader:
    """A client that follows the rules of KOReader's catalogue sync (plugins/opds.koplugin/opdsbrowser.lua).

    It reads an acquisition feed from its start and its next pages until it meets the link that it saw first the last
    time. It names files `Author - Title` and leaves those that exist.
    """

    def __init__(self, feed: Path) -> None:
        """Choose the feed to sync."""
        self.feed, self.last, self.files = feed, "", {}

    def sync(self) -> list[str]:
        """Return the names of the files that one sync fetches."""
        found, page = [], self.feed
        while page:
            entries, after = koreader_page(page)
            assert entries, "KOReader stops with an error at an empty feed"
            hrefs = [entry[1] for entry in entries]
            end = hrefs.index(self.last) if self.last in hrefs else len(hrefs)
            found += entries[:end]
            page = after if end == len(hrefs) else None
        self.last = found[0][1] if found else self.last
        new = {name: href for name, href in found if name not in self.files}
        self.files |= {name: Path(unquote(href)).read_bytes() for name, href in new.items()}
        return [*new]


def koreader_page(file: Path) -> tuple[list[tuple[str, str]], Path | None]:
    """Return (`Author - Title`, link) of each book of a page, and the next page."""
    root = etree.parse(file).getroot()
    entries = []
    for entry in root.iter(f"{ATOM}entry"):
        author = ", ".join(name.text for name in entry.iterfind(f"{ATOM}author/{ATOM}name"))
        links = [link for link in entry.iterfind(f"{ATOM}link") if link.get("rel").startswith(ACQUISITION[:31])]
        assert links, "KOReader fails on an entry of an acquisition feed without a book"
        entries.append((f"{author} - {entry.findtext(f'{ATOM}title')}", urljoin(str(file), links[0].get("href"))))
    after = [link.get("href") for link in root.iterfind(f"{ATOM}link") if link.get("rel") == "next"]
    return entries, file.parent / after[0] if after else None


def changes(feed: Path, known: dict[str, str]) -> list[str]:
    """Return the identifiers of new and changed books, for a client that compares `updated`; remember them."""
    root = etree.parse(feed).getroot()
    now = {one.findtext(f"{ATOM}id"): one.findtext(f"{ATOM}updated") for one in root.iter(f"{ATOM}entry")}
    found = [name for name, updated in now.items() if known.get(name) != updated]
    known |= now
    return found


def write_post(folder: Path, name: str, **other: str) -> None:
    fields = dict(
        zip(("title", "date", "language", "series", "author", "text"), POSTS.get(name, [""] * 6), strict=True)
    )
    folder.joinpath("raw", name).write_text(POST.format(**fields | other), "utf-8")


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """An archive with a catalogue, made once."""
    folder = tmp_path_factory.mktemp("opds")
    folder.joinpath("raw").mkdir()
    for name in POSTS:
        write_post(folder, name)
    folder.joinpath("pipeline.toml").write_text(SETTINGS, "utf-8")
    ran = command("run", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return folder


def feeds(folder: Path, suffix: str) -> Iterator[Path]:
    yield from sorted(folder.joinpath("out", "opds").glob(f"*.{suffix}"))


def test_every_feed_is_valid_atom_and_opds(library: Path):
    """Every feed has what RFC 4287 and OPDS 1.2 require, full media types, and links to files that exist."""
    for file in feeds(library, "xml"):
        root = etree.parse(file).getroot()
        for one in [root, *root.iter(f"{ATOM}entry")]:
            for name in ("id", "title", "updated"):
                assert len(one.findall(f"{ATOM}{name}")) == 1, (file.name, name)
            assert dt.datetime.fromisoformat(one.findtext(f"{ATOM}updated"))
            assert one.findtext(f"{ATOM}id").startswith("urn:uuid:")
        assert root.find(f"{ATOM}author/{ATOM}name") is not None
        links = {link.get("rel"): link.get("type") for link in root.iterfind(f"{ATOM}link")}
        assert "self" in links
        if file.name != "feed.xml":
            assert links["start"] == NAVIGATION_TYPE
            assert links["self"] in {NAVIGATION_TYPE, ACQUISITION_TYPE}
        for link in root.iter(f"{ATOM}link"):
            if not link.get("href").startswith("http"):
                assert file.parent.joinpath(unquote(link.get("href"))).is_file(), link.get("href")
        for entry in root.iter(f"{ATOM}entry"):
            rels = [link.get("rel") for link in entry.iterfind(f"{ATOM}link")]
            assert entry.find(f"{ATOM}content") is not None or "alternate" in rels
            if links["self"] == ACQUISITION_TYPE:
                assert {ACQUISITION, COVER, SMALL_COVER} <= {*rels}
                types = [link.get("type") for link in entry.iterfind(f"{ATOM}link") if link.get("rel") == ACQUISITION]
                assert types == ["application/epub+zip", "application/pdf"]
            elif links["self"] == NAVIGATION_TYPE:
                assert rels == ["subsection"]


def test_both_formats_say_the_same(library: Path):
    """Each page exists in both formats, with the same books or links in the same order; JSON has what 2.0 requires."""
    pages = [file for file in feeds(library, "xml") if file.name != "feed.xml"]
    assert [file.stem for file in pages] == [file.stem for file in feeds(library, "json")]
    for file in pages:
        root, feed = etree.parse(file).getroot(), json.loads(file.with_suffix(".json").read_bytes())
        titles = [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]
        books = feed.get("publications", [])
        assert titles == [one["metadata"]["title"] for one in books] + [
            one["title"] for one in feed.get("navigation", [])
        ]
        assert feed["metadata"]["title"] == root.findtext(f"{ATOM}title")
        assert "self" in {link["rel"] for link in feed["links"]}
        for link in (*feed["links"], *feed.get("navigation", []), *(link for one in books for link in one["links"])):
            assert link["href"]
            assert link["type"]
        for one in books:
            assert {link["rel"] for link in one["links"]} == {ACQUISITION}
            assert one["images"][0]["type"] == "image/jpeg"


def test_a_series_and_the_position_in_it_are_in_the_epub_and_the_catalogue(library: Path):
    """`Ebbe, Teil 3` in a series is its third book, for calibre, EPUB 3 and OPDS 2.0."""
    with zipfile.ZipFile(library / "out/posts/ü.epub") as archive:
        package = archive.read("EPUB/content.opf").decode()
    assert '<meta name="calibre:series_index" content="3" />' in package
    assert re.search(r'property="group-position">3</meta>', package)
    feed = json.loads(library.joinpath("out/opds/new.json").read_bytes())
    series = {one["metadata"]["title"]: one["metadata"].get("belongsTo") for one in feed["publications"]}
    assert series["Deich, Teil 3"] == {"series": {"name": "Land", "position": 3}}
    assert series["Ebb & <flow>"] == {"series": {"name": "Sea"}}


@pytest.mark.parametrize(
    ("title", "position"),
    [
        *(("Letter #12: Frost", "12"), ("No. 7 — Thaw", "7"), ("Nr. 8: Tauwetter", "8"), ("Issue 9", "9")),
        *(("第3期 海边", "3"), ("第 14 回", "14"), ("Часть 2. Море", "2"), ("Parte 4: el mar", "4"), ("Nº 5", "5")),
        *(("Vol. 2.5", "2.5"), ("N° 6", "6"), ("Folge 11 — Ebbe", "11"), ("№ 3", "3"), ("numéro 10", "10")),
        *(("Top 10 birds", ""), ("2021", ""), ("Casino 5", ""), ("Apollo 13", ""), ("No 1,000 ships", "")),
        *(("A party of 3", ""), ("Partition 4", ""), ("第三期", ""), ("", ""), ("C# 12345", ""), ("1984", "")),
    ],
)
def test_only_announced_numbers_are_positions(title: str, position: str):
    """A number is a position only if a word or a sign for issues is before it."""
    assert position_in_series(title) == position


def test_books_are_newest_first_and_grouped(library: Path):
    """The feed of posts is newest first, undated ones last; each year, language and collection has a feed."""
    entries, _ = koreader_page(library / "out/opds/new.xml")
    names = [name for name, _ in entries]
    assert names == [
        "Ann - Tide (2022-01-02)",
        "Ann - Tide",
        "Ann - Ebb & <flow>",
        "Bo - Deich, Teil 3",
        "Collected posts - Sand",
    ]
    groups = {}
    for group in ("years", "languages", "collections"):
        root = etree.parse(library / f"out/opds/{group}.xml").getroot()
        groups[group] = [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]
    assert groups == {
        "years": ["2022", "2021", "2020"],
        "languages": ["Deutsch", "English"],
        "collections": ["Land", "Sea"],
    }
    collected = {name for name, _ in koreader_page(library / "out/opds/books.xml")[0]}
    assert collected == {"Collected posts - Collected posts", "Ann - Tides, 2021"}


def test_covers_are_small_and_in_proportion(library: Path):
    """Each book has a JPEG cover of 400 x 600 pixels."""
    covers = [*library.joinpath("out/opds/covers").rglob("*.jpg")]
    assert len(covers) == len(POSTS) + 2
    for file in covers:
        with Image.open(io.BytesIO(file.read_bytes())) as image:
            assert (image.format, image.size) == ("JPEG", (400, 600))


def test_clients_fetch_new_and_changed_books_only(library: Path):
    """A sync of KOReader fetches all books, then nothing, then the new one; a changed post has another `updated`.

    When the edits are undone, the catalogue is again that of the first run.
    """
    feed = library / "out/opds/new.xml"
    reader, known = KoReader(feed), {}
    assert len(reader.sync()) == len(changes(feed, known)) == len(POSTS)
    before = tree(library / "out")
    assert command("run", cwd=library).returncode == 0
    assert tree(library / "out") == before
    assert reader.sync() == changes(feed, known) == []
    write_post(library, "new.md", title="Moon", date="2022-05-01", author="Cy", series="Sea", text="The moon pulls.")
    write_post(library, "a.md", text="The water goes out, and the gulls come to eat the crabs.")
    assert command("run", cwd=library).returncode == 0
    assert reader.sync() == ["Cy - Moon"]
    assert len(changes(feed, known)) == 2
    assert {*tree(library / "out")} >= {"editions/Tides/2021.epub", "editions/Tides/2022.epub"}
    library.joinpath("raw", "new.md").unlink()
    write_post(library, "a.md")
    library.joinpath("out/opds/years.xml").write_text("edited", "utf-8")
    library.joinpath("out/opds/covers/posts/a.jpg").unlink()
    assert command("run", cwd=library).returncode == 0
    assert tree(library / "out") == before


def test_the_catalogue_can_be_turned_off(library: Path):
    """Without it, out/opds/ is removed; `--check` foretells that it comes back, and writes nothing."""
    settings = library / "pipeline.toml"
    settings.write_text(f"opds = false\n{SETTINGS}", "utf-8")
    assert command("run", cwd=library).returncode == 0
    assert not library.joinpath("out", "opds").exists()
    settings.write_text(SETTINGS, "utf-8")
    assert command("run", "--check", cwd=library).returncode == 1
    assert not library.joinpath("out", "opds").exists()
    assert command("run", cwd=library).returncode == 0
    assert library.joinpath("out", "opds", "catalog.xml").exists()


def entry(number: int, **other: str) -> CatalogueEntry:
    """Return an entry of a post that was written a day after the one before it."""
    date = dt.date(2001, 1, 1) + dt.timedelta(days=number)
    name = f"posts/{number:05}"
    given = {"date": str(date), "language": "en", "site": f"s{number % 7}.org", "title": f"Post {number}", **other}
    return CatalogueEntry(name, f"{number:012x}", f"urn:uuid:{number}", files=(f"{name}.epub",), **given)


def pages_by_name(number: int) -> dict[str, FeedPage]:
    return {page.name: page for page in catalogue_pages("Library", map(entry, range(number)))}


def test_headings_are_in_the_language_of_the_archive():
    """The catalogue of an archive has headings in its language, as its books have; every language has all of them."""
    pages = {page.name: page for page in catalogue_pages("文集", map(entry, range(2)), "zh-Hans")}
    assert [link.title for link in pages["catalog"].links][:1] == ["最新"]
    assert {link.summary for link in pages["catalog"].links} == {"图书: 2"}
    assert pages["years"].title == "文集: 按年份"
    languages = tomllib.loads((ROOT / "pipeline/books/phrases.toml").read_text("utf-8"))
    headings = {"newest", "books", *(heading for _, heading in GROUPS)}
    assert [language for language, phrases in languages.items() if headings - phrases.keys()] == []


def test_pages_are_bounded_and_a_new_post_changes_few():
    """No page grows without bound; a walk from the first page reads each book once, newest first."""
    before, after = pages_by_name(3000), pages_by_name(3001)
    assert max(len(page.books) for page in before.values()) <= 1.5 * MOST_ON_PAGE
    walked, page = [], before["new"]
    while page:
        walked += page.books
        page = before.get(page.next)
    assert walked == sorted(map(entry, range(3000)), key=lambda one: one.updated, reverse=True)
    changed = [name for name, page in after.items() if before.get(name) != page]
    assert len(changed) <= 16, changed  # the root, three groups, and the first pages of four feeds, perhaps divided


def test_no_two_books_share_the_name_that_an_e_reader_gives_them():
    """Twenty posts with one title, or with titles that differ in characters that file names cannot have."""
    titles = ["Week", "week", "We:ek", "We?ek", "We/ek", "周报", "周报", "", "Ünder", "ünder"] * 2
    given = [entry(at % 5, title=title)._replace(name=f"posts/{at}") for at, title in enumerate(titles)]
    (page,) = [page for page in catalogue_pages("Library", given) if page.name == "new"]
    names = [book.title.casefold().translate(str.maketrans('\\/:*?"<>|', "_" * 9)) for book in page.books]
    assert len({*names}) == len(titles)
    assert {"Week", "周报"} <= {book.title for book in page.books}
