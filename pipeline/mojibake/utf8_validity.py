"""Text -> whether its characters outside ASCII are valid UTF-8 in some codec; for texts with few of them."""

from __future__ import annotations

import functools
import re

from pipeline.document import GAP
from pipeline.encoding.codecs import guesses, multi_byte_misdecodings, single_byte_misdecodings
from pipeline.encoding.misdecoding import byte_of
from pipeline.mojibake.chain_search import Chain

SIGNS = frozenset("‘’“”–—…·")  # the characters outside ASCII of English
_SIGN = r"¡[¡-ÿ]|¡[A-Z](?!\w)|(?<=\w)¡[A-Z]|¨[A-F]"  # the same in GBK, Big5 and EUC, decoded as cp1252
_SIGNS = re.compile(f"(?:[\x00-\x7f]++|{_SIGN})*+")
_FOREIGN = re.compile("[^\x00-\x7f]")


def proven(text: str) -> bool:
    """Return whether all characters outside ASCII are valid UTF-8 in the bytes of one codec: a lone letter never is.

    >>> proven("ВїQuГ© tal?"), proven("¿Qué tal?")
    (True, False)
    """
    first = _FOREIGN.search(text)
    return first is not None and any(
        _misread(codec).fullmatch(text, first.start()) for codec in single_byte_misdecodings()
    )


@functools.cache
def _misread(codec: str) -> re.Pattern[str]:
    """Return the pattern of a whole text that is UTF-8, decoded as `codec`."""
    two, three, four, rest = (
        "".join(char for char, byte in byte_of(codec).items() if first <= byte <= last)
        for first, last in ((0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4), (0x80, 0xBF))
    )
    return re.compile(f"(?:[\\x00-\\x7f]++|[{two}][{rest}]|[{three}][{rest}]{{2}}|[{four}][{rest}]{{3}})*+")


def signs(text: str) -> Chain | None:
    """Return the chain that mis-decoded quotes and dashes; None where a text has more outside ASCII, or none fits.

    >>> print(signs("It¡¯s ¡°here¡±"), signs("¡Hola!"))
    gb18030 decoded as cp1252 None
    """
    if text.isascii() or not _SIGNS.fullmatch(text):
        return None
    chains = (Chain(((wrong, truth),)) for wrong in guesses() for truth in multi_byte_misdecodings())
    return next((chain for chain in chains if SIGNS.issuperset(_FOREIGN.findall(chain.undone(text) or GAP))), None)
