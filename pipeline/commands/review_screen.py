"""An open item -> lines for a terminal of any width, with Chinese, Japanese, Korean and right-to-left text."""

from __future__ import annotations

import shutil
from itertools import zip_longest
from typing import TYPE_CHECKING

import click
from wcwidth import wcswidth

from pipeline.records.report_jsonl import common_prefix_length
from pipeline.records.visible import single_line

if TYPE_CHECKING:
    from pipeline.decisions import OpenItem, OpenItems

LEAST_WIDTH = 20  # columns; a narrower terminal wraps by itself
SIDE_BY_SIDE = 60  # columns from which two texts are shown next to each other
EXCERPT = 240  # characters of a duplicate
BEFORE_DIFFERENCE = 60  # of them, before the first difference
FOUND_CONTEXT = 8  # characters that find a place in a duplicate
ISOLATE, END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def isolated(text: str) -> str:
    """Return text between isolates, so that its direction does not disturb the line around it."""
    return f"{ISOLATE}{text}{END_ISOLATE}"


def columns_of(text: str) -> int:
    r"""Return how many columns of a terminal a text takes: `机器 a` takes 6; a control character takes none.

    >>> columns_of("机器 a"), columns_of("e\u0301"), columns_of("a\x1b")
    (6, 1, 1)
    """
    return sum(map(_column_count, text))


def _column_count(char: str) -> int:
    return max(0, wcswidth(char))


def cut(text: str, width: int) -> str:
    """Return the start of a text that takes at most `width` columns: `机器学习` in 5 columns is `机器`."""
    used = 0
    for at, char in enumerate(text):
        used += _column_count(char)
        if used > width:
            return text[:at]
    return text


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text that is `width` columns wide; wide characters take two.

    >>> wrapped("one two 机器学习", 8)
    ['one two ', '机器学习']
    """
    lines, line, used, space = [], "", 0, 0
    for char in text:
        size = _column_count(char)
        if used + size > width:
            cut = space or len(line)
            lines.append(line[:cut])
            line, space = line[cut:], 0
            used = columns_of(line)
        line += char
        used += size
        if char == " ":
            space = len(line)
    return [*lines, line] if line else lines


def shown_item(item: OpenItem, items: OpenItems, left: int) -> None:
    """Print an item: where it is, its context, the alternatives and the evidence; `left` items are open."""
    width = max(LEAST_WIDTH, shutil.get_terminal_size().columns)
    click.echo()
    for line in item_lines(item, items, left, width):
        click.echo(line)


def item_lines(item: OpenItem, items: OpenItems, left: int, width: int) -> list[str]:
    """Return the lines that show an item."""
    place = f"{item.document}, line {item.line}" if item.line else item.document
    head = wrapped(f"{left} left. {single_line(place)}; confidence {item.confidence:.3g}", width)
    body = duplicate_lines(item, items, width) if item.kind == "duplicate" else inferred_lines(item, items, width)
    return [click.style(line, bold=True) for line in head] + body


def inferred_lines(item: OpenItem, items: OpenItems, width: int) -> list[str]:
    """Return the lines that show inferred text: in its sentence, with the alternatives and the evidence."""
    sentence = f"{single_line(item.left)}[{single_line(item.after)}]{single_line(item.right)}"
    lines = [isolated(line) for line in wrapped(sentence, width)]
    lines += wrapped(f"{isolated(single_line(item.before))} -> {isolated(single_line(item.after))}", width)
    for number, (text, confidence) in enumerate(item.alternatives[:9], 1):
        lines += wrapped(f"  {number}  {isolated(single_line(text))}  {confidence:.3g}", width)
    archive = "; with statistics of this archive" if item.from_archive else ""
    language = f"; language: {item.language}" if item.language else ""
    lines += wrapped(f"evidence: {single_line(item.reason)}{language}{archive}", width)
    if item.duplicate and (passage := passage_of(items.text_of(item.duplicate), item)):
        lines += wrapped(f"in {single_line(item.duplicate)}: {isolated(single_line(passage))}", width)
    if item.group > 1:
        lines += wrapped(f"{item.group} open items are equal: A accepts all {item.group}, D rejects all", width)
    return lines


def passage_of(text: str, item: OpenItem) -> str:
    """Return the passage of a duplicate's text that has the inferred text between the same words; empty if none."""
    for left, right in ((item.left[-FOUND_CONTEXT:], ""), ("", item.right[:FOUND_CONTEXT])):
        at = text.find(left + item.after + right)
        if at >= 0 and (left or right):
            return text[max(0, at - FOUND_CONTEXT) : at + len(left + item.after + right) + 4 * FOUND_CONTEXT]
    return ""


def duplicate_lines(item: OpenItem, items: OpenItems, width: int) -> list[str]:
    """Return the lines that show two near-duplicates from their first difference, side by side where there is room."""
    texts = [items.text_of(path) for path in (item.after, item.before)]
    start = max(0, common_prefix_length(*texts) - BEFORE_DIFFERENCE)
    names = (f"y keeps {single_line(item.after)}", f"n keeps {single_line(item.before)}")
    column = (width - 3) // 2 if width >= SIDE_BY_SIDE else width
    parts = [
        [*wrapped(name, column), *wrapped(single_line(text[start : start + EXCERPT]), column)]
        for name, text in zip(names, texts, strict=True)
    ]
    evidence = wrapped(f"duplicates: {single_line(item.reason)}", width)
    if column == width:
        return [*evidence, *parts[0], *parts[1]]
    rows = zip_longest(*parts, fillvalue="")
    return [*evidence, *(f"{isolated(padded(one, column))} | {isolated(other)}" for one, other in rows)]


def padded(text: str, width: int) -> str:
    """Return a text with spaces up to `width` columns."""
    return text + " " * max(0, width - columns_of(text))
