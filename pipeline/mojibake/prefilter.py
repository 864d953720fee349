"""Text -> the lines that may be mojibake: a fast pre-filter, so that sound text costs next to nothing."""

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

FEW = 5  # if one in so many lines is suspicious, all others are examined as well
SHORT = 200  # characters: shorter texts are examined whole
PLAIN = 6.8  # nats per letter outside ASCII: no language has a higher cross-entropy
ODD = 15.0  # nats by which a line may exceed that: ten characters of mojibake do
AROUND = 24  # characters of context on each side of a suspicious place
FEWEST = 3  # quotes of English that lost their last bytes: a single one may be a typo
SPREAD = 4_000  # characters, or twice as many, whose accented letters indicate the language
UNLIKE = 3.2  # nats per accented letter: hardly any language has a higher cross-entropy
MISMATCH = 5.0  # nats by which the letters of a text may exceed that
APOSTROPHE = re.compile(r"(?<=[A-Za-z])â(?=(?:s|t|re|ve|ll|m|d)\b)")
QUOTE = re.compile(rf"(?<![^\W\d_])â|â(?![^\W\d_])|{APOSTROPHE.pattern}")


def suspicious(text: str) -> list[Span]:
    r"""Return the spans of the lines outside ASCII that may be mojibake; of all of them if many may be.

    They have pairs of characters that are frequent in mojibake, and no language fits the text around these.

    >>> suspicious("cafÃ© âœ”\ncafé"), suspicious("café")
    ([(0, 9), (10, 14)], [])
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
    r"""Return the spans of the lines that are not all ASCII.

    >>> foreign("a\né")
    [(2, 3)]
    """
    lines = text.split("\n")
    starts = itertools.accumulate((len(line) + 1 for line in lines), initial=0)
    return [(start, start + len(line)) for start, line in zip(starts, lines, strict=False) if not line.isascii()]


def _only_quotes(text: str) -> bool:
    """Return whether all that English text has outside ASCII is `â`, the remainder of mis-decoded quotes and dashes."""
    found = text.count("â")
    quoted = found >= FEWEST and not OTHERS.search(text) and APOSTROPHE.search(text) is not None
    return (quoted and len(QUOTE.findall(text)) == found) or contracted(text)


def _mismatched(text: str) -> bool:
    """Return whether no single language has the letters of a text, though each pair of letters is in some language.

    A sample spread over the text is checked first; then the lines, for a file may be in several languages.
    """
    if mismatch([text[:: len(text) // SPREAD + 1]], UNLIKE) < MISMATCH:
        return False
    return mismatch(sampled([text[start:end] for start, end in foreign(text)]), UNLIKE) >= MISMATCH


def _around(text: str, places: npt.NDArray[np.int64]) -> list[Span]:
    """Return the spans around `places`, in order, each within its line."""
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
    """Return the span of the line that has a place."""
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, len(text) if end < 0 else end
