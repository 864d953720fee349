"""The asterisks of a paragraph: runs of them, which were set as pairs, and on which side they face a word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

STRONG = 2  # asterisks
LONGEST = 3  # asterisks, of both kinds of emphasis at once
RUN = re.compile(r"(?<![\\*])\*+")
_HIDDEN = re.compile(
    r"(?<!\\)(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
    r"|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\s*\)|<[^<>\s]+>|<(?P<tag>code|kbd|pre)\b.*?</(?P=tag)>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of asterisks in an inline's content."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many asterisks."""
        return self.end - self.start


def paired(content: str) -> tuple[list[tuple[Run, Run]], list[Run]]:
    """Return the runs that an author set as pairs, each run with the next of its size, and those left alone."""
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
    """Tell whether marks between these two characters face the inside (CommonMark 0.31.2, section 6.2, flanking)."""
    return not blank(inside) and (not punctuation(inside) or blank(outside) or punctuation(outside))


def blank(char: str) -> bool:
    """Tell whether there is no character, or white space."""
    return not char or char.isspace()


def punctuation(char: str) -> bool:
    """Tell whether CommonMark 0.31.2 counts a character as punctuation: categories P and S."""
    return unicodedata.category(char)[0] in "PS"
