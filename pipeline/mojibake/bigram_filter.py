"""Text -> where it may be mojibake: pairs of characters that are more frequent in mojibake than in any language."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from pipeline.language.model_meta import CJK_TAGS
from pipeline.language.ngrams import has_bigrams
from pipeline.mojibake.obvious import BIGRAM_MODEL, FIRST_CJK, MOJIBAKE_THRESHOLD, WINDOW_BIGRAMS

MOST_CLASSES = 1024  # character classes at most
BLOCK_CHARACTERS = 1 << 15  # characters in one go: their arrays fit into a core's cache


def mojibake_windows(text: str, *, closely: bool = True) -> npt.NDArray[np.int64]:
    """Return the offsets in `text` of the windows that are likelier in mojibake than in any language.

    Without `closely`, windows of rare CJK characters are included: enough for an estimate of their number.

    >>> mojibake_windows("Les Ã©lÃ¨ves Ã©tudient").size > 0, mojibake_windows("Les élèves étudient").size
    (True, 0)
    """
    kinds, strangeness = _bigram_tables()
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(codes), BLOCK_CHARACTERS):
        seen = kinds.take(codes[start : start + BLOCK_CHARACTERS + WINDOW_BIGRAMS], mode="clip")
        found.append(_windows_over_threshold(strangeness.take(seen[:-1] * MOST_CLASSES + seen[1:])) + start)
    places = np.concatenate(found)
    return _without_known_bigrams(codes, places) if closely and len(places) else places


def _windows_over_threshold(strangeness: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Return the offsets of the windows whose sum exceeds the limit."""
    sums = (
        strangeness
        if len(strangeness) >= WINDOW_BIGRAMS
        else np.pad(strangeness, (0, WINDOW_BIGRAMS - len(strangeness)))
    )
    for reach in (1, 2, 4):
        sums = sums[:-reach] + sums[reach:]
    return np.flatnonzero(sums > MOJIBAKE_THRESHOLD)


def _without_known_bigrams(codes: npt.NDArray[np.uint32], places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the offsets of the windows that exceed the limit without the pairs that the CJK models have."""
    kinds, strangeness_of = _bigram_tables()
    windows = places[:, None] + np.arange(WINDOW_BIGRAMS)
    seen = np.zeros(len(codes) + WINDOW_BIGRAMS, np.bool_)
    seen[windows] = True
    pairs = np.flatnonzero(seen[: len(codes) - 1])
    first, second = codes[pairs], codes[pairs + 1]
    strangeness = strangeness_of.take(kinds.take(first, mode="clip") * MOST_CLASSES + kinds.take(second, mode="clip"))
    strangeness[_known_cjk_bigrams(first, second)] = 0
    at = np.searchsorted(pairs, windows)
    sums = np.append(strangeness, 0)[at].sum(axis=1)
    return np.asarray(places[sums > MOJIBAKE_THRESHOLD], np.int64)


def _known_cjk_bigrams(first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Return which pairs with a CJK character the language models have."""
    written = np.zeros(len(first), np.bool_)
    left = np.flatnonzero((first >= ord(FIRST_CJK)) | (second >= ord(FIRST_CJK)))
    if len(left):
        written[left] = has_bigrams(CJK_TAGS, first[left], second[left])
    return written


@functools.cache
def _bigram_tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int16]]:
    """Return the class of each character of the Basic Multilingual Plane, and the log-likelihood ratio of each pair.

    The pair of classes a and b is at a * `MOST_CLASSES` + b. Ratios are in 1/`RATIO_SCALE` nats.
    """
    with np.load(BIGRAM_MODEL) as file:
        strangeness = file["strangeness"]
        pairs = np.zeros((MOST_CLASSES, MOST_CLASSES), np.int16)
        pairs[: len(strangeness), : len(strangeness)] = strangeness
        return file["kinds"].astype(np.int64), pairs.ravel()
