"""Text -> its words alone: what makes two copies one text, whatever their markup."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.unique.address import ARCHIVED

_MARKS = (  # of scripts whose marks are letters, to the eye and to the meaning; `\w` leaves marks out
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0730-\u074a"
    r"\u0900-\u109f\u1700-\u18af\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
_LETTERS = re.compile(rf"[\w{_MARKS}]+")
_POINT = re.compile(r"\.(?<=\d\.)(?=\d)")
POINT = "\N{COMBINING DOT BELOW}"  # stands for the point in 1.5, which is not 15
_QUERY = re.compile(r"(https?://[^\s<>\"')\]?#\u0080-\U0010ffff]*)[?#][^\s<>\"')\]\u0080-\U0010ffff]*")
_SPACE = re.compile(r"\s+")
FEW = 200  # letters; where there are fewer, marks and addresses may be all that tells two texts apart


Letters = tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]


def letters(text: str) -> Letters:
    """Return the code points of `text`, case folded, and which of them are letters, marks or digits."""
    plain = _POINT.sub(POINT, text).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")  # don't is one word
    codes = np.frombuffer(plain.casefold().encode("utf-32-le"), np.uint32)
    return codes, _tells()[codes]


def spaced(text: str) -> str:
    r"""Return the letters, marks and digits of `text`, case folded, one space wherever anything else stood.

    >>> print(ascii(spaced("**Pi**: 3.14!")))
    'pi 3\u032314'
    """
    return joined(letters(text))


def joined(letters: Letters) -> str:
    """Return `spaced` of the text that `letters` took apart."""
    codes, told = letters
    kept = told.copy()  # a letter, or the first of what stands between two
    kept[1:] |= told[:-1]
    return np.where(told, codes, np.uint32(ord(" ")))[kept].tobytes().decode("utf-32-le").strip()


@cache
def _tells() -> npt.NDArray[np.bool_]:
    """Return, for each code point, whether it is a letter, a mark that is one, or a digit."""
    points = "".join(map(chr, range(sys.maxunicode + 1)))
    told = np.zeros(len(points), np.bool_)
    for run in _LETTERS.finditer(points):
        told[slice(*run.span())] = True
    told[ord("_")] = False
    return told


def unasked(text: str) -> str:
    """Return `text` with its web addresses cut where the query begins, and without an archive's: they tell the way."""
    return _QUERY.sub(r"\1 ", ARCHIVED.sub("", text)) if "://" in text else text


def digest(text: str, separate: str, *more: str) -> bytes:
    """Return what is equal for equal texts, 32 bytes of SHA-256.

    Of what `spaced` gave, and of `more`; where that is short, of the whole text, white space folded.
    """
    whole = "" if len(separate) >= FEW else _SPACE.sub(" ", text.strip())
    return hashlib.sha256("\0".join((separate, whole, *more)).encode()).digest()
