"""An open item -> lines for a terminal of any width, with Chinese, Japanese, Korean and right-to-left text."""

from __future__ import annotations

import shutil
import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len

from pipeline.records.report_jsonl import common_prefix_length

if TYPE_CHECKING:
    from pipeline.decisions import OpenItem, OpenItems

LEAST_WIDTH = 20  # columns; a narrower terminal wraps by itself
SIDE_BY_SIDE = 60  # columns from which two texts are shown next to each other
EXCERPT = 240  # characters of a duplicate
BEFORE_DIFFERENCE = 60  # of them, before the first difference
FOUND_CONTEXT = 8  # characters that find a place in a duplicate
ISOLATE, END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
KEPT_SIGNS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def visible(text: str) -> str:
    r"""Return text that is safe to show: line ends as a sign, control and direction characters escaped.

    >>> print(visible("a\nb\x1b[2J"))
    a↵b\x1b[2J
    """
    return "".join(map(_shown_sign, text))


def _shown_sign(char: str) -> str:
    if char == "\n":
        return "↵"
    if char not in KEPT_SIGNS and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}:
        return char.encode("unicode_escape").decode()
    return char


def isolated(text: str) -> str:
    """Return text between isolates, so that its direction does not disturb the line around it."""
    return f"{ISOLATE}{text}{END_ISOLATE}"


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text that is `width` columns wide; wide characters take two.

    >>> wrapped("one two 机器学习", 8)
    ['one two ', '机器学习']
    """
    lines, line, used, space = [], "", 0, 0
    for char in text:
        size = cell_len(char)
        if used + size > width:
            cut = space or len(line)
            lines.append(line[:cut])
            line, space = line[cut:], 0
            used = cell_len(line)
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
    head = wrapped(f"{left} left. {visible(place)}; confidence {item.confidence:.3g}", width)
    body = duplicate_lines(item, items, width) if item.kind == "duplicate" else inferred_lines(item, items, width)
    return [click.style(line, bold=True) for line in head] + body


def inferred_lines(item: OpenItem, items: OpenItems, width: int) -> list[str]:
    """Return the lines that show inferred text: in its sentence, with the alternatives and the evidence."""
    sentence = f"{visible(item.left)}[{visible(item.after)}]{visible(item.right)}"
    lines = [isolated(line) for line in wrapped(sentence, width)]
    lines += wrapped(f"{isolated(visible(item.before))} -> {isolated(visible(item.after))}", width)
    for number, (text, confidence) in enumerate(item.alternatives[:9], 1):
        lines += wrapped(f"  {number}  {isolated(visible(text))}  {confidence:.3g}", width)
    archive = "; with statistics of this archive" if item.from_archive else ""
    language = f"; language: {item.language}" if item.language else ""
    lines += wrapped(f"evidence: {visible(item.reason)}{language}{archive}", width)
    if item.duplicate and (passage := passage_of(items.text_of(item.duplicate), item)):
        lines += wrapped(f"in {visible(item.duplicate)}: {isolated(visible(passage))}", width)
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
    names = (f"y keeps {visible(item.after)}", f"n keeps {visible(item.before)}")
    column = (width - 3) // 2 if width >= SIDE_BY_SIDE else width
    parts = [
        [*wrapped(name, column), *wrapped(visible(text[start : start + EXCERPT]), column)]
        for name, text in zip(names, texts, strict=True)
    ]
    evidence = wrapped(f"duplicates: {visible(item.reason)}", width)
    if column == width:
        return [*evidence, *parts[0], *parts[1]]
    rows = zip_longest(*parts, fillvalue="")
    return [*evidence, *(f"{isolated(padded(one, column))} | {isolated(other)}" for one, other in rows)]


def padded(text: str, width: int) -> str:
    """Return a text with spaces up to `width` columns."""
    return text + " " * max(0, width - cell_len(text))
