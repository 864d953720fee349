"""Text -> whether its characters outside ASCII are valid UTF-8 in some codec; for texts with few of them."""

from __future__ import annotations

import functools
import re

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import fallback_codecs, multi_byte_misdecodings, single_byte_misdecodings
from pipeline.encoding.misdecoding import bytes_by_character
from pipeline.mojibake.chain_search import Chain

ENGLISH_PUNCTUATION = frozenset("‘’“”–—…·")  # the characters outside ASCII of English
FIRST_BYTE, LAST_FIRST_BYTE = 0xC2, 0xF4  # of sequences of UTF-8
_DOUBLE_BYTE_PUNCTUATION = (
    r"¡[¡-ÿ]|¡[A-Z](?!\w)|(?<=\w)¡[A-Z]|¨[A-F]"  # the same in GBK, Big5 and EUC, decoded as cp1252
)
_ASCII_AND_PUNCTUATION = re.compile(f"(?:[\x00-\x7f]++|{_DOUBLE_BYTE_PUNCTUATION})*+")
_NON_ASCII = re.compile("[^\x00-\x7f]")


def is_valid_utf8(text: str) -> bool:
    """Return whether all characters outside ASCII are valid UTF-8 in the bytes of one codec: a lone letter never is.

    >>> is_valid_utf8("ВїQuГ© tal?"), is_valid_utf8("¿Qué tal?")
    (True, False)
    """
    first = _NON_ASCII.search(text)
    if first is None or text[first.end() : first.end() + 1].isascii():
        return False
    return any(pattern.fullmatch(text, first.start()) for pattern in _patterns_by_first().get(first[0], ()))


@functools.cache
def _patterns_by_first() -> dict[str, list[re.Pattern[str]]]:
    """Return the patterns of the codecs in which a sequence can begin with a character, by this character."""
    found: dict[str, list[re.Pattern[str]]] = {}
    for codec in single_byte_misdecodings():
        for char, byte in bytes_by_character(codec).items():
            if FIRST_BYTE <= byte <= LAST_FIRST_BYTE:
                found.setdefault(char, []).append(_utf8_pattern(codec))
    return found


@functools.cache
def _utf8_pattern(codec: str) -> re.Pattern[str]:
    """Return the pattern of a whole text that is UTF-8, decoded as `codec`."""
    two, three, four, rest = (
        "".join(char for char, byte in bytes_by_character(codec).items() if first <= byte <= last)
        for first, last in ((0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4), (0x80, 0xBF))
    )
    return re.compile(f"(?:[\\x00-\\x7f]++|[{two}][{rest}]|[{three}][{rest}]{{2}}|[{four}][{rest}]{{3}})*+")


def punctuation_chain(text: str) -> Chain | None:
    """Return the chain that mis-decoded quotes and dashes; None where a text has more outside ASCII, or none fits.

    >>> print(punctuation_chain("It¡¯s ¡°here¡±"), punctuation_chain("¡Hola!"))
    gb18030 decoded as cp1252 None
    """
    if "¡" not in text and "¨" not in text:
        return None
    if not _ASCII_AND_PUNCTUATION.fullmatch(text):
        return None
    text = "\n".join(line for line in text.split("\n") if not line.isascii())
    chains = (Chain(((wrong, truth),)) for wrong in fallback_codecs() for truth in multi_byte_misdecodings())
    return next(
        (
            chain
            for chain in chains
            if ENGLISH_PUNCTUATION.issuperset(_NON_ASCII.findall(chain.undone(text) or REPLACEMENT))
        ),
        None,
    )
