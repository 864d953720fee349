"""Join the lines of paragraphs that were wrapped by hand or by a program where no space separates words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.markdown import InlineContent, inline_contents

CJK = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"  # letters and punctuation, without Hangul: it has spaces
NARROWEST = 40  # columns; verse and lists are narrower
RAGGED = 6  # columns: a line ends so much before the others where a Latin word or a mark that starts no line follows
REASON = "the lines of a paragraph that was wrapped at a fixed width; a line end would show as a space between letters"
_BREAK = re.compile(rf"\n(?<=[^\n]{{{NARROWEST // 2 - 1}}}[{CJK}]\n)[ \t>]*(?=[{CJK}])")  # of 2 columns at most
_ENDS = re.compile(r"[。！？!?…：:；;」』”）)]\Z")


def wraps(document: Document) -> Document:
    """Join the lines of Chinese and Japanese paragraphs that were wrapped at a fixed width, without a space."""
    if not _BREAK.search(document.text):
        return document
    changes = [
        change
        for inline in inline_contents(document.text, _BREAK.search)
        if inline.kind == "paragraph" and _BREAK.search(inline.content) and _wrapped(inline.content.split("\n"))
        for change in _joined(document.text, inline)
    ]
    return document.edited(changes) if changes else document


def _wrapped(lines: list[str]) -> bool:
    """Tell whether all lines but the last are of one width, and at least one ends within a sentence."""
    widths = [sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in line) for line in lines]
    *full, last = widths
    return (
        len(full) > 0
        and min(full) >= NARROWEST
        and max(full) - min(full) <= RAGGED
        and last <= max(full)
        and any(not _ENDS.search(line) for line in lines[:-1])
        and not any(line.endswith(("\\", "  ")) or "`" in line for line in lines)
    )


def _joined(text: str, inline: InlineContent) -> Iterator[Change]:
    """Yield the changes that join the lines: without a space between wide characters, with one elsewhere."""
    for (_, start), (offset, following) in pairwise(inline.lines):
        end = start + len(inline.content[:offset].rsplit("\n", 2)[-2])
        wide = re.match(rf"[{CJK}]{{2}}", text[end - 1] + text[following])
        yield Change("wraps", (end, following), text[end:following], "" if wide else " ", REASON, 0.9)


STEP = Step("wraps", wraps, (SAME_WORDS, SAME_CODE, SAME_LINKS), version=2)
