"""Latin letters with diacritics in a text -> how well a language explains them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.language.fluency import cached_unigrams
from pipeline.language.ngrams import Floats

Swaps = tuple[tuple[tuple[int, int], ...], ...]  # by swap: pairs of code points
LATIN_WITH_DIACRITICS = (0xC0, 0x250)  # Latin letters with diacritics; two of them are × and ÷


def diacritic_excess_nats(lines: Sequence[str], allowed: float) -> float:
    """Return the excess nats of `lines`: the sum of cross-entropy - `allowed` over their Latin letters with diacritics.

    The model of a line is the frequencies of such letters in the language that fits them best. Per 1,000 characters,
    Czech mis-decoded as Windows-1252 has at least 3.3; prose hardly ever has.
    """
    excess = 0.0
    for line in lines:
        letters, counts = _diacritic_counts(line)
        if len(letters):
            known = counts @ _diacritic_log_probabilities().take(letters, axis=0)
            excess -= float(known.max()) + allowed * int(counts.sum())
    return excess


@functools.lru_cache(maxsize=1)
def _diacritic_counts(text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the Latin letters with diacritics of a text, as distances to the first one, and how often each occurs."""
    first, end = LATIN_WITH_DIACRITICS
    distances = np.frombuffer(text.encode("utf-32-le"), np.uint32) - np.uint32(first)
    counts = np.bincount(distances[distances < end - first])
    letters = np.flatnonzero(counts)
    return letters, counts[letters]


def is_latin_with_diacritic(char: str) -> bool:
    """Return whether a character is among the Latin letters with diacritics."""
    first, end = LATIN_WITH_DIACRITICS
    return first <= ord(char) < end


def swapped_diacritics_gain(text: str, swaps: Swaps) -> float:
    """Return by how many nats the Latin letters with diacritics of a text are likelier with the best of some swaps.

    Each swap gives pairs of code points: a letter, and the one that it is by mistake.
    """
    letters, counts = _diacritic_counts(text)
    if not len(letters):
        return 0.0
    scores = counts.astype(np.float32) @ _swapped_log_probabilities(swaps).take(letters, axis=0)
    best = scores.reshape(len(swaps) + 1, -1).max(axis=1)
    return float(best[1:].max() - best[0])


@functools.cache
def _swapped_log_probabilities(swaps: Swaps) -> Floats:
    """Return the log-probabilities of letters with diacritics: by letter, then by swap and language.

    The languages without a swap come first.
    """
    first, _ = LATIN_WITH_DIACRITICS
    known = _diacritic_log_probabilities()
    tables = [known]
    for swap in swaps:
        moved = known.copy()
        wrong, right = (np.array(column) - first for column in zip(*swap, strict=True))
        moved[wrong] = known[right]
        tables.append(moved)
    return np.concatenate(tables, axis=1).astype(np.float32)


@functools.cache
def _diacritic_log_probabilities() -> npt.NDArray[np.float64]:
    """Return the log-probability of each Latin letter with a diacritic among these letters: by letter and language."""
    alone = cached_unigrams(np.arange(*LATIN_WITH_DIACRITICS)).astype(np.float64)
    return np.asarray((alone - np.log(np.exp(alone).sum(axis=1, keepdims=True))).T, np.float64, order="C")
