"""Sanitized chapters -> links within the book: to other chapters, to headings and to anchors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pipeline.books.book import Chapter
from pipeline.books.chapter.headings import has_words, is_empty_heading
from pipeline.books.html.anchors import is_anchor
from pipeline.books.pandoc_ast import Node, ast_plain_text, para, with_link_targets
from pipeline.urls.canonical import canonical_url, page_url

SITE_PREFIX = "user-content-"  # that GitHub writes before the identifiers of a page


@dataclass(slots=True)
class NumberedPlaces:
    """Numbers the headings and anchors of a chapter, and records the link target of each."""

    label: str  # of the chapter
    targets: dict[str, str] = field(default_factory=dict)  # identifier in the post -> link target in the book
    by_text: dict[str, str] = field(default_factory=dict)  # text of a heading -> link target
    headings: int = 0
    anchors: int = 0

    def target_of(self, heading: str) -> str:
        """Return the link target of the heading with this text, or of the chapter if there is none."""
        text = comparison_key(heading)
        return self.by_text.get(text, f"#{self.label}") if text else f"#{self.label}"

    def target_of_fragment(self, fragment: str) -> str:
        """Return the link target of an identifier, or of a heading with the same letters and digits; "" for neither."""
        names = (fragment, fragment.removeprefix(SITE_PREFIX), fragment.casefold())
        found = next((self.targets[name] for name in names if name in self.targets), "")
        return found or self.by_text.get(comparison_key(fragment), f"#{self.label}" if fragment in {"", "top"} else "")

    def add_title(self, heading: Node) -> None:
        """Record a heading that is the title of the chapter, or a line below it: links to it lead to the chapter."""
        self.targets.setdefault(heading["c"][1][0], f"#{self.label}")
        self.by_text.setdefault(comparison_key(ast_plain_text(heading["c"][2])), f"#{self.label}")

    def numbered(self, part: Any, outer: list[int] | None = None) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of an AST with headings at any depth numbered, from level 2, without skipped levels (PDF/UA-1).

        `outer` has the levels of the enclosing headings.
        """
        outer = [] if outer is None else outer
        if isinstance(part, list):
            return [self.numbered(item, outer) for item in part if not is_empty_heading(item)]
        if not isinstance(part, dict) or "c" not in part:
            return part
        if is_anchor(part):
            return self.numbered_anchor(part)
        if part["t"] != "Header":
            return part | {"c": self.numbered(part["c"], outer)}
        level, (written, _, direction), text = part["c"]
        if not has_words(text):  # an image, which has no place in the contents
            return para(*self.numbered(text, outer))
        while outer and outer[-1] >= level:
            outer.pop()
        outer.append(level)
        self.headings += 1
        name = f"{self.label}-{self.headings}"
        first = written and written not in self.targets
        self.targets[written if first else f"#{name}"] = f"#{name}"  # an identifier has no #, so this key is unique
        self.by_text.setdefault(comparison_key(ast_plain_text(text)), f"#{name}")
        return {"t": "Header", "c": [min(len(outer) + 1, 6), [name, [], direction], self.numbered(text, outer)]}

    def numbered_anchor(self, anchor: Node) -> Node:
        """Return an anchor with its identifier in the book; without one if the post has the identifier twice."""
        (written, names, _), inner = anchor["c"]
        if written in self.targets:
            return {"t": "Span", "c": [["", names, []], inner]}
        self.anchors += 1
        name = f"{self.label}-place-{self.anchors}"
        self.targets[written] = f"#{name}"
        return {"t": "Span", "c": [[name, names, []], inner]}


@dataclass(frozen=True, slots=True)
class LinkTargets:
    """The places of a book that its links can lead to."""

    places: list[NumberedPlaces]  # of each chapter
    by_path: dict[str, NumberedPlaces]  # path of a post below raw/ -> the places of its chapter
    by_url: dict[str, NumberedPlaces]  # source URL of a post

    def resolved(self, blocks: list[Node], chapter: Chapter, own: NumberedPlaces) -> list[Node]:
        """Return the blocks of a chapter with its links to posts in the book as internal links.

        A link to a post that is not in the book leads to its source URL. A link that leads nowhere becomes its text.
        """

        def target(url: str, post: dict[str, str]) -> str:
            if url.startswith("#"):
                return own.target_of_fragment(unquote(url[1:]))
            page = page_url(canonical_url(url)) if url else ""
            own_page = page == page_url(chapter.source_url) and bool(page)
            places = None if own_page else self.by_path.get(post.get("post", "")) or self.by_url.get(page)
            if places is None:
                return canonical_url(url) if own_page else url
            fragment = post.get("part", "") or unquote(url.partition("#")[2])
            return (fragment and places.target_of_fragment(fragment)) or f"#{places.label}"

        made: list[Node] = with_link_targets(blocks, target)
        return made


def link_targets(chapters: tuple[Chapter, ...], places: list[NumberedPlaces]) -> LinkTargets:
    """Return the link targets of a book. A URL or path of two chapters belongs to the first."""
    targets = LinkTargets(places, {}, {})
    for chapter, one in zip(chapters, places, strict=True):
        if chapter.path:
            targets.by_path.setdefault(chapter.path, one)
        if chapter.source_url:
            targets.by_url.setdefault(page_url(chapter.source_url), one)
    return targets


def comparison_key(text: str) -> str:
    """Return the letters and digits of a text, case-folded, to compare headings.

    >>> comparison_key("1. The Sea!")
    '1thesea'
    """
    return re.sub(r"[\W_]", "", text).casefold()
