"""Text -> where it may be mojibake: pairs of characters that are more frequent in mojibake than in any language."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from pipeline.language.model_files import MODEL
from pipeline.language.ngrams import CJK, have

WINDOW = 8  # pairs of characters that are scored together
STRANGE = 192  # least log-likelihood ratio of mojibake to language for a window, in 1/`SCALE` nats: 12 nats
SCALE = 16
SPAN = 1024  # character classes at most
BLOCK = 1 << 15  # characters in one go: their arrays fit into a core's cache
WIDE = 0x2E80  # first code point of CJK: too many characters for the table to have each pair
_FILE = MODEL / "gate.npz"


def suspects(text: str, *, closely: bool = True) -> npt.NDArray[np.int64]:
    """Return the offsets in `text` of the windows that are likelier in mojibake than in any language.

    Without `closely`, windows of rare CJK characters are included: enough for an estimate of their number.

    >>> suspects("Les Ã©lÃ¨ves Ã©tudient").size > 0, suspects("Les élèves étudient").size
    (True, 0)
    """
    kinds, strangeness = _tables()
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(codes), BLOCK):
        seen = kinds.take(codes[start : start + BLOCK + WINDOW], mode="clip")
        found.append(_strange(strangeness.take(seen[:-1] * SPAN + seen[1:])) + start)
    places = np.concatenate(found)
    return _unknown(codes, places) if closely and len(places) else places


def _strange(strangeness: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Return the offsets of the windows whose sum exceeds the limit."""
    sums = strangeness if len(strangeness) >= WINDOW else np.pad(strangeness, (0, WINDOW - len(strangeness)))
    for reach in (1, 2, 4):
        sums = sums[:-reach] + sums[reach:]
    return np.flatnonzero(sums > STRANGE)


def _unknown(codes: npt.NDArray[np.uint32], places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the offsets of the windows that exceed the limit without the pairs that the CJK models have."""
    kinds, strangeness_of = _tables()
    windows = places[:, None] + np.arange(WINDOW)
    seen = np.zeros(len(codes) + WINDOW, np.bool_)
    seen[windows] = True
    pairs = np.flatnonzero(seen[: len(codes) - 1])
    first, second = codes[pairs], codes[pairs + 1]
    strangeness = strangeness_of.take(kinds.take(first, mode="clip") * SPAN + kinds.take(second, mode="clip"))
    strangeness[_written(first, second)] = 0
    at = np.searchsorted(pairs, windows)
    sums = np.append(strangeness, 0)[at].sum(axis=1)
    return np.asarray(places[sums > STRANGE], np.int64)


def _written(first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Return which pairs with a CJK character the language models have."""
    written = np.zeros(len(first), np.bool_)
    left = np.flatnonzero((first >= WIDE) | (second >= WIDE))
    for tag in CJK:
        known = have(tag, first[left], second[left])
        written[left[known]] = True
        left = left[~known]
    return written


@functools.cache
def _tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int16]]:
    """Return the class of each character of the Basic Multilingual Plane, and the log-likelihood ratio of each pair.

    The pair of classes a and b is at a * `SPAN` + b. Ratios are in 1/`SCALE` nats.
    """
    with np.load(_FILE) as file:
        strangeness = file["strangeness"]
        pairs = np.zeros((SPAN, SPAN), np.int16)
        pairs[: len(strangeness), : len(strangeness)] = strangeness
        return file["kinds"].astype(np.int64), pairs.ravel()
