"""Inline content -> its runs of asterisks: which were written as pairs, and which flank a word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

STRONG = 2  # asterisks of strong emphasis
LONGEST = 3  # asterisks: emphasis and strong emphasis at once
RUN = re.compile(r"(?<![\\*])\*+")  # not after a backslash
_HIDDEN = re.compile(  # where asterisks are no emphasis: code spans, link targets, autolinks, HTML code
    r"(?<!\\)(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
    r"|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\s*\)|<[^<>\s]+>|<(?P<tag>code|kbd|pre)\b.*?</(?P=tag)>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of asterisks in inline content: offsets of its start and end."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """The number of asterisks."""
        return self.end - self.start


def paired(content: str) -> tuple[list[tuple[Run, Run]], list[Run]]:
    """Return the pairs of runs that an author meant as emphasis, and the runs without a partner.

    A run pairs with the next run of its size, whatever CommonMark makes of it.
    """
    hidden = [match.span() for match in _HIDDEN.finditer(content)]
    opened: dict[int, Run] = {}
    pairs: list[tuple[Run, Run]] = []
    lone: list[Run] = []
    for match in RUN.finditer(content):
        run = Run(*match.span())
        before, after = content[run.start - 1 : run.start], content[run.end : run.end + 1]
        if any(start <= run.start < end for start, end in hidden) or (
            blank(before) and blank(after) and (run.start or run.size != STRONG)
        ):
            continue
        if run.size > LONGEST:
            lone.append(run)
        elif run.size in opened and not blank(before):
            pairs.append((opened.pop(run.size), run))
        elif run.size in opened:
            lone.append(opened.pop(run.size))
            opened[run.size] = run
        else:
            opened[run.size] = run
    return sorted(pairs, key=lambda pair: pair[0].start), sorted([*lone, *opened.values()], key=lambda run: run.start)


def opens(outside: str, inside: str) -> bool:
    """Return whether asterisks between two characters flank the inside one (CommonMark 0.31.2, section 6.2)."""
    return not blank(inside) and (not punctuation(inside) or blank(outside) or punctuation(outside))


def blank(char: str) -> bool:
    """Return whether a character is white space or missing (an empty string)."""
    return not char or char.isspace()


def punctuation(char: str) -> bool:
    """Return whether CommonMark 0.31.2 counts a character as punctuation: Unicode categories P and S."""
    return unicodedata.category(char)[0] in "PS"
