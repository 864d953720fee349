"""Book -> what stands in it, in order: its chapters, then the works they cite, then its colophon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pipeline.books.back_matter import Citing, colophon, english, made_with, works_cited
from pipeline.books.book import Book, Chapter
from pipeline.books.pandoc_ast import Node, div, link, para, plain, retarget, text_nodes
from pipeline.books.phrases import phrase
from pipeline.urls.canonical import canonical, page_of


@dataclass(frozen=True, slots=True)
class Section:
    """What begins on a page of its own: `label` is its identifier in the book, `kind` EPUB's name for it, if any."""

    label: str
    title: str
    language: str
    blocks: list[Node]
    kind: str = ""


def sections(book: Book) -> list[Section]:
    """Return the sections of a book. A book of several posts ends in an index of works cited, and its colophon.

    A link to the source of another chapter leads to that chapter, one to a heading of its own post to that heading.
    """
    posts: dict[str, str] = {}
    for at, one in enumerate(book.chapters):
        if one.source_url:
            posts.setdefault(page_of(one.source_url), f"#chapter-{at + 1}")
    several = len(book.chapters) > 1
    made: list[Section] = []
    citing: list[Citing] = []
    for at, one in enumerate(book.chapters):
        headings = _Headings(f"chapter-{at + 1}")
        notes = [*_notes(one), *([] if several else [english(made_with())])]
        made.append(_section(one, headings, posts, notes))
        citing += [Citing(one.title, work, headings.holding(work.cited[0].heading)) for work in one.works]
    if several:
        made += _back_matter(book, citing)
    return made


def _back_matter(book: Book, citing: list[Citing]) -> Iterator[Section]:
    if citing:
        title = phrase("works-cited", book.language)
        yield Section("works-cited", title, book.language, works_cited(citing), "bibliography")
    works = len({one.work.key for one in citing})
    yield Section("colophon", phrase("colophon", book.language), book.language, colophon(book, works), "colophon")


def _section(one: Chapter, headings: _Headings, posts: dict[str, str], notes: list[Node]) -> Section:
    """Return a chapter between its byline, with its kicker, and its notes; below its title stands its subtitle."""
    body = one.blocks
    if body and body[0]["t"] == "Header" and plain(body[0]["c"][2]).split() == one.title.split():
        body = body[1:]
    kicker, body = _taken(body, one.kicker)
    subtitle, body = _taken(body, one.subtitle)
    said = [part for part in (kicker, text_nodes(", ".join(one.authors)), text_nodes(one.date)) if part]
    byline = [node for part in said for node in (*text_nodes(" · "), *part)][3:]
    head = [div(name, [para(*line)]) for name, line in (("subtitle", subtitle), ("byline", byline)) if line]
    body = headings.numbered(body)

    def target(address: str) -> str:
        if address.startswith("#"):
            return headings.names.get(unquote(address[1:]), "")
        post = page_of(canonical(address))
        return address if post == page_of(one.source_url) else posts.get(post, address)

    ending = [div("colophon", notes)] if notes else []
    return Section(headings.label, one.title, one.language, [*retarget([*head, *body], target), *ending])


def _taken(blocks: list[Node], words: str) -> tuple[list[Node], list[Node]]:
    """Return what stands in the first heading that says `words`, and the blocks without it."""
    for at, block in enumerate(blocks):
        if words and block["t"] == "Header" and _letters(plain(block["c"][2])) == _letters(words):
            return block["c"][2], blocks[:at] + blocks[at + 1 :]
    return [], blocks


def _notes(one: Chapter) -> Iterator[Node]:
    """Yield what is said at the end of a chapter: where it comes from, and what was repaired."""
    if one.source_url:
        yield para(*text_nodes("↗ "), link(one.source_url, one.source_url))
    if one.omitted_words:
        excerpts = "; ".join(f"“{excerpt}”" for excerpt in one.omitted)
        yield english(para(*text_nodes(f"Words of the post that are not shown: {one.omitted_words}: {excerpts}")))
    if one.repaired != "nothing":
        yield english(para(*text_nodes(f"Lacuna: {one.repaired}")))


@dataclass(slots=True)
class _Headings:
    """The headings of a chapter as they are numbered, each by the identifier that it had, and by its words."""

    label: str
    names: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def holding(self, heading: str) -> str:
        """Return the address of what stands under `heading`; the chapter's where there is no such heading."""
        words = _letters(heading)
        return self.words.get(words, f"#{self.label}") if words else f"#{self.label}"

    def numbered(self, part: Any, outer: list[int] | None = None) -> Any:  # noqa: ANN401 - any part of a tree
        """Return a tree's part with headings from level 2 on, none skipped (PDF/UA-1 asks for that), wherever they are.

        `outer` holds the levels of the headings above.
        """
        outer = [] if outer is None else outer
        if isinstance(part, list):
            return [self.numbered(item, outer) for item in part]
        if not isinstance(part, dict) or "c" not in part:
            return part
        if part["t"] != "Header":
            return part | {"c": self.numbered(part["c"], outer)}
        level, (written, *_), text = part["c"]
        while outer and outer[-1] >= level:
            outer.pop()
        outer.append(level)
        name = f"{self.label}-{len(self.names) + 1}"
        first = written and written not in self.names
        self.names[written if first else f"#{name}"] = f"#{name}"  # no identifier holds a #
        self.words.setdefault(_letters(plain(text)), f"#{name}")
        return {"t": "Header", "c": [min(len(outer) + 1, 6), [name, [], []], text]}


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()
