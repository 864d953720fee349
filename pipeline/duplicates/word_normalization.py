"""Text -> its normalized words: equal for two copies whose markup, case and punctuation differ."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.duplicates.source_urls import WAYBACK_PREFIX

COMBINING_MARKS = (  # combining marks that are part of words; `\w` does not match them
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0730-\u074a"
    r"\u0900-\u109f\u1700-\u18af\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
_WORD_RUN = re.compile(rf"[\w{COMBINING_MARKS}]+")
_DECIMAL_POINT_PATTERN = re.compile(r"\.(?<=\d\.)(?=\d)")
DECIMAL_POINT = "\N{COMBINING DOT BELOW}"  # replaces the decimal point, so that 1.5 is not 15
_URL_QUERY = re.compile(
    r"(https?://(?:[^\s<>\"')\]?#h\u0080-\U0010ffff]++|h(?!ttps?://))*+)[?#][^\s<>\"')\]\u0080-\U0010ffff]*"
)
_WHITESPACE_RUN = re.compile(r"\s+")
_MAY_BE_CODE = re.compile(r"^(?: {4}|\t)|```|~~~", re.MULTILINE)
SHORT_TEXT_CHARACTERS = 200  # characters; shorter texts may differ only in punctuation and URLs

SPACE_CODE, NEWLINE_CODE = ord(" "), ord("\n")
FOLDS_TO_SEVERAL = 0xFFFFFFFF  # marks a character that case folding turns into several

CodePoints = npt.NDArray[np.uint32]


def normalized_code_points(text: str) -> CodePoints:
    """Return the case-folded code points of `text`: letters, marks, digits and line breaks, spaces for the rest.

    Each line starts with a line break.
    """
    plain = (
        _DECIMAL_POINT_PATTERN.sub(DECIMAL_POINT, text).replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )  # "don't" is one word
    points = _fold_table()[np.frombuffer(f"\n{plain}".encode("utf-32-le"), np.uint32)]
    return normalized_code_points(text.casefold()) if points.max() == FOLDS_TO_SEVERAL else points


def normalized_words(text: str) -> str:
    r"""Return the words of `text`: case-folded letters, marks and digits, separated by single spaces.

    >>> print(ascii(normalized_words("**Pi**: 3.14!")))
    'pi 3\u032314'
    """
    return words_from_code_points(normalized_code_points(text))


def words_from_code_points(points: CodePoints) -> str:
    """Return what `normalized_words` returns, from the code points that `normalized_code_points` returned."""
    in_words = points > SPACE_CODE
    kept = in_words.copy()
    kept[1:] |= in_words[:-1]  # the first separator after a word
    return points[kept].tobytes().decode("utf-32-le").replace("\n", " ").strip()


@cache
def _fold_table() -> CodePoints:
    """Return a table from code points to what `normalized_code_points` returns for them."""
    every = np.arange(sys.maxunicode + 1, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
    points = np.full(len(every), SPACE_CODE, np.uint32)
    points[NEWLINE_CODE] = NEWLINE_CODE
    for run in _WORD_RUN.finditer(every):
        folded = map(str.casefold, run[0])
        points[slice(*run.span())] = [ord(one) if len(one) == 1 else FOLDS_TO_SEVERAL for one in folded]
    points[ord("_")] = SPACE_CODE
    return points


def without_url_queries(text: str) -> str:
    """Return `text` with its URLs cut before their queries and without web archive prefixes."""
    return _URL_QUERY.sub(r"\1 ", WAYBACK_PREFIX.sub("", text)) if "://" in text else text


def text_digest(text: str, words: str, *more: str) -> bytes:
    """Return the SHA-256 (32 bytes) of a text and of `more`; `words` are its words, as `normalized_words` returns them.

    For short texts without code all white space is equal.
    """
    short = len(words) < SHORT_TEXT_CHARACTERS and not _MAY_BE_CODE.search(text)
    whole = _WHITESPACE_RUN.sub(" ", text.strip()) if short else text.strip("\n")
    return hashlib.sha256("\0".join((whole, *more)).encode()).digest()
