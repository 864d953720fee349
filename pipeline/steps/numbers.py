r"""Keep the numbers of lists that do not count up by one, which Markdown would renumber: `1949. a` ↵ `1978. b`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.changes import Change, repeated
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import (
    CODE,
    HTML,
    LINE_END,
    BlockGroup,
    groups_with,
    hard_break_after,
    line_starts,
    of_other_kinds,
)

if TYPE_CHECKING:
    from markdown_it.token import Token

NUMBER_STAYS = "Markdown would renumber the list; written as text, the number stays"
LINE_STAYS = "the numbers are text now; the line break stays"
NEW_LIST = "Markdown would renumber the list; a comment lets a new list start with its number"
LEAST_WITH_TYPO = 4  # items
LEAST_ONES = 3  # items; so many with the number 1, two thirds of a list, are not real numbers
_NUMBERED_LINE = re.compile(r"\n[ \t>]*(?:[-*+][ \t]+)?(\d{1,9})[.)][ \t]")  # in a text with a line end before it
_DATE_LINE = re.compile(r"^[ \t>]*(?:[-*+][ \t]+)?\d{1,9}[.)][ \t]+\d{1,9}[.)](?:[ \t]|$)", re.MULTILINE)
_AFTER_PARAGRAPH = re.compile(r"[ \t>]*(?:$|[-*+][ \t]|#{1,6}[ \t]|>)")  # a line that ends a paragraph before it
_BREAKS = ("\\", "  ")  # ends of a line that are hard line breaks


@dataclass(slots=True)
class _List:
    """A numbered list: its token, its items, whether each item is one paragraph, and whether each is a date."""

    token: Token
    items: list[Token] = field(default_factory=list)
    simple: bool = True
    dated: bool = True  # each item starts with a date: `2021. 3. 4.` is parsed as lists in lists

    @property
    def numbers(self) -> list[int]:
        return [int(item.info) for item in self.items]

    @property
    def lines(self) -> tuple[int, int]:
        return (self.token.map[0], self.token.map[1]) if self.token.map else (0, 0)


def numbers(document: Document) -> Document:
    r"""Keep the numbers of lists that do not count up by one: `1949. a` ↵ `1978. b` -> `1949\. a\` ↵ `1978\. b`."""
    changes = repeated(document.text, _number_changes)
    return document.edited(changes) if changes else document


def _number_changes(text: str) -> Iterator[Change]:
    if _all_count_up(_NUMBERED_LINE.findall(f"\n{text}"), text):
        return
    for group in groups_with(_NUMBERED_LINE, text):
        if not _all_count_up(_NUMBERED_LINE.findall(f"\n{group.text}"), group.text):
            yield from _list_changes(group)


def _all_count_up(written: Sequence[str], text: str) -> bool:
    """Return whether the numbers at the starts of lines count up by one, and none of these lines is a date."""
    found = list(map(int, written))
    return not found or (found == list(range(found[0], found[0] + len(found))) and not _DATE_LINE.search(text))


def _list_changes(group: BlockGroup) -> Iterator[Change]:
    done = -1  # the line after the last list that became text; lists inside it are text, too
    for one in _numbered_lists(group.blocks.tokens):
        first, last = one.lines
        if first < done or (_counts_up(one.numbers) and not one.dated) or _holds_regions(group, first, last):
            continue
        lines = LINE_END.split(group.text)
        if (
            one.simple
            and _AFTER_PARAGRAPH.match(lines[last] if last < len(lines) else "")
            and _interrupts_paragraph(lines, first)
        ):
            done = last
            yield from _as_text(group, one, lines)
        elif not one.token.level:
            yield from _as_lists(group, one, lines)


def _holds_regions(group: BlockGroup, first: int, last: int) -> bool:
    """Return whether the lines hold an opaque region of several lines, other than code: its content is not a list."""
    starts = line_starts(group.text)
    start, end = (group.start + starts[min(line, len(starts) - 1)] for line in (first, last))
    return any(
        region.start < end
        and start < region.end
        and "\n" in group.text[region.start - group.start : region.end - group.start]
        for region in of_other_kinds(group.opaque, (CODE, HTML))
    )


def _counts_up(numbers: Sequence[int]) -> bool:
    """Return whether numbers count up by one, or are mostly 1 or all 0: some let Markdown count.

    A number of a long list that is there twice is a typo: 1, 2, 2, 3.
    """
    ones = numbers.count(1)
    counted = list(range(numbers[0], numbers[0] + len(numbers)))
    return (
        list(numbers) == counted
        or ones == len(numbers)
        or not any(numbers)
        or (
            len(numbers) >= LEAST_WITH_TYPO
            and numbers[0] in {0, 1}
            and _steps(numbers) == [0, *[1] * (len(numbers) - 2)]
        )
        or (numbers[0] == 1 and ones >= LEAST_ONES and ones * 3 >= len(numbers) * 2)
    )


def _steps(numbers: Sequence[int]) -> list[int]:
    """Return the differences between neighbours, sorted: `(1, 2, 2, 3)` -> `[0, 1, 1]`."""
    return sorted(after - before for before, after in pairwise(numbers))


def _numbered_lists(tokens: Sequence[Token]) -> list[_List]:
    """Return the numbered lists, in order of their starts."""
    found: list[_List] = []
    path: list[_List | None] = []
    for at, token in enumerate(tokens):
        if token.type in {"ordered_list_open", "bullet_list_open"}:
            path.append(_List(token) if token.type == "ordered_list_open" else None)
            if one := path[-1]:
                found.append(one)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            path.pop()
        elif token.type == "list_item_open" and path[-1]:
            path[-1].items.append(token)
            path[-1].simple &= _is_simple(tokens, at)
            path[-1].dated &= _starts_date(tokens, at)
    return found


def _is_simple(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the item at `at` is one paragraph, or a date, which is parsed as lists in lists: `2021. 3. 4.`."""
    inner = tokens[at + 1]
    if _starts_date(tokens, at):
        return _is_simple(tokens, at + 2)
    return inner.type == "list_item_close" or (
        inner.type == "paragraph_open" and tokens[at + 4].type == "list_item_close"
    )


def _starts_date(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the item at `at` starts with a numbered list on its own line."""
    item, inner = tokens[at], tokens[at + 1]
    return inner.type == "ordered_list_open" and (inner.map or [-1])[0] == (item.map or [-2])[0]


def _interrupts_paragraph(lines: Sequence[str], first: int) -> bool:
    """Return whether a paragraph that starts at a line would not continue one before it."""
    before = lines[first - 1].strip(" \t>") if first else ""
    return not before or not re.match(r"[ \t>]*\d", lines[first])


def _as_text(group: BlockGroup, one: _List, lines: Sequence[str]) -> Iterator[Change]:
    """Yield the changes that make paragraphs of a list, its numbers text."""
    starts = line_starts(group.text)
    for at, item in enumerate(one.items):
        line = item.map[0] if item.map else 0
        if at and lines[line - 1].strip(" \t>") and not lines[line - 1].endswith(_BREAKS):
            end = group.start + starts[line - 1] + len(lines[line - 1])
            yield Change("numbers", (end, end), "", hard_break_after(lines[line - 1]), LINE_STAYS)
        marker = re.match(rf"[ \t>]*+(?:[-*+][ \t>]++)*+{item.info}(?=[.)])", lines[line])
        if marker:
            place = group.start + starts[line] + marker.end()
            yield Change("numbers", (place, place), "", "\\", NUMBER_STAYS)


def _as_lists(group: BlockGroup, one: _List, lines: Sequence[str]) -> Iterator[Change]:
    """Yield the comments that start a list wherever the numbers do not count up."""
    starts = line_starts(group.text)
    for before, item in zip(one.items, one.items[1:], strict=False):
        if int(item.info) != int(before.info) + 1 and item.map:
            place = group.start + starts[item.map[0]]
            blank = "" if not lines[item.map[0] - 1].strip() else "\n"
            yield Change("numbers", (place, place), "", f"{blank}<!-- -->\n\n", NEW_LIST)


STEP = Step("numbers", numbers, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=3)
