"""Texts -> filters of their n-grams; decisions about places -> those that may apply to a text with such a filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.decisions.decision import Decision
from pipeline.language.ngram_keys import MULTIPLIER, codes_of, salted_keys

GRAM = 4  # characters of the n-grams of a text filter
LEAST_FILTER_BITS = 1024
PROBED_GRAMS = 16  # n-grams of each place that are looked up: if half of all are found by chance, 16 are in 1 of 65,536
Bits = npt.NDArray[np.uint8]


def gram_keys(text: str) -> npt.NDArray[np.uint64]:
    """Return the hash of each n-gram of a text, in order."""
    codes = codes_of(text)
    rolling = np.zeros(max(len(codes) - GRAM + 1, 0), np.uint64)
    for at in range(GRAM):
        rolling *= MULTIPLIER
        rolling += codes[at : at + len(rolling)]
    return salted_keys(rolling, 0, 0)


def text_filter(*texts: str) -> bytes:
    """Return a Bloom filter with one hash of the n-grams of texts: about a bit for each character."""
    size = LEAST_FILTER_BITS
    while size < max(map(len, texts), default=0):
        size *= 2
    flags = np.zeros(size, bool)
    for text in texts:
        flags[gram_keys(text) & np.uint64(size - 1)] = True
    return np.packbits(flags, bitorder="little").tobytes()


def filter_has(filters: bytes, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Return for each n-gram, given by its hash, whether a text with this filter may have it; False is certain.

    >>> known = text_filter("one two three")
    >>> [bool(filter_has(known, gram_keys(text)).all()) for text in ("two three", "four five six seven")]
    [True, False]
    """
    bits: Bits = np.frombuffer(filters, np.uint8)
    at = keys & np.uint64(8 * len(bits) - 1)
    return (bits[(at >> np.uint64(3)).astype(np.intp)] >> (at & np.uint64(7)).astype(np.uint8) & 1).astype(bool)


class PlaceIndex:
    """Decisions about places, and a few n-grams of each: most places are not in most texts."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        """Index `decisions`, all with the scope `here`."""
        self.decisions = tuple(decisions)

    @cached_property
    def _grams(self) -> npt.NDArray[np.uint64]:
        rows = np.zeros((len(self.decisions), PROBED_GRAMS), np.uint64)
        for row, one in zip(rows, self.decisions, strict=True):
            keys = gram_keys(one.left + one.before + one.right)
            if len(keys):
                row[:] = keys[np.linspace(0, len(keys) - 1, PROBED_GRAMS).astype(int)]
        return rows

    @cached_property
    def _short(self) -> npt.NDArray[np.bool_]:
        return np.array([len(one.left + one.before + one.right) < GRAM for one in self.decisions], bool)

    def candidates(self, filters: bytes) -> Iterator[Decision]:
        """Yield the decisions whose place may be in a text with this filter; the others are certainly not."""
        if self.decisions:
            likely = filter_has(filters, self._grams).all(axis=1) | self._short
            for at in np.flatnonzero(likely).tolist():
                yield self.decisions[at]
