"""Text -> its words alone: what makes two copies one text, whatever their markup."""

from __future__ import annotations

import hashlib
import re

_MARKS = (  # of scripts whose marks are letters, to the eye and to the meaning; `\w` leaves marks out
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0730-\u074a"
    r"\u0900-\u109f\u1700-\u18af\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
_BETWEEN = re.compile(rf"[^\w{_MARKS}]+")
_POINT = re.compile(r"\.(?<=\d\.)(?=\d)")
POINT = "\N{COMBINING DOT BELOW}"  # stands for the point in 1.5, which is not 15
_QUERY = re.compile(r"(https?://[^\s<>\"')\]?#\u0080-\U0010ffff]*)[?#][^\s<>\"')\]\u0080-\U0010ffff]*")
_SPACE = re.compile(r"\s+")
FEW = 200  # letters; where there are fewer, marks and addresses may be all that tells two texts apart


def spaced(text: str) -> str:
    r"""Return the letters, marks and digits of `text`, case folded, one space wherever anything else stood.

    Of an address, what comes after the path is left out.

    >>> print(ascii(spaced("**Pi**: 3.14!")))
    'pi 3\u032314'
    """
    return _BETWEEN.sub(" ", _plain(text)).strip()


def words(separate: str) -> str:
    """Return what `spaced` gave without its spaces."""
    return separate.replace(" ", "")


def unasked(text: str) -> str:
    """Return `text` with its web addresses cut where the query begins: it tells how a reader came."""
    return _QUERY.sub(r"\1 ", text)


def _plain(text: str) -> str:
    whole = _POINT.sub(POINT, unasked(text)).replace("_", " ")
    return whole.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "").casefold()  # don't is one word


def digest(text: str, separate: str, *more: str) -> bytes:
    """Return what is equal for equal texts, 32 bytes of SHA-256.

    Of what `spaced` gave, and of `more`; where that is short, of the whole text, white space folded.
    """
    whole = "" if len(separate) >= FEW else _SPACE.sub(" ", text.strip())
    return hashlib.sha256("\0".join((separate, whole, *more)).encode()).digest()
