"""Text -> whether all that is outside ASCII says what it was: what is left of a doubt where that is little."""

from __future__ import annotations

import functools
import re

from pipeline.document import GAP
from pipeline.encoding.misdecoding import WIDE, byte_of
from pipeline.mojibake.chain_search import SINGLE, WESTERN, Chain

SIGNS = frozenset("‘’“”–—…·")  # what English has outside ASCII
_SIGN = r"¡[¡-ÿ]|¡[A-Z](?!\w)|(?<=\w)¡[A-Z]|¨[A-F]"  # as Western text shows such signs of GBK, Big5 and EUC
_SIGNS = re.compile(f"(?:[\x00-\x7f]++|{_SIGN})*+")
_FOREIGN = re.compile("[^\x00-\x7f]")


def proven(text: str) -> bool:
    """Tell whether all that is outside ASCII is whole UTF-8 in the bytes of one codec: a lone letter never is.

    >>> proven("ВїQuГ© tal?"), proven("¿Qué tal?")
    (True, False)
    """
    first = _FOREIGN.search(text)
    return first is not None and any(_misread(codec).fullmatch(text, first.start()) for codec in SINGLE)


@functools.cache
def _misread(codec: str) -> re.Pattern[str]:
    """Return what matches all of a text that is UTF-8 which `codec` read."""
    two, three, four, rest = (
        "".join(char for char, byte in byte_of(codec).items() if first <= byte <= last)
        for first, last in ((0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4), (0x80, 0xBF))
    )
    return re.compile(f"(?:[\\x00-\\x7f]++|[{two}][{rest}]|[{three}][{rest}]{{2}}|[{four}][{rest}]{{3}})*+")


def signs(text: str) -> Chain | None:
    """Return how the quotes and dashes of a text were misread that has nothing else outside ASCII.

    >>> print(signs("It¡¯s ¡°here¡±"), signs("¡Hola!"))
    gb18030 was read as cp1252 None
    """
    if text.isascii() or not _SIGNS.fullmatch(text):
        return None
    chains = (Chain(((wrong, truth),)) for wrong in WESTERN for truth in WIDE)
    return next((chain for chain in chains if SIGNS.issuperset(_FOREIGN.findall(chain.undone(text) or GAP))), None)
