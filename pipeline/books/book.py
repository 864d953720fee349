"""Documents -> chapters (`chapters_of`); chapters, a title and a style -> a `Book`, which the writers take."""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import NamedTuple

from pipeline.books.chapter.languages import with_languages
from pipeline.books.chapter.link_cards import with_link_cards
from pipeline.books.chapter.notes import with_separated_notes
from pipeline.books.chapter.page_limits import with_clusters_limited
from pipeline.books.chapter.sanitize import SanitizeContext, SanitizedAst, sanitized_asts
from pipeline.books.chapter.site_marks import without_site_marks
from pipeline.books.chapter.visible_words import ast_visible_text, missing_words, post_visible_text
from pipeline.books.dates import iso_date_or_empty
from pipeline.books.images.figures import without_images
from pipeline.books.images.pictures import DEFAULT_PICTURE_OPTIONS, MAX_TOGETHER, PictureOptions
from pipeline.books.maths.text_with_marks import TextWithMarks, text_with_marks, visible_text_of
from pipeline.books.pandoc_ast import Node, all_printable, holds_unprintable, printable, safe_url
from pipeline.citations.cited_works import Work, works_of
from pipeline.citations.completion import Completion
from pipeline.citations.post_index import PostTarget, target_key
from pipeline.document import Document, FrontValue, SkipDocument
from pipeline.markdown.note_links import note_links_as_commonmark
from pipeline.markdown.pandoc import EARLIEST_ZIP_TIME
from pipeline.markdown.site_tags import site_tags_as_commonmark
from pipeline.read.picture_paths import PictureFinder
from pipeline.read.pictures import saved_from
from pipeline.records.clean_file import repairs_in_words
from pipeline.settings import Settings
from pipeline.steps.figures import captions_of
from pipeline.urls.canonical import canonical_url

VERSION = 17  # increase it when the bytes of a book change
RIGHTS_FIELDS = ("license", "licence", "rights", "copyright")  # of the front matter, the likeliest first
TAG_FIELDS = ("tags", "categories", "keywords")  # the front matter fields that static site generators read
UUID_NAMESPACE = uuid.UUID("5d0f7c3e-0b52-4a6c-9a43-6a2f5c0f4a11")  # random, of Lacuna's own


@dataclass(frozen=True, slots=True)
class Chapter:
    """A post in a book: its metadata, its sanitized blocks, and what they omit."""

    title: str
    authors: tuple[str, ...]
    language: str  # BCP 47; empty if unknown
    date: str  # ISO 8601: year, year-month or full date; empty if unknown
    source_url: str
    repaired: str  # summary of the repairs in one line; "nothing" if there are none
    blocks: list[Node]
    tags: tuple[str, ...] = ()  # from the front matter, including categories and keywords
    series: str = ""
    works: tuple[Work, ...] = ()  # that the post cites
    kicker: str = ""
    subtitle: str = ""
    rights: str = ""  # licence or copyright, from the front matter
    pictures: dict[str, bytes] = field(default_factory=dict)  # file name -> bytes, of the images in the blocks
    left_out: int = 0  # pictures omitted because of the size limit
    omitted_words: int = 0  # words of the post that the blocks do not show
    omitted: tuple[str, ...] = ()  # excerpts of the first omitted words
    path: str = ""  # of the post below raw/; links of other posts name it


@dataclass(frozen=True, slots=True)
class BookStyle:
    """The style of a book: page size, writing mode, cover colour, picture options."""

    page: str = "a5"  # of the PDF: a key of `pages` in templates/book.typ
    sides: str = "two"  # of a PDF of several posts: two, two-recto (chapters begin on right pages), one
    fonts: str = "embed"  # in the EPUB, or "none"
    vertical: bool = False  # EPUB lines run from top to bottom
    cover: str = ""  # CSS colour, #rrggbb; empty: one of the palette, chosen by series, title or host
    pictures: PictureOptions = DEFAULT_PICTURE_OPTIONS


def style_of_settings(settings: Settings) -> BookStyle:
    """Return the style that the settings ask for."""
    pictures = PictureOptions(settings.image_width, settings.grey)
    return BookStyle(settings.page, settings.sides, settings.fonts, settings.vertical, pictures=pictures)


@dataclass(frozen=True, slots=True)
class Book:
    """One book: title, main language, identifier (a URN that stays the same), chapters in order, style."""

    title: str
    language: str
    identifier: str
    chapters: tuple[Chapter, ...]
    style: BookStyle = BookStyle()
    completions: tuple[Completion, ...] = ()  # of cited works without a title

    @property
    def pictures(self) -> dict[str, bytes]:
        """Return the pictures of all chapters, file name -> bytes. A name is a hash of the bytes."""
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
        """Return the start of that date in Unix seconds. It is every timestamp in the book's files."""
        year, month, day = [*map(int, self.date.split("-")), 1, 1][:3] if self.date else (1980, 1, 1)
        return max(EARLIEST_ZIP_TIME, int(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp()))


def identifier(name: str) -> str:
    """Return the identifier of the book called `name`, always the same: a UUID version 5 (RFC 9562), as a URN.

    >>> identifier("a.md")
    'urn:uuid:1f1eb9c2-16b2-5407-b718-6e8540ea2a14'
    """
    return f"urn:uuid:{uuid.uuid5(UUID_NAMESPACE, name)}"


def within_format_limits(book: Book) -> Book:
    """Return a book within the limits of every format.

    Characters that XML forbids become U+FFFD. A title without a visible character becomes the date. Pictures beyond
    `MAX_TOGETHER` bytes become missing-image boxes.
    """
    room, kept = MAX_TOGETHER, set()
    for name, data in book.pictures.items():
        if len(data) <= room:
            room -= len(data)
            kept.add(name)
    chapters = tuple(_chapter_without_pictures(chapter, {*chapter.pictures} - kept) for chapter in book.chapters)
    named = tuple(replace(one, title=_visible_title(one.title, one.date)) for one in map(_printable_chapter, chapters))
    return replace(book, title=_visible_title(printable(book.title), book.date), chapters=named)


def _visible_title(title: str, date: str) -> str:
    """Return a title; if it has no visible character, the date or a dash: contents and PDF/UA-1 need some text.

    >>> _visible_title("A title", ""), _visible_title("\u200b", "2021"), _visible_title("", "")
    ('A title', '2021', '—')
    """
    return title if any(unicodedata.category(char)[0] not in "CZ" for char in title) else date or "\N{EM DASH}"


def _chapter_without_pictures(chapter: Chapter, names: set[str]) -> Chapter:
    """Return a chapter whose pictures called `names` are replaced by missing-image boxes."""
    if not names:
        return chapter
    pictures = {name: data for name, data in chapter.pictures.items() if name not in names}
    return replace(chapter, blocks=without_images(chapter.blocks, names, chapter.language), pictures=pictures)


def _printable_chapter(chapter: Chapter) -> Chapter:
    """Return a chapter with `printable` applied to every string in it."""
    if not holds_unprintable([getattr(chapter, one.name) for one in fields(chapter) if one.name != "pictures"]):
        return chapter
    return replace(chapter, **{one.name: all_printable(getattr(chapter, one.name)) for one in fields(chapter)})


class ChapterSource(NamedTuple):
    """A document to make a chapter of."""

    document: Document
    root: Path  # of the archive, which its images must be in
    posts: tuple[PostTarget, ...] = ()  # its links that lead to other posts
    fetched: Path | None = None  # folder of the images that were fetched from the web


def chapters_of(
    sources: Sequence[ChapterSource | tuple[Document, Path]], pictures: PictureOptions = DEFAULT_PICTURE_OPTIONS
) -> list[Chapter | SkipDocument]:
    """Return each document as a chapter, or as SkipDocument where pandoc fails on it."""
    given = [ChapterSource(*source) for source in sources]
    contexts = [_sanitize_context(source, pictures) for source in given]
    texts = [_text_as_commonmark(source.document, context) for source, context in zip(given, contexts, strict=True)]
    trees = sanitized_asts([*zip(texts, contexts, strict=True)])
    return [
        tree if isinstance(tree, SkipDocument) else _chapter_of(source.document, text, context.source_url, tree)
        for source, text, context, tree in zip(given, texts, contexts, trees, strict=True)
    ]


def _sanitize_context(source: ChapterSource, pictures: PictureOptions) -> SanitizeContext:
    document = source.document
    return SanitizeContext(
        PictureFinder(source.root, source.fetched),
        document.path,
        safe_url(canonical_url(document.meta.source_url)),
        document.meta.language,
        pictures,
        captions_of(document.meta),
        {target.key: target for target in source.posts},
        saved_from(document),
    )


def _text_as_commonmark(document: Document, context: SanitizeContext) -> TextWithMarks:
    """Return the text of a document for pandoc."""
    marked = text_with_marks(document.text)
    text = site_tags_as_commonmark(marked.text)
    return marked._replace(text=note_links_as_commonmark(text, lambda page: target_key(f"[[{page}]]") in context.posts))


def _chapter_of(document: Document, marked: TextWithMarks, source_url: str, tree: SanitizedAst) -> Chapter:
    """Return a document as a chapter; `marked` is its text for pandoc."""
    meta, extra = document.meta, dict(document.meta.extra)
    missing = missing_words(visible_text_of(post_visible_text(marked.text), marked), ast_visible_text(tree.blocks))
    return Chapter(
        title=with_clusters_limited(meta.title),
        authors=tuple(map(with_clusters_limited, meta.authors)),
        language=meta.language,
        date=iso_date_or_empty(meta.date),
        source_url=source_url,
        repaired=repairs_in_words(document),
        blocks=with_languages(with_link_cards(with_separated_notes(without_site_marks(tree.blocks))), meta.language),
        tags=tuple(tag for field in TAG_FIELDS for tag in _listed_values(extra.get(field))),
        series=", ".join(_listed_values(extra.get("series"))),
        rights=next((value for field in RIGHTS_FIELDS if (value := ", ".join(_listed_values(extra.get(field))))), ""),
        works=tuple(works_of(document)),
        kicker=with_clusters_limited(meta.kicker),
        subtitle=with_clusters_limited(meta.subtitle),
        pictures=tree.pictures,
        left_out=tree.left_out,
        path=str(document.path),
        omitted_words=missing.words,
        omitted=missing.excerpts,
    )


def _listed_values(value: FrontValue) -> list[str]:
    """Return the values of a front matter field: list items, or words separated by commas.

    >>> _listed_values("sea, sky"), _listed_values(["sea", 2021]), _listed_values(None)
    (['sea', 'sky'], ['sea', '2021'], [])
    """
    items = value if isinstance(value, list) else str(value or "").split(",")
    return [str(item).strip() for item in items if str(item).strip()]
