"""Text -> the lines of it that may be mojibake, at a glance: what is sound is hardly looked at."""

from __future__ import annotations

import itertools
import re

import numpy as np
import numpy.typing as npt
from ftfy.badness import is_bad

from pipeline.changes import Span
from pipeline.language.fluency import mismatch, oddness
from pipeline.mojibake.bigram_filter import WINDOW, suspects
from pipeline.mojibake.chain_search import sampled
from pipeline.mojibake.lossy.diagnosis import OTHERS, contracted
from pipeline.mojibake.utf8_validity import proven, signs

FEW = 5  # if not one in so many lines is suspect, the others are not looked at
SHORT = 200  # characters; so few are looked at whole
PLAIN = 6.8  # nats a letter outside ASCII: what is stranger reads like no language
ODD = 15.0  # nats a line may be less likely than that: ten letters of mojibake are
AROUND = 24  # characters on each side of what is suspect that tell whether it is fluent
FEWEST = 3  # quotes of English that lost their last bytes: one letter may be a slip
SPREAD = 4_000  # characters, or twice as many, whose letters with marks tell whether they are of one language
UNLIKE = 3.2  # nats a letter with marks: hardly ever is as much in a language
MISMATCH = 5.0  # nats the letters of a text may be less likely than that
APOSTROPHE = re.compile(r"(?<=[A-Za-z])â(?=(?:s|t|re|ve|ll|m|d)\b)")
QUOTE = re.compile(rf"(?<![^\W\d_])â|â(?![^\W\d_])|{APOSTROPHE.pattern}")


def suspicious(text: str) -> list[Span]:
    """Return which of the lines that are not all ASCII are worth a closer look; all if many are.

    They have pairs of letters that mojibake has, and read badly around them.
    """
    if _only_quotes(text) or proven(text) or signs(text) or _mismatched(text):
        return foreign(text)
    places = suspects(text)
    if len(text) <= SHORT:
        return foreign(text) if len(places) or is_bad(text) else []
    if not len(places):
        return []
    near = _around(text, np.union1d(places, places + WINDOW))
    written = [text[start:end] for start, end in near]
    odd = oddness(written, PLAIN, mixed=False) > ODD
    if odd.any():
        odd = oddness(written, PLAIN) > ODD
    pieces = zip(near, written, odd, strict=True)
    found = sorted({_line(text, start) for (start, _), piece, strange in pieces if strange or is_bad(piece)})
    if not found:
        return []
    lines = foreign(text)
    return lines if len(found) * FEW >= len(lines) else found


def foreign(text: str) -> list[Span]:
    """Return where the lines stand that are not all ASCII."""
    lines = text.split("\n")
    starts = itertools.accumulate((len(line) + 1 for line in lines), initial=0)
    return [(start, start + len(line)) for start, line in zip(starts, lines, strict=False) if not line.isascii()]


def _only_quotes(text: str) -> bool:
    """Tell whether the one letter outside ASCII is what is left of quotes and dashes: English is not told otherwise."""
    found = text.count("â")
    quoted = found >= FEWEST and not OTHERS.search(text) and APOSTROPHE.search(text) is not None
    return (quoted and len(QUOTE.findall(text)) == found) or contracted(text)


def _mismatched(text: str) -> bool:
    """Tell whether no one language has the letters of a text, though it has each of their pairs: not those of a line.

    Letters spread over the text tell whether it is worth that look: files in many languages look like that as well.
    """
    if mismatch([text[:: len(text) // SPREAD + 1]], UNLIKE) < MISMATCH:
        return False
    return mismatch(sampled([text[start:end] for start, end in foreign(text)]), UNLIKE) >= MISMATCH


def _around(text: str, places: npt.NDArray[np.int64]) -> list[Span]:
    """Return the stretches of a text around `places`, in order, none of which reaches beyond its line."""
    found: list[Span] = []
    ends = np.flatnonzero(np.diff(places, append=len(text) + 3 * AROUND) > 2 * AROUND)
    for first, last in zip(places[[0, *ends[:-1] + 1]].tolist(), places[ends].tolist(), strict=True):
        start = max(_line(text, first)[0], first - AROUND)
        for piece in text[start : min(_line(text, last)[1], last + AROUND)].split("\n"):
            if piece:
                found.append((start, start + len(piece)))
            start += len(piece) + 1
    return found


def _line(text: str, place: int) -> Span:
    """Return where the line of a text stands that a place is in."""
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, len(text) if end < 0 else end
