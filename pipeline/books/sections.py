"""Book -> its sections in order: chapters with bylines, notes and internal links; works cited; colophon."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from pipeline.books.back_matter import ChapterCitation, colophon, english, tool_versions, works_cited
from pipeline.books.book import Book, Chapter
from pipeline.books.pandoc_ast import (
    Node,
    all_nodes,
    ast_plain_text,
    div,
    link_or_text,
    para,
    text_nodes,
    with_link_targets,
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

    Links to the source URL of another chapter, and to a heading of the same post, become internal links.
    """
    posts: dict[str, str] = {}  # source URL -> link target of its chapter
    for at, chapter in enumerate(book.chapters):
        if chapter.source_url:
            posts.setdefault(page_url(chapter.source_url), f"#chapter-{at + 1}")
    several = len(book.chapters) > 1
    titles = series_titles([chapter.title for chapter in book.chapters])
    made: list[BookSection] = []
    citing: list[ChapterCitation] = []
    for at, chapter in enumerate(book.chapters):
        headings = _NumberedHeadings(f"chapter-{at + 1}")
        notes = [*_chapter_notes(chapter), *([] if several else [tool_versions(chapter.language)])]
        section = _chapter_section(chapter, headings, posts, notes)
        made.append(replace(section, parts=titles[at], date=chapter.date, authors=chapter.authors))
        citing += [
            ChapterCitation(chapter.title, work, headings.target_of(work.cited[0].heading)) for work in chapter.works
        ]
    if several:
        made += _back_matter_sections(book, citing)
    return made


def _back_matter_sections(book: Book, citing: list[ChapterCitation]) -> Iterator[BookSection]:
    if citing:
        title = phrase("works-cited", book.language)
        yield BookSection("works-cited", title, book.language, works_cited(citing), "bibliography")
    works = len({citation.work.key for citation in citing})
    title = phrase("colophon", book.language)
    yield BookSection("colophon", title, book.language, colophon(book, works), "colophon")


def _chapter_section(
    chapter: Chapter, headings: _NumberedHeadings, posts: dict[str, str], notes: list[Node]
) -> BookSection:
    """Return a chapter as a section: subtitle, byline (kicker, authors, date), source, the post's blocks, notes.

    Headings of the post that repeat its title, kicker or subtitle are removed. The source is the post's own line about
    it, if the post begins with one.
    """
    body = chapter.blocks
    if body and body[0]["t"] == "Header" and ast_plain_text(body[0]["c"][2]).split() == chapter.title.split():
        body = body[1:]
    kicker, body = _heading_extracted(body, chapter.kicker)
    subtitle, body = _heading_extracted(body, chapter.subtitle)
    parts = [part for part in (kicker, text_nodes(", ".join(chapter.authors)), text_nodes(chapter.date)) if part]
    byline = [node for part in parts for node in (*text_nodes(" · "), *part)][3:]
    source, body = _source_line_extracted(body, chapter.source_url)
    lines = (("subtitle", subtitle), ("byline", byline), ("source-line", source))
    head = [div(name, [para(*line)]) for name, line in lines if line]
    head = [div("opening", head)] if head else []
    body = headings.numbered(body)

    def target(url: str) -> str:
        if url.startswith("#"):
            return headings.targets.get(unquote(url[1:]), "")
        post = page_url(canonical_url(url))
        return canonical_url(url) if post == page_url(chapter.source_url) else posts.get(post, url)

    ending = [div("colophon", notes)] if notes else []
    return BookSection(
        headings.label, chapter.title, chapter.language, [*with_link_targets([*head, *body], target), *ending]
    )


def _heading_extracted(blocks: list[Node], text: str) -> tuple[list[Node], list[Node]]:
    """Return the inline nodes of the first heading with this text, and the blocks without it."""
    for at, block in enumerate(blocks):
        if text and block["t"] == "Header" and _comparison_key(ast_plain_text(block["c"][2])) == _comparison_key(text):
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


@dataclass(slots=True)
class _NumberedHeadings:
    """Numbers the headings of a chapter, and records the link target of each."""

    label: str  # of the chapter
    targets: dict[str, str] = field(default_factory=dict)  # identifier in the post -> link target in the book
    by_text: dict[str, str] = field(default_factory=dict)  # text of a heading -> link target

    def target_of(self, heading: str) -> str:
        """Return the link target of the heading with this text, or of the chapter if there is none."""
        text = _comparison_key(heading)
        return self.by_text.get(text, f"#{self.label}") if text else f"#{self.label}"

    def numbered(self, part: Any, outer: list[int] | None = None) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of an AST with headings at any depth numbered, from level 2, without skipped levels (PDF/UA-1).

        `outer` has the levels of the enclosing headings.
        """
        outer = [] if outer is None else outer
        if isinstance(part, list):
            return [self.numbered(item, outer) for item in part if not _is_empty_heading(item)]
        if not isinstance(part, dict) or "c" not in part:
            return part
        if part["t"] != "Header":
            return part | {"c": self.numbered(part["c"], outer)}
        level, (written, *_), text = part["c"]
        if not _has_words(text):
            self.targets.setdefault(written, f"#{self.label}")
            return para(*text)
        while outer and outer[-1] >= level:
            outer.pop()
        outer.append(level)
        name = f"{self.label}-{len(self.targets) + 1}"
        first = written and written not in self.targets
        self.targets[written if first else f"#{name}"] = f"#{name}"  # an identifier has no #, so this key is unique
        self.by_text.setdefault(_comparison_key(ast_plain_text(text)), f"#{name}")
        return {"t": "Header", "c": [min(len(outer) + 1, 6), [name, [], []], text]}


def _is_empty_heading(part: Any) -> bool:  # noqa: ANN401 - any part of an AST
    """Return whether a part of an AST is a heading that shows nothing: no words, no image, no footnote."""
    if not isinstance(part, dict) or part.get("t") != "Header" or _has_words(part["c"][2]):
        return False
    return not any(node["t"] in {"Image", "Note"} for node in all_nodes(part["c"][2]))


def _has_words(inlines: list[Node]) -> bool:
    """Return whether inline nodes have a visible character, also without the alternative texts of images.

    A heading without one has no place in the contents.
    """
    images = [node for node in all_nodes(inlines) if node["t"] == "Image"]
    return _visible_characters(ast_plain_text(inlines)) > sum(
        _visible_characters(ast_plain_text(one)) for one in images
    )


def _visible_characters(text: str) -> int:
    return sum(unicodedata.category(char)[0] not in "CZ" for char in text)


def _comparison_key(text: str) -> str:
    """Return the letters and digits of a text, case-folded, to compare headings.

    >>> _comparison_key("1. The Sea!")
    '1thesea'
    """
    return re.sub(r"[\W_]", "", text).casefold()
