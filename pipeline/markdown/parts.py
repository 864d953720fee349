"""Markdown text -> the parts that mean what they mean whatever stands around them: each is parsed when it matters."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter

from pipeline.markdown.blocks import Blocks, blocks
from pipeline.markdown.code import Span, code_spans
from pipeline.markdown.simple import MARKERS

_start = attrgetter("start")
FENCED = re.compile(r"```[^\s`]*\n(?:(?! {0,3}```)[^\n]*\n)*+```\n?")  # a fenced block of its own
GAP = re.compile(r"\n(?:[ \t]*\n)++")
_FENCE = re.compile(r"^( {0,3})(?:(`{3,})[^`\n]*$|<!--)", re.MULTILINE)  # or a comment
_HTML = re.compile(r"^ {0,3}<(?!!--)", re.MULTILINE)
_HTML_REACHES = re.compile(r"<(?:pre|script|style|textarea|\?|!(?!--))", re.IGNORECASE)
_REACHES = re.compile(  # what goes on over blank lines, or is meant for others
    r"^ {0,3}(?:~~~|<(?:pre|script|style|textarea|\?|!(?!--))|\[[^\]\n]+\]:)", re.MULTILINE | re.IGNORECASE
)
_MAYBE_CODE = re.compile(r"`|^[ \t>\-*+\d.)]*(?: {4}|\t|~~~)|<(?:code|pre|kbd|samp|tt)\b", re.MULTILINE | re.IGNORECASE)
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
        if not _MAYBE_CODE.search(self.text):
            return []
        return [(self.start + start, self.start + end) for start, end in code_spans(self.text)]

    @cached_property
    def blocks(self) -> Blocks:
        """Its blocks, parsed once for all who ask; its last line is taken as ended."""
        return blocks(self.text if self.text.endswith("\n") else self.text + "\n")


@lru_cache(maxsize=4)
def groups(text: str) -> tuple[Group, ...]:
    r"""Return the parts of `text` that can be parsed alone; one, the text, where that is not sure.

    They end at blank lines before what no list and no indented block goes on with, outside fences.

    >>> [group.text for group in groups("# A\n\n- b\n\n  c\n\nd\n")]
    ['# A', '- b\n\n  c', 'd\n']
    """
    found: list[Group] = []
    start = at = 0
    reaching = "~~~" in text or "]:" in text or _HTML_REACHES.search(text) is not None
    ticks = _fence(text, 0)
    while at < len(text):
        gap = GAP.search(text, at)
        stop = gap.start() if gap else len(text)
        if 0 <= ticks < at:
            ticks = _fence(text, at)
        fence = _FENCE.search(text, at, stop) if 0 <= ticks < stop else None
        if reaching and _REACHES.search(text, at, fence.start() if fence else stop):
            return (Group(0, text),)
        if fence and (
            _HTML.search(text, start, fence.start()) or (fence[1] and _ITEM.search(text, start, fence.start()))
        ):
            return (Group(0, text),)  # in HTML it is none; in a list it may be of an item, or behind it
        if fence:
            at = _closed(text, fence)
        elif gap:
            at = gap.end()
            char = text[at : at + 1]
            goes_on = char and char in MARKERS and _ITEM.match(text, at) and _ITEM.search(text, start, stop)
            if char and not char.isspace() and not goes_on:
                found.append(Group(start, text[start:stop]))
                start = at
        else:
            break
    return (*found, Group(start, text[start:]))


def _fence(text: str, at: int) -> int:
    """Return where the next fence or comment may begin; -1 if nowhere."""
    found = [place for place in (text.find("```", at), text.find("<!--", at)) if place >= 0]
    return min(found, default=-1)


def _closed(text: str, fence: re.Match[str]) -> int:
    """Return where the line ends that closes a fence or a comment; the end of the text if none does."""
    if fence[2]:
        closer = re.compile(rf"^ {{0,3}}`{{{len(fence[2])},}}[ \t]*$", re.MULTILINE).search(text, fence.end())
        return closer.end() if closer else len(text)
    end = text.find("-->", fence.end() - 2)
    return len(text) if end < 0 else text.find("\n", end) % (len(text) + 1)


def prose(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `pattern` that touch no code; only the parts of the text where there are any are parsed."""
    parts = groups(text)
    for match in pattern.finditer(text):
        start, end = match.start(), max(match.end(), match.start() + 1)
        part = parts[bisect_right(parts, start, key=_start) - 1]
        touched = code_spans(text) if end > part.end + 1 else part.code
        if not any(first < end and start < last for first, last in touched):
            yield match
