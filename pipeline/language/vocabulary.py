"""How common words are: what tells a letter of a long word, of languages that have a list of them."""

from __future__ import annotations

import functools
import math
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.language.ngrams import Floats, stored

UNKNOWN = math.log(1e-9)  # the chance of a word that is not in the list
GRAIN = 0.25  # nats: how finely chances are told
LONGEST = 40  # letters on one side of a place; a longer run is no word, and not looked at to its end
BITS = 28  # of a hash: one word in 3,800 that is not in a list of 70,000 is taken for one that is


@dataclass(frozen=True, slots=True)
class Words:
    """The commonest words of a language, by a hash of each."""

    hashes: npt.NDArray[np.uint32]  # in order
    chances: Floats  # natural logarithms
    reach: ClassVar[int] = 1  # character that must stand between lines: one that is no letter ends a word
    heed: ClassVar[float] = 0.5  # the power that it counts by beside counts of the same texts

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return how likely the words are that options make at places of a text: natural logarithms.

        The shape is (places, most options of any); what has none is 0.
        """
        fits = np.zeros((len(places), max(map(len, options))), np.float32)
        found: list[tuple[int, int, str]] = []
        for row, (place, told) in enumerate(zip(places.tolist(), options, strict=True)):
            before, after = _around(text, place)
            for column, option in enumerate(told):
                found += ((row, column, word) for word in words_of(before + option + after))
        if found:
            rows, columns, made = zip(*found, strict=True)
            np.add.at(fits, (rows, columns), self.chance(made))
        return fits

    def chance(self, words: Iterable[str]) -> Floats:
        """Return how likely each word is: natural logarithms."""
        hashes = np.fromiter(map(hash_of, words), np.uint32)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, self.chances[at], np.float32(UNKNOWN))


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text, in small letters and without marks that combine, such as vowels of Arabic.

    >>> list(words_of("«Дом», e\u0301te\u0301 2"))
    ['дом', 'ete']
    """
    bare = (char for char in text.lower() if not unicodedata.combining(char))
    yield from "".join(char if _inside(char) else " " for char in bare).split()


def hash_of(word: str) -> int:
    """Return the number that stands for a word: the first bits of its CRC-32."""
    return zlib.crc32(word.encode()) >> 32 - BITS


def _around(text: str, place: int) -> tuple[str, str]:
    """Return what stands before and after a place in the word there."""
    first, last = place, place + 1
    while place - first < LONGEST and _inside(text[first - 1]):
        first -= 1
    while last - place <= LONGEST and _inside(text[last]):
        last += 1
    return text[first:place], text[place + 1 : last]


@functools.lru_cache(maxsize=1 << 12)
def _inside(char: str) -> bool:
    """Tell whether a character is a letter or a mark on one."""
    return unicodedata.category(char)[0] in "LM"


@functools.cache
def words(language: str) -> Words | None:
    """Return the words of a language, by its tag; None where there is no list."""
    found = stored(f"words-{language}")
    if found is None:
        return None
    steps = np.ascontiguousarray(found["steps"].T).view("<u4").ravel()
    return Words(np.cumsum(steps, dtype=np.uint32), found["chances"].astype(np.float32) * -GRAIN)
