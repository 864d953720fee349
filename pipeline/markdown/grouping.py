"""Markdown text -> groups of blocks that can be parsed independently, so that only those that matter are parsed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from operator import attrgetter

from pipeline.changes import Span, end_of_line
from pipeline.markdown.code_spans import code_spans, line_starts
from pipeline.markdown.fast_parse import FENCED_LINES, LIST_MARKERS, PARAGRAPH_LINE
from pipeline.markdown.opaque import opaque_spans
from pipeline.markdown.opaque_blocks import OpaqueSpan, long_regions
from pipeline.markdown.parsing import Blocks, parse_ended_blocks

_start = attrgetter("start")
BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)++")  # blank lines between blocks
_POSSIBLE_END = re.compile(r"\n(?:(?:[ \t]*\n)++|(?=#{1,6} ))")  # blank lines, or the line end before a heading
_HEADING_START = re.compile(r"(#{1,6} [^\n|]*)\n(?=\S)")  # a heading; one with a pipe may be the header of a table
_FENCE_MARKS = (re.compile("```"), re.compile("<!--"))  # of fences and comments; one pattern takes four times as long
_FENCE = re.compile(r"^( {0,3})(?:(`{3,}+)[^`\n]*$|<!--)", re.MULTILINE)  # the start of a fence or a comment
_HTML_START = re.compile(r"^ {0,3}<(?!!--)", re.MULTILINE)
_FAR_REACHING = (  # the start of a line whose block goes on over blank lines, or that defines a link for other blocks
    r" {0,3}(?:~~~|<(?:pre|script|style|textarea|\?|!(?!--))|\[[^\]\n]+\]:)"
)
_FAR_REACHING_LINE = re.compile("^" + _FAR_REACHING, re.MULTILINE | re.IGNORECASE)
_FAR_REACHING_BELOW = re.compile("\n" + _FAR_REACHING, re.IGNORECASE)  # the same, four times as fast
_LINE_OF_GROUP = r"(?![ \t]*(?:\n|`{3}|<|#{1,6} ))[^\n]++"  # neither blank, nor the start of a fence, HTML or a heading
_ANY_GROUP = rf"{_LINE_OF_GROUP}(?:\n{_LINE_OF_GROUP})*+|{FENCED_LINES}"
_PROSE_GROUP = rf"#{{1,6}} [^\n]*+|{PARAGRAPH_LINE}(?:\n{PARAGRAPH_LINE})*+"
_SIMPLE_GROUP = re.compile(rf"({_PROSE_GROUP}|{_ANY_GROUP})\n\n")
_SIMPLE_GROUPS = re.compile(  # of these, a list after the second kind may go on with what follows
    rf"(?:(?:(?:{_PROSE_GROUP})\n\n(?=\S)|(?:{_ANY_GROUP})\n\n(?=[^\s\-*+\d])))++"
)
_ITEM_START = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])(?:[ \t]|$)", re.MULTILINE)


@dataclass(eq=False)  # frozen would take twice as long to make
class BlockGroup:
    """Blocks in a row that can be parsed independently of the rest of the text, and their offset in it."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """The offset of its end."""
        return self.start + len(self.text)

    @cached_property
    def lines(self) -> list[int]:
        """The offset in this group of each line's first character; the last entry is its length."""
        return line_starts(self.text)

    @cached_property
    def code(self) -> list[Span]:
        """The spans of code in this group, as offsets in the whole text."""
        return [(self.start + start, self.start + end) for start, end in code_spans(self.text)]

    @cached_property
    def opaque(self) -> list[OpaqueSpan]:
        """The opaque regions of this group, as offsets in the whole text."""
        at = self.start
        return [OpaqueSpan(at + start, at + end, kind) for start, end, kind in opaque_spans(self.text)]

    @cached_property
    def blocks(self) -> Blocks:
        """Its blocks, parsed once; a line end is added if the last line has none."""
        return parse_ended_blocks(self.text)


@lru_cache(maxsize=4)
def block_groups(text: str) -> tuple[BlockGroup, ...]:
    r"""Return the groups of blocks of `text` that can be parsed independently; in doubt, one group with all of it.

    A group ends around headings, and at blank lines unless a list or an indented block may go on, or in fences and
    opaque regions.

    >>> [group.text for group in block_groups("# A\n\n- b\n\n  c\n\nd\n## E\nf\n")]
    ['# A', '- b\n\n  c', 'd', '## E', 'f\n']
    """
    held: set[tuple[re.Pattern[str], int]] = set()  # pairs of a pattern and the start of a group known to match it
    reaching = _FAR_REACHING_BELOW.search("\n" + text) is not None
    simple = not reaching and not long_regions(text)
    found, start = _certain_groups(text, 0, simple=simple)
    at = start if found else 0
    length = len(text)
    marks = deque(sorted(match.start() for mark in _FENCE_MARKS for match in mark.finditer(text)))
    end = at
    while end < length:
        stop, end = _possible_end(text, at)
        if marks and marks[0] < stop:
            at = _past_fences(text, (start, at, stop), marks, reaching=reaching)
            if at < 0:
                return (BlockGroup(0, text),)
            if at > stop:
                continue
        if reaching and _FAR_REACHING_LINE.search(text, at, stop):
            return (BlockGroup(0, text),)
        at = end
        if end == length:
            continue
        first = text[end]
        if (end == stop + 1 or first in LIST_MARKERS) and _goes_on(text, (start, stop, end), held):
            continue
        more, after = _certain_groups(text, end, simple=simple)
        found += [BlockGroup(start, text[start:stop]), *more]
        start = at = after
    return (*found, BlockGroup(start, text[start:]))


def independent_groups(text: str) -> tuple[BlockGroup, ...]:
    """Return the groups of blocks; none if notes or link definitions of one are for others: parse that text whole."""
    groups = block_groups(text)
    shared = "\r" in text or "[^" in text or "^[" in text or any("]:" in one.text and one.blocks.env for one in groups)
    return () if shared else groups


def _certain_groups(text: str, start: int, *, simple: bool) -> tuple[list[BlockGroup], int]:
    """Return the groups from `start` that patterns can tell, and where the next one starts.

    `simple` says that a text has no opaque regions or far-reaching lines that could join them.
    """
    run = _SIMPLE_GROUPS.match(text, start) if simple else None
    end = run.end() if run else start
    found = [BlockGroup(match.start(), match[1]) for match in _SIMPLE_GROUP.finditer(text, start, end)] if run else []
    while title := _HEADING_START.match(text, end):
        found.append(BlockGroup(end, title[1]))
        end = title.end()
    return found, end


def _past_fences(text: str, places: tuple[int, int, int], marks: deque[int], *, reaching: bool) -> int:
    """Return where to go on after the fences and comments in a group, so far: after the last of them.

    `places` are the start of the group, what of it is done, and its possible end. `marks`, the places of fences that
    are not done, get fewer. Returns -1 where a fence may belong to another block.
    """
    start, at, stop = places
    while marks and marks[0] < stop:
        line = text.rfind("\n", 0, marks.popleft()) + 1
        line_end = end_of_line(text, line)
        while marks and marks[0] < line_end:
            marks.popleft()
        if line >= at and (fence := _FENCE.match(text, line, stop)):
            if start < line and (
                _HTML_START.search(text, start, line)  # inside HTML it is not a fence
                or (fence[1] and _ITEM_START.search(text, start, line))  # inside a list it may belong to an item
                or (reaching and _FAR_REACHING_LINE.search(text, at, line))
            ):
                return -1
            at = _closing_end(text, fence)
    return at


def _possible_end(text: str, at: int) -> Span:
    """Return where a group may end, from an offset on, and where the next one starts: not in an opaque region.

    The next one starts with an unindented line.
    """
    regions = long_regions(text)
    while match := _POSSIBLE_END.search(text, at):
        at = match.end()
        before = bisect_right(regions, match.start(), key=_start) - 1
        if text[at : at + 1].strip() and (before < 0 or regions[before].end <= match.start()):
            return match.span()
    return len(text), len(text)


def _goes_on(text: str, places: tuple[int, int, int], held: set[tuple[re.Pattern[str], int]]) -> bool:
    """Return whether a group goes on after its possible end: HTML or a list may.

    `places` are its start, its possible end and where the next block starts. `held` gets what is known of the group.
    """
    start, stop, end = places
    over = _continuation(text, stop, end)
    if not over or ((over, start) not in held and not over.search(text, start, stop)):
        return False
    held.add((over, start))
    return True


def _continuation(text: str, stop: int, end: int) -> re.Pattern[str] | None:
    """Return what a group must contain to go on after `end`: HTML before a heading, a list after blank lines."""
    if end == stop + 1:
        return _HTML_START
    return _ITEM_START if text[end : end + 1] in LIST_MARKERS and _ITEM_START.match(text, end) else None


def _closing_end(text: str, fence: re.Match[str]) -> int:
    """Return the end of the line that closes a fence or a comment; the end of the text if there is none."""
    if fence[2]:
        closer = _closing_fence(len(fence[2])).search(text, fence.end())
        return closer.end() if closer else len(text)
    end = text.find("-->", fence.end() - 2)
    return len(text) if end < 0 else text.find("\n", end) % (len(text) + 1)


@cache
def _closing_fence(ticks: int) -> re.Pattern[str]:
    """Return the pattern of a line that closes a fence of `ticks` backticks."""
    return re.compile(rf"\n {{0,3}}`{{{ticks},}}[ \t]*(?=\n|\Z)")


def group_at(parts: Sequence[BlockGroup], place: int) -> int:
    """Return the index of the group that contains the character at `place`, or of the last group before it."""
    return bisect_right(parts, place, key=_start) - 1


def groups_with(pattern: re.Pattern[str], text: str) -> list[BlockGroup]:
    """Return the groups where a line starts with a match of `pattern`, which starts with the line end before it."""
    found = {match.start() for match in pattern.finditer(f"\n{text}")}
    parts = block_groups(text) if found else ()
    return [parts[number] for number in sorted({group_at(parts, place) for place in found})]
