"""Texts of a language -> their n-grams, with counts and varieties."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.language.ngram_keys import MULTIPLIER
from pipeline.language.ngrams import LOG_COUNT_STEP, ORDER, VARIETIES
from training.texts import Texts

VARIETY = (0.05, 0.2, 0.5)  # upper limits of the variety classes (ngrams.VARIETIES)


def hashes_of(codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each order the rolling hashes of n-grams by their last place, and which contain no break."""
    breaks = codes == 0
    clean = np.ones(len(codes), bool)
    rolling = np.zeros(len(codes), np.uint64)
    found = []
    for order in range(1, ORDER + 1):
        shifted = np.zeros(len(codes), np.uint64)
        shifted[1:] = rolling[:-1]
        rolling = shifted * MULTIPLIER + codes
        reach = np.zeros(len(codes), bool)
        reach[order - 1 :] = breaks[: len(codes) - order + 1]
        clean = clean & ~reach
        clean[: order - 1] = False
        found.append((rolling, clean))
    return found


class Row(NamedTuple):
    """The n-grams of one order, sorted by hash; `contexts` and `ends` are indices into the row of the order below."""

    hashes: np.ndarray
    counts: np.ndarray
    varieties: np.ndarray
    contexts: np.ndarray  # all but the last character
    ends: np.ndarray  # all but the first

    @property
    def data(self) -> np.ndarray:
        """The bytes to store in the table: rounded logarithms of counts, and varieties."""
        levels = np.clip(np.round(np.log(self.counts) / LOG_COUNT_STEP) + 1, 1, 63).astype(np.int64)
        return (levels * VARIETIES + self.varieties).astype(np.uint8)

    def only(self, chosen: np.ndarray) -> Row:
        """Return the chosen n-grams; `contexts` and `ends` keep their indices into the unfiltered row."""
        return Row(*(column[chosen] for column in self))


def count(texts: Texts) -> list[Row]:
    """Return the n-grams of each order with their counts."""
    rows: list[Row] = []
    every = hashes_of(texts.codes)
    for order, (rolling, clean) in enumerate(every, 1):
        at = np.flatnonzero(clean)
        at = at[np.argsort(rolling[at], kind="stable")]
        hashes = rolling[at]
        first = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
        counts = np.add.reduceat(texts.weights[at], first)
        hashes, at = hashes[first], at[first]
        parts = np.zeros((2, len(at)), np.int32)
        if order > 1:
            shorter = every[order - 2][0]
            parts = np.searchsorted(rows[-1].hashes, shorter[np.stack([at - 1, at])]).astype(np.int32)
            _vary(rows[-1], parts[0])
        rows.append(Row(hashes, counts, np.zeros(len(at), np.int64), *parts))
    return rows


def _vary(row: Row, contexts: np.ndarray) -> None:
    """Set the varieties of `row`; `contexts` are the indices of n-grams in it that longer n-grams begin with."""
    followers = np.bincount(contexts, minlength=len(row.counts))
    row.varieties[:] = np.searchsorted(VARIETY, followers / row.counts)
