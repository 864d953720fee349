"""What a word ends in, told by the words around it: a log-linear model, for languages that have one."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import Floats, stored

BITS = 20  # of the place of a weight
SPREAD, APART = np.uint64(2654435761), np.uint64(0x9E3779B97F4A7)  # odd, so that no two signs or letters fall together
GRAIN = 0.1  # nats: how finely weights are told
BEFORE, AFTER = 5, 3  # words on each side that are looked at
WINDOW = 100  # characters on each side that they are looked for in
UNKNOWN = -9.0  # nats: how well a letter fits that was not learnt
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Endings:
    """How much each sign of what stands around the end of a word speaks for each letter there (after Berger, 1996)."""

    letters: str
    weights: npt.NDArray[np.int8]  # by what a sign and a letter hash to: pairs that speak for nothing have 0
    reach: ClassVar[int] = 1  # character that must stand between lines: it tells that one ends
    heed: ClassVar[float] = 1.0  # the power that it counts by: it looks further than counts do

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return how well options end words at places of a text: natural logarithms, but for a constant a place.

        The shape is (places, most options of any); all are 0 where a letter follows.
        """
        fits = np.zeros((len(places), max(map(len, options))), np.float32)
        for row, place, told in zip(fits, places.tolist(), options, strict=True):
            if not text[place + 1].isalpha():
                signs = hashed(text[max(0, place - WINDOW) : place], text[place + 1 : place + 1 + WINDOW])
                letters = "".join(letter.lower()[0] for letter in told)
                weights = self.weights[at(signs, codes_of(letters))].sum(axis=0, dtype=np.int32) * GRAIN
                row[: len(told)] = np.where([letter in self.letters for letter in letters], weights, UNKNOWN)
        return fits


def hashed(before: str, after: str) -> npt.NDArray[np.uint64]:
    """Return the signs of a place as numbers, by what stands before and after it in its line or beyond."""
    signs = around(before.rpartition("\0")[2], after.partition("\0")[0])
    return np.fromiter((zlib.crc32(sign.encode()) for sign in signs), np.uint64)


def at(signs: npt.NDArray[np.uint64], letters: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return where the weights of pairs are: shape (signs, letters)."""
    mixed = signs[..., None] * SPREAD + letters * APART
    return (mixed >> np.uint64(11)) & np.uint64((1 << BITS) - 1)


def around(before: str, after: str) -> Iterator[str]:
    """Yield the signs of a place: its word without the letter, and how words beside it stand to what that ends in."""
    words = WORD.findall(before.lower())[::-1]
    stem = words.pop(0) if before[-1:].isalpha() else ""
    left = [*islice(chain(words, repeat("")), BEFORE)]
    right = [*islice(chain(WORD.findall(after.lower()), repeat("")), AFTER)]
    last, two = stem[-1:], stem[-2:]
    yield from (f"{name} {part}" for name, part in enumerate((stem, stem[-3:], two, last)))
    for number, word in enumerate((*left, *right)):
        yield from (f"w{number} {word} {last}", f"e{number} {word[-3:]} {last}", f"t{number} {word[-2:]} {two}")
    for word in dict.fromkeys(left):
        yield from (f"w {word} {last}", f"e {word[-3:]} {last}")
    first, second, third = left[:3]
    yield from (f"f {first} {stem}", f"n {right[0]} {stem}")
    yield f"2 {first[-3:]} {second} {last}"
    yield f"3 {first[-2:]} {second[-2:]} {third} {last}"
    yield f"4 {first[-2:]} {second[-2:]} {third[-2:]} {last}"
    yield f"5 {first[-2:]} {second[-2:]} {last}"
    yield f"6 {first[-3:]} {right[0][-3:]} {last}"


@functools.cache
def endings(language: str) -> Endings | None:
    """Return what is known of the ends of words in a language, by its tag; None where nothing is."""
    found = stored(f"endings-{language}")
    return Endings(str(found["letters"]), found["weights"]) if found else None
