"""Text -> the lines of it that may be mojibake, at a glance: what is sound is hardly looked at."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
from ftfy.badness import is_bad

from pipeline.changes import Span
from pipeline.evidence.fluency import oddness
from pipeline.evidence.gate import WINDOW, suspects

FEW = 5  # if not one in so many lines is suspect, the others are not looked at
SHORT = 200  # characters; so few are looked at whole
PLAIN = 6.8  # nats a letter outside ASCII: what is stranger reads like no language
ODD = 15.0  # nats a line may be less likely than that: ten letters of mojibake are
AROUND = 24  # characters on each side of what is suspect that tell whether it is fluent
FEWEST = 3  # quotes of English that lost their last bytes: one letter may be a slip
APOSTROPHE = re.compile(r"(?<=[A-Za-z])â(?=(?:s|t|re|ve|ll|m|d)\b)")
OTHERS = re.compile("[^\x00-\x7fâ¦]")
QUOTE = re.compile(rf"(?<![^\W\d_])â|â(?![^\W\d_])|{APOSTROPHE.pattern}")


def suspicious(text: str, lines: list[Span]) -> list[Span]:
    """Return which of the lines that are not all ASCII are worth a closer look; all if many are.

    They have pairs of letters that mojibake has, and read badly around them.
    """
    if _only_quotes(text):
        return lines
    places = suspects(text)
    if len(text) <= SHORT:
        return lines if len(places) or is_bad(text) else []
    near = _around(np.union1d(places, places + WINDOW), lines)
    if not near:
        return []
    written = [text[start:end] for _, start, end in near]
    odd = oddness(written, PLAIN) > ODD
    found = {
        number for (number, *_), piece, strange in zip(near, written, odd, strict=True) if strange or is_bad(piece)
    }
    return lines if len(found) * FEW >= len(lines) else [lines[number] for number in sorted(found)]


def _only_quotes(text: str) -> bool:
    """Tell whether the one letter outside ASCII is what is left of quotes and dashes: English is not told otherwise."""
    found = text.count("â")
    return (
        found >= FEWEST
        and not OTHERS.search(text)
        and APOSTROPHE.search(text) is not None
        and len(QUOTE.findall(text)) == found
    )


def _around(places: npt.NDArray[np.int64], lines: list[Span]) -> list[tuple[int, int, int]]:
    """Return the stretches around `places`, in order: the number of the line, and where in the text it starts, ends."""
    numbers = np.searchsorted([start for start, _ in lines], places, side="right") - 1
    found: list[tuple[int, int, int]] = []
    for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
        start, end = max(lines[number][0], place - AROUND), min(lines[number][1], place + AROUND)
        if found and found[-1][0] == number and start <= found[-1][2]:
            start = found.pop()[1]
        if number >= 0 and start < end:
            found.append((number, start, end))
    return found
