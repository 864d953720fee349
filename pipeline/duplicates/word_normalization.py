"""Text -> its words alone: what makes two copies one text, whatever their markup."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.duplicates.source_urls import ARCHIVED

_MARKS = (  # of scripts whose marks are letters, to the eye and to the meaning; `\w` leaves marks out
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0730-\u074a"
    r"\u0900-\u109f\u1700-\u18af\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
_LETTERS = re.compile(rf"[\w{_MARKS}]+")
_POINT = re.compile(r"\.(?<=\d\.)(?=\d)")
POINT = "\N{COMBINING DOT BELOW}"  # stands for the point in 1.5, which is not 15
_QUERY = re.compile(r"(https?://[^\s<>\"')\]?#\u0080-\U0010ffff]*+)[?#][^\s<>\"')\]\u0080-\U0010ffff]*")
_SPACE = re.compile(r"\s+")
FEW = 200  # letters; where there are fewer, marks and addresses may be all that tells two texts apart


SPACE, NEWLINE = ord(" "), ord("\n")
EXPANDS = 0xFFFFFFFF  # stands for a letter that case folding makes several of

Letters = npt.NDArray[np.uint32]


def letters(text: str) -> Letters:
    """Return the code points of `text`, case folded: letters, marks and digits, line breaks, and spaces for all else.

    There is a line break before each line.
    """
    plain = _POINT.sub(POINT, text).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")  # don't is one word
    points = _folded()[np.frombuffer(f"\n{plain}".encode("utf-32-le"), np.uint32)]
    return letters(text.casefold()) if points.max() == EXPANDS else points


def spaced(text: str) -> str:
    r"""Return the letters, marks and digits of `text`, case folded, one space wherever anything else stood.

    >>> print(ascii(spaced("**Pi**: 3.14!")))
    'pi 3\u032314'
    """
    return joined(letters(text))


def joined(points: Letters) -> str:
    """Return `spaced` of the text that `letters` took apart."""
    told = points > SPACE
    kept = told.copy()  # a letter, or the first of what stands between two
    kept[1:] |= told[:-1]
    return points[kept].tobytes().decode("utf-32-le").replace("\n", " ").strip()


@cache
def _folded() -> Letters:
    """Return what `letters` puts for each code point."""
    every = np.arange(sys.maxunicode + 1, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
    points = np.full(len(every), SPACE, np.uint32)
    points[NEWLINE] = NEWLINE
    for run in _LETTERS.finditer(every):
        folded = map(str.casefold, run[0])
        points[slice(*run.span())] = [ord(one) if len(one) == 1 else EXPANDS for one in folded]
    points[ord("_")] = SPACE
    return points


def unasked(text: str) -> str:
    """Return `text` with its web addresses cut where the query begins, and without an archive's: they tell the way."""
    return _QUERY.sub(r"\1 ", ARCHIVED.sub("", text)) if "://" in text else text


def digest(text: str, separate: str, *more: str) -> bytes:
    """Return what is equal for equal texts, 32 bytes of SHA-256.

    Of what `spaced` gave, and of `more`; where that is short, of the whole text, white space folded.
    """
    whole = "" if len(separate) >= FEW else _SPACE.sub(" ", text.strip())
    return hashlib.sha256("\0".join((separate, whole, *more)).encode()).digest()
