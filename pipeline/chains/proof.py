"""Text -> whether every byte of it says that it is UTF-8 misread: what is left of a doubt where letters are few."""

from __future__ import annotations

import functools
import re

from pipeline.chains.readings import byte_of
from pipeline.chains.search import SINGLE

_FIRST = re.compile("[^\x00-\x7f]")


def proven(text: str) -> bool:
    """Tell whether all that is outside ASCII is whole UTF-8 in the bytes of one codec: a lone letter never is.

    >>> proven("ВїQuГ© tal?"), proven("¿Qué tal?")
    (True, False)
    """
    first = _FIRST.search(text)
    return first is not None and any(_misread(codec).fullmatch(text, first.start()) for codec in SINGLE)


@functools.cache
def _misread(codec: str) -> re.Pattern[str]:
    """Return what matches all of a text that is UTF-8 which `codec` read."""
    two, three, four, rest = (
        "".join(char for char, byte in byte_of(codec).items() if first <= byte <= last)
        for first, last in ((0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4), (0x80, 0xBF))
    )
    return re.compile(f"(?:[\\x00-\\x7f]++|[{two}][{rest}]|[{three}][{rest}]{{2}}|[{four}][{rest}]{{3}})*+")
