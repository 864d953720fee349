"""Markdown text -> the inline content of paragraphs, headings and table cells, with its source positions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any

from pipeline.changes import Span
from pipeline.markdown.fast_parse import is_fenced_block
from pipeline.markdown.grouping import BlockGroup, block_groups, group_at
from pipeline.markdown.opaque import masked
from pipeline.markdown.opaque_blocks import OpaqueSpan

_end_of, _line_place = attrgetter("end"), itemgetter(1)  # of an opaque region; of a line, in the text
_MAY_BE_WHOLE = re.compile(r"[$\\{<\[`%^:!(ie]")  # first characters of what may be an opaque region


@dataclass(frozen=True, eq=False)
class InlineContent:
    """The content of a paragraph, heading or cell; `lines` holds (offset in content, offset in text) of each line."""

    kind: str  # paragraph, heading, th or td
    content: str
    lines: tuple[Span, ...]
    env: dict[str, Any]  # the link reference definitions
    group: BlockGroup | None = field(default=None, repr=False)  # the blocks that it is in
    known: InlineContent | None = field(default=None, repr=False)  # the same, elsewhere in a text

    @cached_property
    def opaque(self) -> tuple[Span, ...]:
        """The opaque regions in it, as offsets in the content."""
        if self.known:
            return self.known.opaque
        return tuple(_in_content(self.content, self.lines, self.group.opaque)) if self.group else ()

    @cached_property
    def masked(self) -> str:
        """The content, as long as it is, with letters for the marks in its opaque regions: `$a*b$` -> `$axb$`."""
        return masked(self.content, self.opaque)

    def edits_opaque(self, start: int, end: int) -> bool:
        """Return whether an edit of the content between two offsets touches an opaque region."""
        return any(
            first < max(end, start) and start < last and not (start == end == first) for first, last in self.opaque
        )

    def at(self, offset: int) -> int:
        """Return the offset in the text of the character at `offset` in the content."""
        begins, start = max(line for line in self.lines if line[0] <= offset)
        return start + offset - begins


def inline_contents(text: str, worth: Callable[[str], object] = bool, start: int = 0) -> Iterator[InlineContent]:
    """Yield the paragraphs, headings and cells of `text`, with the white space that CommonMark keeps (U+3000).

    To save parsing, groups for whose text `worth` is false, and groups that end before `start`, are left out.
    """
    parts = block_groups(text)
    for group in parts[group_at(parts, start) :]:
        if worth(group.text):
            yield from _group_contents(group)


def inline_contents_of(groups: Iterable[BlockGroup]) -> Iterator[InlineContent]:
    """Yield the paragraphs, headings and cells of some groups of blocks."""
    for group in groups:
        yield from _group_contents(group)


def _group_contents(group: BlockGroup) -> Iterator[InlineContent]:
    for one in _contents_at_start(group.text):
        lines = tuple((offset, group.start + start) for offset, start in one.lines)
        yield InlineContent(one.kind, one.content, lines, one.env, group, one)


@lru_cache(maxsize=128)  # texts of groups; several steps, and a second pass, ask for the same ones
def _contents_at_start(text: str) -> tuple[InlineContent, ...]:
    """Return the contents of a group as if it were the whole text."""
    return () if is_fenced_block(text) else tuple(_located_contents(BlockGroup(0, text)))


def _located_contents(group: BlockGroup) -> Iterator[InlineContent]:
    parsed, starts = group.blocks, group.lines
    row, done = -1, 0  # the line and the end of the previous cell
    for opener, token in pairwise(parsed.tokens):
        if token.type != "inline" or token.map is None:
            continue
        kind = opener.type.removesuffix("_open")
        first, last = token.map
        if kind not in {"td", "th"} or first != row:
            row, done = first, starts[first]
        if located := _located(group.text, token.content, starts[first : last + 1], done):
            content, lines, done = located
            places = tuple((offset, group.start + start) for offset, start in lines)
            found = InlineContent(kind, content, places, parsed.env, group)
            if not (_MAY_BE_WHOLE.match(content) and found.opaque == ((0, len(content)),)):
                yield found


def _in_content(content: str, lines: tuple[Span, ...], regions: list[OpaqueSpan]) -> Iterator[Span]:
    """Yield the opaque regions of a text as offsets in a content of it."""
    last_line, last_start = lines[-1]
    end = last_start + len(content) - last_line
    for region in regions[bisect_right(regions, lines[0][1], key=_end_of) :]:
        if region.start >= end:
            return
        yield _offset(region.start, lines, len(content)), _offset(region.end, lines, len(content))


def _offset(place: int, lines: tuple[Span, ...], length: int) -> int:
    """Return the offset in a content of a place in the text; places outside become the nearest offset."""
    at = bisect_right(lines, place, key=_line_place) - 1
    if at < 0:
        return 0
    begins, start = lines[at]
    following = lines[at + 1][0] - 1 if at + 1 < len(lines) else length
    return min(begins + place - start, following)


def _located(text: str, content: str, starts: list[int], done: int) -> tuple[str, tuple[Span, ...], int] | None:
    """Return the content as in the source, the positions of its lines, and its end; None if it is not found."""
    parts: list[str] = []
    lines: list[Span] = []
    offset, end = 0, done
    for number, indented in enumerate(content.split("\n")):
        part = indented.lstrip(" ")  # spaces remain of a tab that is partly the indentation of a list
        if number >= len(starts):
            return None
        start = max(starts[number], end)
        stop = text.find("\n", start)
        line = text[start : len(text) if stop < 0 else stop]
        bare = line.rstrip()
        at = len(bare) - len(part.rstrip()) if bare.endswith(part.rstrip()) and not lines and "|" not in bare else -1
        at = line.find(part) if at < 0 else at
        if at < 0:
            return None
        stop = at + len(part)
        while at and line[at - 1].isspace() and line[at - 1] not in " \t":
            at -= 1
        while stop < len(line) and line[stop].isspace() and line[stop] not in " \t":
            stop += 1
        parts.append(line[at:stop])
        lines.append((offset, start + at))
        offset += stop - at + 1
        end = start + stop
    return "\n".join(parts), tuple(lines), end
