"""Markdown text -> where code is in it: code blocks, code spans and HTML code elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from pipeline.changes import Span
from pipeline.markdown.closers import Closers
from pipeline.markdown.fast_parse import is_fenced_block
from pipeline.markdown.parsing import parse_ended_blocks

LINE_END = re.compile("\r\n?|\n")  # as CommonMark 0.31.2 has it
_MAYBE_CODE = re.compile(  # a quick pre-filter: a text without a match has no code
    r"`|^[ \t>\-*+\d.)]*(?: {4}|\t|~~~)|<(?:code|pre|kbd|samp|tt)\b", re.MULTILINE | re.IGNORECASE
)
_BACKTICKS = re.compile(r"(?<!\\)(?<!`)(`+)(?!`)")  # a run of backticks, not escaped
_HTML_CODE = re.compile(r"<(code|pre|kbd|samp|tt)\b[^<>]*>", re.IGNORECASE)
_HTML_CODE_ENDS = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("code", "pre", "kbd", "samp", "tt")}


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character; the last entry is the length of the text."""
    if "\r" in text:
        starts = [0, *(match.end() for match in LINE_END.finditer(text))]
    else:
        starts = [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]
    return [*starts, len(text)] if starts[-1] != len(text) else starts


def code_spans(text: str) -> list[Span]:
    """Return the spans of code in `text`, sorted: blocks and inline code, with their fences and backticks.

    >>> code_spans("a `b` c")
    [(2, 5)]
    """
    if not _MAYBE_CODE.search(text):
        return []
    if is_fenced_block(text):
        return [(0, len(text))]
    starts, closers = line_starts(text), Closers(text)
    spans: list[Span] = []
    for token in parse_ended_blocks(text).tokens:
        if token.map is None:
            continue
        start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        if token.type in {"fence", "code_block"}:
            spans.append((start, end))
        elif token.type == "inline":
            spans += _inline_code_spans(text, start, end, closers)
        elif token.type == "html_block":
            spans += _html_code_spans(text, start, end, closers)
    return sorted(spans)


def _html_code_spans(text: str, start: int, end: int, closers: Closers) -> Iterator[Span]:
    """Yield the spans of HTML elements of code between two offsets."""
    while opener := _HTML_CODE.search(text, start, end):
        start = opener.end()
        closer = closers.after(start, _HTML_CODE_ENDS[opener[1].lower()])
        if closer and closer.end() <= end:
            start = closer.end()
            yield opener.start(), start


def _inline_code_spans(text: str, start: int, end: int, closers: Closers) -> Iterator[Span]:
    """Yield the spans of inline code between two offsets: between equal runs of backticks, and in HTML elements."""
    runs = list(_BACKTICKS.finditer(text, start, end)) if text.find("`", start, end) >= 0 else []
    equal_runs: dict[int, list[int]] = {}
    for index, run in enumerate(runs):
        equal_runs.setdefault(len(run[1]), []).append(index)
    at = 0
    while at < len(runs):
        equal = equal_runs[len(runs[at][1])]
        while equal and equal[0] <= at:
            equal.pop(0)
        if equal:
            yield runs[at].start(), runs[equal[0]].end()
            at = equal[0]
        at += 1
    if text.find("</", start, end) >= 0:
        yield from _html_code_spans(text, start, end, closers)
