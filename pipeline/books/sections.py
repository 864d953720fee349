"""Book -> its sections in order: chapters with bylines, notes and internal links; works cited; colophon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.books.back_matter import ChapterCitation, colophon, english, tool_versions, works_cited
from pipeline.books.book import Book, Chapter
from pipeline.books.chapter.notes import blocks_of_note
from pipeline.books.dates import date_in_words
from pipeline.books.html.anchors import is_anchor
from pipeline.books.links import NumberedPlaces, comparison_key, link_targets
from pipeline.books.pandoc_ast import (
    Node,
    all_nodes,
    ast_plain_text,
    div,
    left_to_right,
    link_or_text,
    para,
    text_nodes,
)
from pipeline.books.phrases import phrase
from pipeline.books.series_titles import NO_SERIES, SeriesTitle, series_titles
from pipeline.urls.canonical import canonical_url, page_url

MOST_BLOCKS_BEFORE_SOURCE = 3  # blocks of a post before the line that names its source, such as a byline
MOST_LABEL_CHARACTERS = 24  # before the URL in that line: "原文：", "Originally published at "


@dataclass(frozen=True, slots=True)
class BookSection:
    """A part of a book that starts on a new page: a chapter, or a part of the back matter."""

    label: str  # its identifier in the book, such as "chapter-1"
    title: str
    language: str  # BCP 47
    blocks: list[Node]
    kind: str = ""  # its EPUB semantic type (epub:type); empty for a chapter
    parts: SeriesTitle = NO_SERIES  # the title in its parts
    date: str = ""  # of the chapter, ISO 8601
    authors: tuple[str, ...] = ()  # of the chapter


def sections_of(book: Book) -> list[BookSection]:
    """Return the sections of a book. A book of several posts ends with works cited and a colophon.

    Links to another chapter, to its source URL, and to a place in a chapter become internal links.
    """
    several = len(book.chapters) > 1
    places = [NumberedPlaces(f"chapter-{at + 1}") for at in range(len(book.chapters))]
    bodies = [_chapter_parts(chapter, one) for chapter, one in zip(book.chapters, places, strict=True)]
    targets = link_targets(book.chapters, places)
    titles = series_titles([chapter.title for chapter in book.chapters])
    made: list[BookSection] = []
    citing: list[ChapterCitation] = []
    for chapter, body, one, title in zip(book.chapters, bodies, places, titles, strict=True):
        notes = [*_chapter_notes(chapter), *([] if several else [tool_versions(chapter.language)])]
        ending = [div("colophon", notes)] if notes else []
        blocks = [*targets.resolved(body, chapter, one), *ending]
        made.append(
            BookSection(
                one.label,
                chapter.title,
                chapter.language,
                blocks,
                parts=title,
                date=chapter.date,
                authors=chapter.authors,
            )
        )
        citing += [ChapterCitation(chapter.title, work, one.target_of(work.cited[0].heading)) for work in chapter.works]
    if several:
        made += _back_matter_sections(book, citing)
    return made


def _back_matter_sections(book: Book, citing: list[ChapterCitation]) -> Iterator[BookSection]:
    if citing:
        title = phrase("works-cited", book.language)
        completions = {one.key: one for one in book.completions}
        yield BookSection("works-cited", title, book.language, works_cited(citing, completions), "bibliography")
    works = len({citation.work.key for citation in citing})
    title = phrase("colophon", book.language)
    yield BookSection("colophon", title, book.language, colophon(book, works), "colophon")


def _chapter_parts(chapter: Chapter, places: NumberedPlaces) -> list[Node]:
    """Return the blocks of a chapter: subtitle, byline (kicker, authors, date), source, the post's blocks.

    Headings and anchors of the post are numbered.

    Headings of the post that repeat its title, kicker or subtitle are removed. The source is the post's own line about
    it, if the post begins with one.
    """
    body, notes = chapter.blocks, []
    at = next((at for at, block in enumerate(body) if not _is_only_anchors(block)), 0)
    if body and body[at]["t"] == "Header" and _repeats_title(ast_plain_text(body[at]["c"][2]), chapter.title):
        places.add_title(body[at])
        notes = [block for node in all_nodes(body[at]) if node["t"] == "Note" for block in blocks_of_note(node)]
        body = body[:at] + body[at + 1 :]
    kicker, body = _heading_extracted(body, chapter.kicker, places)
    subtitle, body = _heading_extracted(body, chapter.subtitle, places)
    parts = [part for part in (kicker, text_nodes(", ".join(chapter.authors)), _date_nodes(chapter)) if part]
    byline = [node for part in parts for node in (*text_nodes(" · "), *part)][3:]
    source, body = _source_line_extracted(body, chapter.source_url)
    lines = (("subtitle", subtitle), ("byline", byline), ("source-line", source))
    head = [div(name, [para(*line)]) for name, line in lines if line]
    head += [div("source-line", notes)] if notes else []  # the title is plain text, in which a note has no number
    head = [div("opening", head)] if head else []
    return [*head, *places.numbered(body)]


def _is_only_anchors(block: Node) -> bool:
    """Return whether a block shows nothing: `<div id="a">` before the title leaves an anchor."""
    return block["t"] == "Plain" and all(map(is_anchor, block["c"]))


def _repeats_title(heading: str, title: str) -> bool:
    """Return whether a heading is the title. A formula in a title has its dollar signs, one in a heading has none.

    >>> _repeats_title("The x^2 rule", "The $x^2$ rule"), _repeats_title("1", "2")
    (True, False)
    """
    return heading.split() == title.split() or ("$" in title and comparison_key(heading) == comparison_key(title))


def _date_nodes(chapter: Chapter) -> list[Node]:
    """Return the date of a chapter in words; one that stays in digits is marked as left-to-right."""
    words = date_in_words(chapter.date, chapter.language)
    return [left_to_right(words)] if words and words == chapter.date else text_nodes(words)


def _heading_extracted(blocks: list[Node], text: str, places: NumberedPlaces) -> tuple[list[Node], list[Node]]:
    """Return the inline nodes of the first heading with this text, and the blocks without it."""
    for at, block in enumerate(blocks):
        if text and block["t"] == "Header" and comparison_key(ast_plain_text(block["c"][2])) == comparison_key(text):
            places.add_title(block)
            return block["c"][2], blocks[:at] + blocks[at + 1 :]
    return [], blocks


def _source_line_extracted(blocks: list[Node], source_url: str) -> tuple[list[Node], list[Node]]:
    """Return the line that names the source of a post, and the blocks without it.

    It is one of the first blocks, such as `> Source: https://example.com/a`. If there is none, the line is the URL.
    """
    if not source_url:
        return [], blocks
    for at, block in enumerate(blocks[:MOST_BLOCKS_BEFORE_SOURCE]):
        inner = block["c"] if block["t"] == "BlockQuote" else [block]
        if len(inner) == 1 and inner[0]["t"] in {"Para", "Plain"} and _names_source(inner[0]["c"], source_url):
            return inner[0]["c"], blocks[:at] + blocks[at + 1 :]
    return [link_or_text(source_url, source_url)], blocks


def _names_source(inlines: list[Node], source_url: str) -> bool:
    """Return whether a line is a link to `source_url`, whose words are the URL, after at most a label."""
    links = [node for node in inlines if node["t"] == "Link"]
    words = ast_plain_text([node for node in inlines if node["t"] != "Link"])
    urls = [canonical_url(text) for node in links for text in (node["c"][2][0], ast_plain_text(node["c"][1]))]
    return bool(urls) and {*map(page_url, urls)} == {page_url(source_url)} and len(words) <= MOST_LABEL_CHARACTERS


def _chapter_notes(chapter: Chapter) -> Iterator[Node]:
    """Yield the notes at the end of a chapter: its omitted words, its repairs."""
    if chapter.omitted_words:
        excerpts = "; ".join(f"“{excerpt}”" for excerpt in chapter.omitted)
        yield english(para(*text_nodes(f"Words of the post that are not shown: {chapter.omitted_words}: {excerpts}")))
    if chapter.repaired != "nothing":
        yield english(para(*text_nodes(f"Lacuna: {chapter.repaired}")))
