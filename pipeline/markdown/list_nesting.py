r"""Markdown text -> the lines of nested lists that older dialects nest by two spaces, and CommonMark does not.

`1. one` above `  - sub` is a nested list in Markdown.pl and old kramdown. CommonMark wants three spaces there.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.markdown.grouping import BlockGroup, groups_with
from pipeline.markdown.opaque import CODE
from pipeline.patterns import lazy_pattern

LEAST_NESTING = 2  # spaces; by one space, an item is a neighbour that was not aligned
MOST_MARKER_SPACES = 4  # spaces between the marker and the content; more are indented code
_ITEM_LINE = lazy_pattern(r"( *)(?:([-*+])|(\d{1,9})([.)]))( +)(?=\S)(?!(?:[-*_] *){2,}$)")
_WIDE_ITEM = lazy_pattern(r"\n *(?:\d{1,9}[.)] +|[-*+] {2,4})\S")  # in a text with a line end before it
_INDENTED_ITEM = lazy_pattern(r"\n {2,}(?:[-*+]|\d{1,9}[.)]) ")  # with a line above it


@dataclass(frozen=True, slots=True)
class Indentation:
    """The start of a line: its offset, its spaces, and how many it should have."""

    start: int
    spaces: int
    wanted: int


@dataclass(frozen=True, slots=True)
class _OpenItem:
    """An item that later lines may belong to: its indentation as written and as wanted, its content, its number.

    `counted` says that it is not the first of its list.
    """

    indent: int
    wanted: int
    content: int
    number: int
    delimiter: str
    counted: bool


def shallow_nesting(text: str, kind_at: Callable[[int], str]) -> list[Indentation]:
    r"""Return the lines to indent further, so that lists nested by two spaces are nested for CommonMark, too.

    `kind_at` returns the kind of the opaque region that contains an offset; empty if there is none. A line in one is
    no item, and a list with one stays as it is, but for code.

    >>> shallow_nesting("1. a\n  - b\n2. c\n", lambda start: "")
    [Indentation(start=5, spaces=2, wanted=3)]
    """
    if not (_INDENTED_ITEM.search(text) and _WIDE_ITEM.search(f"\n{text}")):
        return []
    found: list[Indentation] = []
    for group in groups_with(_INDENTED_ITEM, text):
        if _INDENTED_ITEM.search(group.text) and _WIDE_ITEM.search(f"\n{group.text}"):
            for one in _lists(group):
                lines = list(_list_indentations(one, kind_at))
                if all(kind_at(line.start) in {"", CODE} for line in lines):
                    found += lines
    return found


def _lists(group: BlockGroup) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines of each list, with their offsets: from an item to unindented text after a blank line."""
    lines: list[tuple[int, str]] = []
    start, blank = group.start, False
    for line in group.text.split("\n"):
        item = _ITEM_LINE.match(line)
        if lines and not item and line.strip() and (line.startswith((">", "\t", "#")) or (blank and line[0] != " ")):
            yield lines
            lines = []
        if lines or item:
            lines.append((start, line))
        blank = not line.strip()
        start += len(line) + 1
    if lines:
        yield lines


def _list_indentations(lines: list[tuple[int, str]], kind_at: Callable[[int], str]) -> Iterator[Indentation]:
    path: list[_OpenItem] = []
    blank = False
    for at, (start, line) in enumerate(lines):
        if not line.strip():
            blank = True
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = None if kind_at(start) else _ITEM_LINE.match(line)
        if item:
            belongs = functools.partial(_belongs, lines[at:], after_blank=blank)
            opened = _opened_item(path, item, belongs)
            path = [one for one in path if one.indent < opened.indent and one.content <= opened.wanted] + [opened]
            wanted = opened.wanted
        else:
            around = [one for one in path if one.indent < indent]
            wanted = indent + (around[-1].wanted - around[-1].indent if around else 0)
        if wanted > indent:
            yield Indentation(start, indent, wanted)
        blank = False


def _opened_item(path: list[_OpenItem], item: re.Match[str], belongs: Callable[[_OpenItem], bool]) -> _OpenItem:
    """Return an item, indented so that it is inside the item it was written below."""
    indent, number = len(item[1]), int(item[3] or -1)
    width = item.end() - indent if len(item[5]) <= MOST_MARKER_SPACES else item.end() - indent - len(item[5]) + 1
    around = [one for one in path if one.indent < indent]
    wanted = indent + (around[-1].wanted - around[-1].indent if around else 0)
    neighbour = next((one for one in path if one.indent == indent), None)
    if neighbour:
        wanted = neighbour.wanted
    elif around and wanted < around[-1].content:
        parent = around[-1]
        next_one = parent.number >= 0 and number == parent.number + 1 and item[4] == parent.delimiter
        if indent - parent.indent >= LEAST_NESTING and not next_one and belongs(parent):
            wanted = parent.content
        else:
            outer = around[:-1]
            wanted = indent + (outer[-1].wanted - outer[-1].indent if outer else 0)
    counted = any(one.indent == indent and one.number + 1 == number for one in path) or (
        number < 0 and any(one.indent == indent and one.number < 0 for one in path)
    )
    return _OpenItem(indent, wanted, wanted + width, number, item[4] or "", counted)


def _belongs(lines: Sequence[tuple[int, str]], parent: _OpenItem, *, after_blank: bool) -> bool:
    """Return whether an item belongs to `parent`: the list of `parent` goes on, or did before, without a blank line."""
    for _, line in lines:
        item = _ITEM_LINE.match(line)
        if item and len(item[1]) <= parent.indent:
            if len(item[1]) == parent.indent and (int(item[3] or -1) == parent.number + 1 or parent.number < 0):
                return True
            break
    return not after_blank and (parent.counted or parent.wanted > parent.indent)
