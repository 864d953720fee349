"""Inline content -> its runs of asterisks: which were written as pairs, and which flank a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.changes import Span
from pipeline.patterns import lazy_pattern

STRONG_ASTERISKS = 2  # asterisks of strong emphasis
MOST_ASTERISKS = 3  # asterisks: emphasis and strong emphasis at once
ENDS_OF_BRACKETS = ")]}）】」』》"
ASTERISKS = lazy_pattern(r"(?<![\\*])\*+")  # not after a backslash
_NOT_EMPHASIS = lazy_pattern(  # where asterisks are not emphasis: code spans, link targets, autolinks, HTML code
    r"(?<!\\)(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
    r"|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\s*\)|<[^<>\s]+>|<(?P<tag>code|kbd|pre)\b.{0,9999}?</(?P=tag)>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class AsteriskRun:
    """A run of asterisks in inline content: offsets of its start and end."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """The number of asterisks."""
        return self.end - self.start


def paired_runs(
    content: str, text: Sequence[Span] = ()
) -> tuple[list[tuple[AsteriskRun, AsteriskRun]], list[AsteriskRun]]:
    """Return the pairs of runs that an author meant as emphasis, and the runs without a partner.

    A run pairs with the next run of its size, whatever CommonMark makes of it. Runs in the spans of `text` are text.
    """
    hidden = [*(match.span() for match in _NOT_EMPHASIS.finditer(content)), *text]
    opened: dict[int, AsteriskRun] = {}
    pairs: list[tuple[AsteriskRun, AsteriskRun]] = []
    lone: list[AsteriskRun] = []
    for match in ASTERISKS.finditer(content):
        run = AsteriskRun(*match.span())
        before, after = content[run.start - 1 : run.start], content[run.end : run.end + 1]
        if any(start <= run.start < end for start, end in hidden) or (
            is_blank(before) and is_blank(after) and (run.start or run.size != STRONG_ASTERISKS)
        ):
            continue
        if run.size > MOST_ASTERISKS:
            lone.append(run)
        elif run.size in opened and not is_blank(before):
            pairs.append((opened.pop(run.size), run))
        elif _ends_word(before, after):
            lone.append(run)
        else:
            if run.size in opened:
                lone.append(opened.pop(run.size))
            opened[run.size] = run
    return sorted(pairs, key=lambda pair: pair[0].start), sorted([*lone, *opened.values()], key=lambda run: run.start)


def _ends_word(before: str, after: str) -> bool:
    """Return whether a run belongs to the Latin word or the bracket before it: `zo* 匹配`, `(标记 late**)`."""
    return before.isascii() and before.isalnum() and (is_blank(after) or after in ENDS_OF_BRACKETS)


def is_flanking(outside: str, inside: str) -> bool:
    """Return whether asterisks between two characters flank the inside one (CommonMark 0.31.2, section 6.2)."""
    return not is_blank(inside) and (not is_punctuation(inside) or is_blank(outside) or is_punctuation(outside))


def is_blank(char: str) -> bool:
    """Return whether a character is white space or missing (an empty string)."""
    return not char or char.isspace()


def is_punctuation(char: str) -> bool:
    """Return whether CommonMark 0.31.2 counts a character as punctuation: Unicode categories P and S."""
    return unicodedata.category(char)[0] in "PS"


def is_mask(content: str, run: AsteriskRun) -> bool:
    """Return whether a long run can stand for hidden characters: in a word or number, behind one letter, or alone."""
    before, after = content[run.start - 1 : run.start], content[run.end : run.end + 1]
    if is_blank(before) and is_blank(after):
        return True  # `6222 **** **** 1234`
    if any(char.isascii() and (char.isalnum() or char in "-@") for char in (before, after) if char):
        return True
    alone = before.isalnum() and not content[max(0, run.start - 2) : run.start - 1].isalnum()
    return before.isalnum() and (after.isalnum() or alone)
