"""Bytes of a double-byte codec, whole or half a character -> their sizes, and the characters that a half may be of."""

from __future__ import annotations

import functools

import numpy as np

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import EXTRA_BYTES
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel

MOST_OF_HALF = 32  # characters with a given first or second byte: the most frequent ones
SECOND_BYTES = range(0x40, 0xFF)
_letters_of_half: dict[tuple[bytes, bytes, str, int], tuple[str, ...]] = {}


def byte_places(text: str, codec: str) -> list[int]:
    """Return the number of bytes before each character of a text, and before its end; U+FFFD is one byte.

    >>> byte_places("aあb", "shift_jis")
    [0, 1, 3, 4]
    """
    places = [0]
    for char in text:
        places.append(places[-1] + _size(char, codec))
    return places


def byte_count(text: str, codec: str) -> int:
    """Return the number of bytes of a text, as `byte_places` has it.

    >>> byte_count("aあb", "shift_jis")
    4
    """
    count = 0
    for char in (REPLACEMENT, *EXTRA_BYTES.get(codec, ())):
        count += text.count(char)
        text = text.replace(char, "")
    return count + len(text.encode(codec, "ignore"))


@functools.lru_cache(maxsize=1 << 16)
def _size(char: str, codec: str) -> int:
    if char == REPLACEMENT or char in EXTRA_BYTES.get(codec, {}):
        return 1
    return len(char.encode(codec, "ignore"))  # a combining character has no byte


def letters_of_half(lead: bytes, trail: bytes, codec: str, model: LanguageModel) -> tuple[str, ...]:
    """Return the most frequent characters of two bytes, of which one is known and the other is empty."""
    key = (lead, trail, codec, model.salt)
    if key not in _letters_of_half:
        pairs = ((lead or bytes([byte])) + (trail or bytes([byte])) for byte in SECOND_BYTES)
        found = (pair.decode(codec, "ignore") for pair in pairs)
        chars = [char for char in found if len(char) == 1 and len(char.encode(codec)) > 1]
        chance = model.letters(codes_of("".join(chars))) if chars else np.zeros(0)
        _letters_of_half[key] = tuple(chars[at] for at in np.argsort(-chance, kind="stable")[:MOST_OF_HALF])
    return _letters_of_half[key]
