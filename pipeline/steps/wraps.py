"""Join the lines of wrapped paragraphs in scripts without spaces between words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import InlineContent, groups_with, inline_contents_of
from pipeline.patterns import lazy_pattern

CJK_WITHOUT_HANGUL = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"  # without Hangul, which has spaces
LEAST_LINE_WIDTH = 40  # columns; lines of verse and lists are shorter
MOST_WIDTH_DIFFERENCE = 6  # columns; lines differ in width where a Latin word or punctuation did not fit
WRAPPED_LINES = "the paragraph was wrapped at a fixed width; a line end would show as a space between characters"
_LINE_BREAK_IN_CJK = lazy_pattern(
    rf"\n(?<=[^\n]{{{LEAST_LINE_WIDTH // 2 - 1}}}[{CJK_WITHOUT_HANGUL}]\n)[ \t>]*(?=[{CJK_WITHOUT_HANGUL}])"
)  # a character has 2 columns at most
_STOP_AT_END = lazy_pattern(r"[。．！？!?…][」』”’）)]*\Z")
_SENTENCE_ENDS = lazy_pattern(r"[。！？!?…：:；;」』”）)]\Z")


def wraps(document: Document) -> Document:
    """Join the lines of Chinese and Japanese paragraphs that were wrapped at a fixed width."""
    changes = [
        change
        for inline in inline_contents_of(groups_with(_LINE_BREAK_IN_CJK, document.text))
        if inline.kind == "paragraph"
        and _LINE_BREAK_IN_CJK.search(inline.content)
        and _wrapped(inline.content.split("\n"))
        for change in _line_joins(document.text, inline)
    ]
    return document.edited(changes) if changes else document


def _wrapped(lines: list[str]) -> bool:
    """Return whether all lines except the last have the same width, and one of them ends inside a sentence."""
    widths = [sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in line) for line in lines]
    *full, last = widths
    return bool(
        len(full) > 0
        and min(full) >= LEAST_LINE_WIDTH
        and max(full) - min(full) <= MOST_WIDTH_DIFFERENCE
        and last <= max(full)
        and any(not _SENTENCE_ENDS.search(line) for line in lines[:-1])
        and (len(full) > 1 or _STOP_AT_END.search(lines[-1]))  # two lines without one may be two statements
        and not any(line.endswith(("\\", "  ")) or "`" in line for line in lines)
    )


def _line_joins(text: str, inline: InlineContent) -> Iterator[Change]:
    """Yield the changes that join the lines: with a space, but none between two wide characters."""
    for (_, start), (offset, following) in pairwise(inline.lines):
        end = start + len(inline.content[:offset].rsplit("\n", 2)[-2])
        wide = re.match(rf"[{CJK_WITHOUT_HANGUL}]{{2}}", text[end - 1] + text[following])
        yield Change("wraps", (end, following), text[end:following], "" if wide else " ", WRAPPED_LINES)


STEP = Step("wraps", wraps, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=5)
