"""Documents -> a book: what it is of, and how it looks."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from pipeline.books.figures import without
from pipeline.books.images import MAX_TOGETHER, USUAL, Pictures
from pipeline.books.page_limits import unjoined
from pipeline.books.pandoc_ast import Node, all_printable, holds_unprintable, printable, safe_address
from pipeline.books.sanitize import Place, Tree, read_trees
from pipeline.books.visible_words import missing_words, shown, words_of
from pipeline.citations.cited_works import Work, works_of
from pipeline.document import Document, FrontValue, SkipDocument
from pipeline.markdown.pandoc import EARLIEST
from pipeline.records.clean_file import repaired
from pipeline.settings import Settings
from pipeline.steps.figures import captions_of
from pipeline.urls.canonical import canonical

VERSION = 6  # raise it when the bytes of an edition change
TAGS = ("tags", "categories", "keywords")  # the fields of front matter that static site generators read
NAMESPACE = uuid.UUID("5d0f7c3e-0b52-4a6c-9a43-6a2f5c0f4a11")  # ours


@dataclass(frozen=True, slots=True)
class Chapter:
    """A post as a book holds it: what the title page says of it, and its vetted blocks."""

    title: str
    authors: tuple[str, ...]
    language: str  # BCP 47; empty if unknown
    date: str  # ISO 8601, as exact as known
    source_url: str
    repaired: str  # in one line
    blocks: list[Node]
    tags: tuple[str, ...] = ()  # of the front matter, its categories and keywords among them
    series: str = ""
    works: tuple[Work, ...] = ()  # that it cites
    kicker: str = ""
    subtitle: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)  # those in the blocks, by name
    left_out: int = 0  # pictures that there is no room for
    omitted_words: int = 0  # of the post that the blocks do not show
    omitted: tuple[str, ...] = ()  # the first of them, as they follow each other


@dataclass(frozen=True, slots=True)
class Look:
    """How an edition looks: the PDF's page, the EPUB's lines, the colour of its cover (#rrggbb), the pictures."""

    page: str = "a5"  # a key of `pages` in templates/book.typ
    vertical: bool = False
    cover: str = "#2f4858"
    pictures: Pictures = USUAL


def look_of(settings: Settings) -> Look:
    """Return how the settings want editions to look."""
    return Look(settings.page, settings.vertical, pictures=Pictures(settings.image_width, settings.grey))


@dataclass(frozen=True, slots=True)
class Book:
    """One edition: its title, main language, lasting identifier (a URN), chapters in order, and its look."""

    title: str
    language: str
    identifier: str
    chapters: tuple[Chapter, ...]
    look: Look = Look()

    @property
    def pictures(self) -> dict[str, bytes]:
        """Return the pictures of all chapters by name, each once: its name is that of its content."""
        return {name: data for chapter in self.chapters for name, data in chapter.pictures.items()}

    @property
    def authors(self) -> list[str]:
        """Return the authors of all chapters, each once, in order."""
        return list(dict.fromkeys(author for chapter in self.chapters for author in chapter.authors))

    @property
    def date(self) -> str:
        """Return the date of the newest chapter; empty if none is known."""
        return max(chapter.date for chapter in self.chapters)

    @property
    def epoch(self) -> int:
        """Return the first moment of that date in Unix seconds: the only clock that a book knows."""
        year, month, day = [*map(int, self.date.split("-")), 1, 1][:3] if self.date else (1980, 1, 1)
        return max(EARLIEST, int(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp()))


def identifier(name: str) -> str:
    """Return the lasting identifier of the edition called `name`: an RFC 9562 UUID of version 5, as a URN."""
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, name)}"


def writable(book: Book) -> Book:
    """Return a book that every format can hold: no character that XML forbids, no more pictures than MAX_TOGETHER."""
    room, kept = MAX_TOGETHER, set()
    for name, data in book.pictures.items():
        if len(data) <= room:
            room -= len(data)
            kept.add(name)
    chapters = tuple(_without_pictures(chapter, {*chapter.pictures} - kept) for chapter in book.chapters)
    return replace(book, title=printable(book.title), chapters=tuple(map(_printable, chapters)))


def _without_pictures(chapter: Chapter, names: set[str]) -> Chapter:
    """Return a chapter with boxes in the place of some of its pictures."""
    if not names:
        return chapter
    pictures = {name: data for name, data in chapter.pictures.items() if name not in names}
    return replace(chapter, blocks=without(chapter.blocks, names, chapter.language), pictures=pictures)


def _printable(chapter: Chapter) -> Chapter:
    """Return a chapter, each string in it as `printable` has it."""
    if not holds_unprintable([getattr(chapter, one.name) for one in fields(chapter) if one.name != "pictures"]):
        return chapter
    return replace(chapter, **{one.name: all_printable(getattr(chapter, one.name)) for one in fields(chapter)})


def chapters_of(documents: Sequence[tuple[Document, Path]], pictures: Pictures = USUAL) -> list[Chapter | SkipDocument]:
    """Return documents, each archived below the folder beside it, as chapters; SkipDocument where pandoc gives up on one."""
    sources = [safe_address(canonical(document.meta.source_url)) for document, _ in documents]
    places = [
        Place(root, root / document.path.parent, source, document.meta.language, pictures, captions_of(document.meta))
        for (document, root), source in zip(documents, sources, strict=True)
    ]
    trees = read_trees([(document.text, place) for (document, _), place in zip(documents, places, strict=True)])
    return [
        tree if isinstance(tree, SkipDocument) else _chapter(document, place.source_url, tree)
        for (document, _), place, tree in zip(documents, places, trees, strict=True)
    ]


def _chapter(document: Document, source_url: str, tree: Tree) -> Chapter:
    meta = document.meta
    found = dict(meta.extra)
    missing = missing_words(shown(document.text), words_of(tree.blocks))
    return Chapter(
        title=unjoined(meta.title),
        authors=tuple(map(unjoined, meta.authors)),
        language=meta.language,
        date=_date(meta.date),
        source_url=source_url,
        repaired=repaired(document),
        blocks=tree.blocks,
        tags=tuple(tag for field in TAGS for tag in _words(found.get(field))),
        series=", ".join(_words(found.get("series"))),
        works=tuple(works_of(document)),
        kicker=unjoined(meta.kicker),
        subtitle=unjoined(meta.subtitle),
        pictures=tree.pictures,
        left_out=tree.left_out,
        omitted_words=missing.words,
        omitted=missing.excerpts,
    )


def _date(written: str) -> str:
    """Return a date as ISO 8601 writes it, as exact as known; empty if it is none, or no day of the calendar."""
    if not re.fullmatch(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?", written):
        return ""
    try:
        dt.date.fromisoformat(f"{written}-01-01"[:10])
    except ValueError:
        return ""
    return written


def _words(value: FrontValue) -> list[str]:
    """Return what a field of front matter lists: items, or words between commas."""
    items = value if isinstance(value, list) else str(value or "").split(",")
    return [str(item).strip() for item in items if str(item).strip()]
