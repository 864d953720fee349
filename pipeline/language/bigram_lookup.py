"""Two characters -> whether a CJK language has them in a row: the model's table of bigrams without numpy.

Importing numpy takes longer than to look up a thousand pairs here. `ngrams.has_bigrams` gives the same answers.
"""

from __future__ import annotations

import functools
import mmap

from pipeline.language.hash_numbers import ROLLING_FACTOR, SPLITMIX64, key_salt
from pipeline.language.model_meta import CJK_TAGS, MODEL_FOLDER, model_meta

MASK = (1 << 64) - 1
HEADER_LENGTH_AT, HEADER_AT = 8, 10  # of a file of numpy's format 1.0: where the header's length is, and the header


@functools.lru_cache(maxsize=1 << 14)
def is_cjk_bigram(first: str, second: str) -> bool:
    """Return whether one of the CJK languages has two characters in a row.

    >>> is_cjk_bigram("中", "国"), is_cjk_bigram("涓", "浗")
    (True, False)
    """
    hashed = (_folded(first) * ROLLING_FACTOR + _folded(second)) & MASK
    return any(_has_value(_mixed((hashed + salt) & MASK)) for salt in _salts())


@functools.cache
def _salts() -> tuple[int, ...]:
    """Return what is added to the hash of a bigram of each CJK language."""
    languages = model_meta().languages
    return tuple(key_salt(2, languages.index(tag)) for tag in CJK_TAGS)


def _folded(char: str) -> int:
    """Return the code point of a character after folding: see `ngram_keys.folded_codes`."""
    if char.isascii():
        return ord("0" if char.isdigit() else " " if char.isspace() else char.lower())
    return ord(char)


def _mixed(key: int) -> int:
    key = ((key ^ (key >> 30)) * SPLITMIX64[0]) & MASK
    key = ((key ^ (key >> 27)) * SPLITMIX64[1]) & MASK
    return key ^ (key >> 31)


def _has_value(key: int) -> bool:
    """Return whether the table has a value for a mixed key: see `fuse_table.table_values`."""
    slots, segments, bits = _short_table()
    size = 1 << bits
    first = ((key >> 32) * (segments << bits)) >> 32
    second = (first + size) ^ ((key >> 8) & (size - 1))
    third = (first + size + size) ^ ((key >> 23) & (size - 1))
    found = slots[first] ^ slots[second] ^ slots[third]
    return found >> 8 == key & 0xFFFFFF and found & 0xFF > 0


@functools.cache
def _short_table() -> tuple[memoryview, int, int]:
    """Return the slots of the table of short n-grams, memory-mapped, and its layout: segments and bits."""
    with (MODEL_FOLDER / "short.npy").open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return data[_data_at(data) :].cast("I"), *model_meta().layouts[0]


def _data_at(data: memoryview) -> int:
    """Return where the numbers of an array in numpy's format begin."""
    return HEADER_AT + int.from_bytes(data[HEADER_LENGTH_AT:HEADER_AT], "little")


def array_bytes(file: bytes) -> memoryview:
    """Return the numbers of an array in numpy's format."""
    data = memoryview(file)
    return data[_data_at(data) :]
