"""Text -> its normalized words: equal for two copies whose markup, case and punctuation differ."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.duplicates.source_urls import ARCHIVED

_MARKS = (  # combining marks that are part of words; `\w` does not match them
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0730-\u074a"
    r"\u0900-\u109f\u1700-\u18af\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
_LETTERS = re.compile(rf"[\w{_MARKS}]+")
_POINT = re.compile(r"\.(?<=\d\.)(?=\d)")
POINT = "\N{COMBINING DOT BELOW}"  # replaces the decimal point, so that 1.5 is not 15
_QUERY = re.compile(r"(https?://[^\s<>\"')\]?#\u0080-\U0010ffff]*+)[?#][^\s<>\"')\]\u0080-\U0010ffff]*")
_SPACE = re.compile(r"\s+")
FEW = 200  # characters; shorter texts may differ only in punctuation and URLs

SPACE, NEWLINE = ord(" "), ord("\n")
EXPANDS = 0xFFFFFFFF  # marks a character that case folding turns into several

Letters = npt.NDArray[np.uint32]


def letters(text: str) -> Letters:
    """Return the case-folded code points of `text`: letters, marks, digits and line breaks, spaces for the rest.

    Each line starts with a line break.
    """
    plain = (
        _POINT.sub(POINT, text).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )  # "don't" is one word
    points = _folded()[np.frombuffer(f"\n{plain}".encode("utf-32-le"), np.uint32)]
    return letters(text.casefold()) if points.max() == EXPANDS else points


def spaced(text: str) -> str:
    r"""Return the words of `text`: case-folded letters, marks and digits, separated by single spaces.

    >>> print(ascii(spaced("**Pi**: 3.14!")))
    'pi 3\u032314'
    """
    return joined(letters(text))


def joined(points: Letters) -> str:
    """Return what `spaced` returns, from the code points that `letters` returned."""
    in_words = points > SPACE
    kept = in_words.copy()
    kept[1:] |= in_words[:-1]  # the first separator after a word
    return points[kept].tobytes().decode("utf-32-le").replace("\n", " ").strip()


@cache
def _folded() -> Letters:
    """Return a table from code points to what `letters` returns for them."""
    every = np.arange(sys.maxunicode + 1, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
    points = np.full(len(every), SPACE, np.uint32)
    points[NEWLINE] = NEWLINE
    for run in _LETTERS.finditer(every):
        folded = map(str.casefold, run[0])
        points[slice(*run.span())] = [ord(one) if len(one) == 1 else EXPANDS for one in folded]
    points[ord("_")] = SPACE
    return points


def unasked(text: str) -> str:
    """Return `text` with its URLs cut before their queries and without web archive prefixes."""
    return _QUERY.sub(r"\1 ", ARCHIVED.sub("", text)) if "://" in text else text


def digest(text: str, words: str, *more: str) -> bytes:
    """Return the SHA-256 (32 bytes) of the `words` of a text, as `spaced` returns them, and of `more`.

    For short texts the digest also covers the whole text, with white space collapsed.
    """
    whole = "" if len(words) >= FEW else _SPACE.sub(" ", text.strip())
    return hashlib.sha256("\0".join((words, whole, *more)).encode()).digest()
