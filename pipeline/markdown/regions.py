"""Markdown text -> the parts that mean what they mean whatever stands around them: each is parsed when it matters."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from operator import attrgetter

from pipeline.changes import Span
from pipeline.markdown.code_spans import code_spans
from pipeline.markdown.fast_parse import MARKERS
from pipeline.markdown.parsing import Blocks, blocks

_start = attrgetter("start")
GAP = re.compile(r"\n(?:[ \t]*\n)++")
_END = re.compile(r"\n(?:(?:[ \t]*\n)++(?=(\S)?)|(?=(#{1,6} )))")  # of a part, unless it goes on; no group: of none
_TITLE = re.compile(r"(#{1,6} [^\n|]*)\n(?=\S)")  # with a pipe, it may be the head of a table
_MARKS = re.compile("```"), re.compile("<!--")  # of fences and comments; one pattern would take four times as long
_FENCE = re.compile(r"^( {0,3})(?:(`{3,})[^`\n]*$|<!--)", re.MULTILINE)  # or a comment
_HTML = re.compile(r"^ {0,3}<(?!!--)", re.MULTILINE)
_REACHING = (  # the start of a line that goes on over blank lines, or is meant for others
    r" {0,3}(?:~~~|<(?:pre|script|style|textarea|\?|!(?!--))|\[[^\]\n]+\]:)"
)
_REACHES = re.compile("^" + _REACHING, re.MULTILINE | re.IGNORECASE)
_REACHES_BELOW = re.compile("\n" + _REACHING, re.IGNORECASE)  # found four times as fast
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])(?:[ \t]|$)", re.MULTILINE)


@dataclass(eq=False)  # frozen would take twice as long to make
class Group:
    """A part of a text that means what it means whatever stands around it, and where it starts."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)

    @cached_property
    def code(self) -> list[Span]:
        """Where code stands in the whole text, of this part."""
        return [(self.start + start, self.start + end) for start, end in code_spans(self.text)]

    @cached_property
    def blocks(self) -> Blocks:
        """Its blocks, parsed once for all who ask; its last line is taken as ended."""
        return blocks(self.text if self.text.endswith("\n") else self.text + "\n")


@lru_cache(maxsize=4)
def groups(text: str) -> tuple[Group, ...]:
    r"""Return the parts of `text` that can be parsed alone; one, the text, where that is not sure.

    They end at blank lines before what no list and no indented block goes on with, outside fences; and around headings.

    >>> [group.text for group in groups("# A\n\n- b\n\n  c\n\nd\n## E\nf\n")]
    ['# A', '- b\n\n  c', 'd', '## E', 'f\n']
    """
    found: list[Group] = []
    start = at = 0
    held = set()  # what a part is known to hold, and where it starts
    reaching = _REACHES_BELOW.search("\n" + text) is not None
    length = len(text)
    marks = iter(sorted(match.start() for mark in _MARKS for match in mark.finditer(text)))
    marked = next(marks, length)
    ends = (match.span() for match in _END.finditer(text) if match.lastindex)
    for stop, end in (*ends, (length, length)):
        if stop < at:  # in a fence or a comment
            continue
        if marked < stop:
            while at <= stop and (fence := _FENCE.search(text, at, stop)):
                if start < fence.start() and (
                    _HTML.search(text, start, fence.start())  # in HTML it is none
                    or (fence[1] and _ITEM.search(text, start, fence.start()))  # in a list it may be of an item
                    or (reaching and _REACHES.search(text, at, fence.start()))
                ):
                    return (Group(0, text),)
                at = _closed(text, fence)
            marked = next((mark for mark in marks if mark >= max(at, stop)), length)
            if at > stop:
                continue
        if reaching and _REACHES.search(text, at, stop):
            return (Group(0, text),)
        at = end
        over = _over(text, stop, end)
        if end == length or (over and ((over, start) in held or over.search(text, start, stop))):
            held.add((over, start))
            continue
        found.append(Group(start, text[start:stop]))
        start = end
        if text[end] == "#" and (title := _TITLE.match(text, end)):
            found.append(Group(start, title[1]))
            start = title.end()
    return (*found, Group(start, text[start:]))


def _over(text: str, stop: int, end: int) -> re.Pattern[str] | None:
    """Return what a part must hold to go on from `stop` to `end`: HTML over a heading, a list over blank lines."""
    if end == stop + 1:
        return _HTML
    return _ITEM if text[end : end + 1] in MARKERS and _ITEM.match(text, end) else None


def _closed(text: str, fence: re.Match[str]) -> int:
    """Return where the line ends that closes a fence or a comment; the end of the text if none does."""
    if fence[2]:
        closer = _closing(len(fence[2])).search(text, fence.end())
        return closer.end() if closer else len(text)
    end = text.find("-->", fence.end() - 2)
    return len(text) if end < 0 else text.find("\n", end) % (len(text) + 1)


@cache
def _closing(ticks: int) -> re.Pattern[str]:
    """Return what finds the end of a line that closes a fence of so many backticks."""
    return re.compile(rf"\n {{0,3}}`{{{ticks},}}[ \t]*(?=\n|\Z)")


def part_at(parts: Sequence[Group], place: int) -> int:
    """Return which of the parts of a text holds the character at a place, or is the last before it."""
    return bisect_right(parts, place, key=_start) - 1


def prose(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `pattern` that touch no code; only the parts of the text where there are any are parsed."""
    return (match for match in pattern.finditer(text) if not in_code(text, match.span()))


def code_around(text: str, lines: Sequence[Span]) -> list[Span]:
    """Return where code stands, in order, in the parts of a text that hold `lines`; only these are parsed."""
    parts = groups(text)
    return [span for number in sorted({part_at(parts, start) for start, _ in lines}) for span in parts[number].code]


def in_code(text: str, span: Span) -> bool:
    """Tell whether a span of a text touches code; an empty one touches what it stands before."""
    start, end = span[0], max(span[1], span[0] + 1)
    parts = groups(text)
    part = parts[part_at(parts, start)]
    touched = code_spans(text) if end > part.end + 1 else part.code
    return any(first < end and start < last for first, last in touched)
