"""Book -> its sections in order: chapters with bylines, notes and internal links; works cited; colophon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.books.back_matter import ChapterCitation, colophon, english, tool_versions, works_cited
from pipeline.books.book import Book, Chapter
from pipeline.books.links import NumberedPlaces, comparison_key, link_targets
from pipeline.books.pandoc_ast import Node, ast_plain_text, div, link_or_text, para, text_nodes
from pipeline.books.phrases import phrase


@dataclass(frozen=True, slots=True)
class BookSection:
    """A part of a book that starts on a new page: a chapter, or a part of the back matter."""

    label: str  # its identifier in the book, such as "chapter-1"
    title: str
    language: str  # BCP 47
    blocks: list[Node]
    kind: str = ""  # its EPUB semantic type (epub:type); empty for a chapter


def sections_of(book: Book) -> list[BookSection]:
    """Return the sections of a book. A book of several posts ends with works cited and a colophon.

    Links to another chapter, to its source URL, and to a place in a chapter become internal links.
    """
    several = len(book.chapters) > 1
    places = [NumberedPlaces(f"chapter-{at + 1}") for at in range(len(book.chapters))]
    bodies = [_chapter_parts(chapter, one) for chapter, one in zip(book.chapters, places, strict=True)]
    targets = link_targets(book.chapters, places)
    made: list[BookSection] = []
    citing: list[ChapterCitation] = []
    for chapter, body, one in zip(book.chapters, bodies, places, strict=True):
        notes = [*_chapter_notes(chapter), *([] if several else [english(tool_versions())])]
        ending = [div("colophon", notes)] if notes else []
        blocks = [*targets.resolved(body, chapter, one), *ending]
        made.append(BookSection(one.label, chapter.title, chapter.language, blocks))
        citing += [ChapterCitation(chapter.title, work, one.target_of(work.cited[0].heading)) for work in chapter.works]
    if several:
        made += _back_matter_sections(book, citing)
    return made


def _back_matter_sections(book: Book, citing: list[ChapterCitation]) -> Iterator[BookSection]:
    if citing:
        title = phrase("works-cited", book.language)
        yield BookSection("works-cited", title, book.language, works_cited(citing), "bibliography")
    works = len({citation.work.key for citation in citing})
    yield BookSection("colophon", phrase("colophon", book.language), book.language, colophon(book, works), "colophon")


def _chapter_parts(chapter: Chapter, places: NumberedPlaces) -> list[Node]:
    """Return the blocks of a chapter: subtitle, byline (kicker, authors, date), the post's blocks with places numbered.

    Headings of the post that repeat its title, kicker or subtitle are removed.
    """
    body = chapter.blocks
    if body and body[0]["t"] == "Header" and ast_plain_text(body[0]["c"][2]).split() == chapter.title.split():
        places.add_title(body[0])
        body = body[1:]
    kicker, body = _heading_extracted(body, chapter.kicker, places)
    subtitle, body = _heading_extracted(body, chapter.subtitle, places)
    parts = [part for part in (kicker, text_nodes(", ".join(chapter.authors)), text_nodes(chapter.date)) if part]
    byline = [node for part in parts for node in (*text_nodes(" · "), *part)][3:]
    head = [div(name, [para(*line)]) for name, line in (("subtitle", subtitle), ("byline", byline)) if line]
    return [*head, *places.numbered(body)]


def _heading_extracted(blocks: list[Node], text: str, places: NumberedPlaces) -> tuple[list[Node], list[Node]]:
    """Return the inline nodes of the first heading with this text, and the blocks without it."""
    for at, block in enumerate(blocks):
        if text and block["t"] == "Header" and comparison_key(ast_plain_text(block["c"][2])) == comparison_key(text):
            places.add_title(block)
            return block["c"][2], blocks[:at] + blocks[at + 1 :]
    return [], blocks


def _chapter_notes(chapter: Chapter) -> Iterator[Node]:
    """Yield the notes at the end of a chapter: its source URL, its omitted words, its repairs."""
    if chapter.source_url:
        yield para(*text_nodes("↗ "), link_or_text(chapter.source_url, chapter.source_url))
    if chapter.omitted_words:
        excerpts = "; ".join(f"“{excerpt}”" for excerpt in chapter.omitted)
        yield english(para(*text_nodes(f"Words of the post that are not shown: {chapter.omitted_words}: {excerpts}")))
    if chapter.repaired != "nothing":
        yield english(para(*text_nodes(f"Lacuna: {chapter.repaired}")))
