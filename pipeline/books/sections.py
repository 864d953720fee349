"""Book -> its sections in order: chapters with bylines, notes and internal links; works cited; colophon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pipeline.books.back_matter import ChapterCitation, colophon, english, tool_versions, works_cited
from pipeline.books.book import Book, Chapter
from pipeline.books.dates import date_in_words
from pipeline.books.pandoc_ast import (
    Node,
    ast_plain_text,
    div,
    left_to_right,
    link_or_text,
    para,
    text_nodes,
    with_link_targets,
)
from pipeline.books.phrases import phrase
from pipeline.urls.canonical import canonical_url, page_url


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

    Links to the source URL of another chapter, and to a heading of the same post, become internal links.
    """
    posts: dict[str, str] = {}  # source URL -> link target of its chapter
    for at, chapter in enumerate(book.chapters):
        if chapter.source_url:
            posts.setdefault(page_url(chapter.source_url), f"#chapter-{at + 1}")
    several = len(book.chapters) > 1
    made: list[BookSection] = []
    citing: list[ChapterCitation] = []
    for at, chapter in enumerate(book.chapters):
        headings = _NumberedHeadings(f"chapter-{at + 1}")
        notes = [*_chapter_notes(chapter), *([] if several else [english(tool_versions())])]
        made.append(_chapter_section(chapter, headings, posts, notes))
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
    yield BookSection("colophon", phrase("colophon", book.language), book.language, colophon(book, works), "colophon")


def _chapter_section(
    chapter: Chapter, headings: _NumberedHeadings, posts: dict[str, str], notes: list[Node]
) -> BookSection:
    """Return a chapter as a section: subtitle, byline (kicker, authors, date), the post's blocks, notes.

    Headings of the post that repeat its title, kicker or subtitle are removed.
    """
    body = chapter.blocks
    if body and body[0]["t"] == "Header" and ast_plain_text(body[0]["c"][2]).split() == chapter.title.split():
        body = body[1:]
    kicker, body = _heading_extracted(body, chapter.kicker)
    subtitle, body = _heading_extracted(body, chapter.subtitle)
    parts = [part for part in (kicker, text_nodes(", ".join(chapter.authors)), _date_nodes(chapter)) if part]
    byline = [node for part in parts for node in (*text_nodes(" · "), *part)][3:]
    head = [div(name, [para(*line)]) for name, line in (("subtitle", subtitle), ("byline", byline)) if line]
    body = headings.numbered(body)

    def target(url: str) -> str:
        if url.startswith("#"):
            return headings.targets.get(unquote(url[1:]), "")
        post = page_url(canonical_url(url))
        return url if post == page_url(chapter.source_url) else posts.get(post, url)

    ending = [div("colophon", notes)] if notes else []
    return BookSection(
        headings.label, chapter.title, chapter.language, [*with_link_targets([*head, *body], target), *ending]
    )


def _date_nodes(chapter: Chapter) -> list[Node]:
    """Return the date of a chapter in words; one that stays in digits is marked as left-to-right."""
    words = date_in_words(chapter.date, chapter.language)
    return [left_to_right(words)] if words and words == chapter.date else text_nodes(words)


def _heading_extracted(blocks: list[Node], text: str) -> tuple[list[Node], list[Node]]:
    """Return the inline nodes of the first heading with this text, and the blocks without it."""
    for at, block in enumerate(blocks):
        if text and block["t"] == "Header" and _comparison_key(ast_plain_text(block["c"][2])) == _comparison_key(text):
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
            return [self.numbered(item, outer) for item in part]
        if not isinstance(part, dict) or "c" not in part:
            return part
        if part["t"] != "Header":
            return part | {"c": self.numbered(part["c"], outer)}
        level, (written, _, direction), text = part["c"]
        while outer and outer[-1] >= level:
            outer.pop()
        outer.append(level)
        name = f"{self.label}-{len(self.targets) + 1}"
        first = written and written not in self.targets
        self.targets[written if first else f"#{name}"] = f"#{name}"  # an identifier has no #, so this key is unique
        self.by_text.setdefault(_comparison_key(ast_plain_text(text)), f"#{name}")
        return {"t": "Header", "c": [min(len(outer) + 1, 6), [name, [], direction], text]}


def _comparison_key(text: str) -> str:
    """Return the letters and digits of a text, case-folded, to compare headings.

    >>> _comparison_key("1. The Sea!")
    '1thesea'
    """
    return re.sub(r"[\W_]", "", text).casefold()
