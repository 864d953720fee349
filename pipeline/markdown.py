"""Markdown text -> tokens: the one dialect, CommonMark with tables, strikethrough and footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

Span = tuple[int, int]

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_BACKTICKS = re.compile(r"(?<!\\)(?<!`)(`+)(?!`)")
_HTML_CODE = re.compile(r"<(code|pre|kbd|samp|tt)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


@cache
def parser() -> MarkdownIt:
    """Return the parser of the dialect; it holds no state between texts."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)


def parse(text: str) -> list[Token]:
    """Return the block tokens of `text`, inline tokens as their children."""
    return parser().parse(text)


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character, and the length of the text as the last entry."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return [*starts, len(text)] if starts[-1] != len(text) else starts


def code_spans(text: str) -> list[Span]:
    """Return where code stands in `text`, in order: blocks and inline, fences and backticks included.

    >>> code_spans("a `b` c")
    [(2, 5)]
    """
    starts = line_starts(text)
    spans: list[Span] = []
    for token in parse(text):
        if token.map is None:
            continue
        start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        if token.type in {"fence", "code_block"}:
            spans.append((start, end))
        elif token.type == "inline":
            spans += _inline_code(text, start, end)
        elif token.type == "html_block":
            spans += [match.span() for match in _HTML_CODE.finditer(text, start, end)]
    return sorted(spans)


def _inline_code(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the code spans between two offsets of a paragraph: equal runs of backticks, and HTML's code elements."""
    runs = list(_BACKTICKS.finditer(text, start, end))
    closers: dict[int, list[int]] = {}
    for index, run in enumerate(runs):
        closers.setdefault(len(run[1]), []).append(index)
    at = 0
    while at < len(runs):
        equal = closers[len(runs[at][1])]
        while equal and equal[0] <= at:
            equal.pop(0)
        if equal:
            yield runs[at].start(), runs[equal[0]].end()
            at = equal[0]
        at += 1
    yield from (match.span() for match in _HTML_CODE.finditer(text, start, end))


def plain(token: Token) -> str:
    """Return the text a reader sees of an inline token: markup gone, images by their alternative text."""
    parts = []
    for child in token.children or ():
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.type == "image":
            parts.append(plain(child))
    return "".join(parts)
