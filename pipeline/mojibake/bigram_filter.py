"""Where a text may be mojibake, at a glance: pairs of characters that wrong readings make oftener than any language."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from pipeline.language.model_files import MODEL
from pipeline.language.ngrams import CJK, have

WINDOW = 8  # pairs of characters that are judged together
STRANGE = 192  # how much likelier they must be in mojibake, in sixteenths of a natural logarithm: e ** 12
SCALE = 16
SPAN = 1024  # classes at most
BLOCK = 1 << 15  # characters looked at at once: what is made of them stays in a core's cache
WIDE = 0x2E80  # where the characters of Chinese, Japanese and Korean begin: too many for the table to hold each pair
_FILE = MODEL / "gate.npz"


def suspects(text: str, *, closely: bool = True) -> npt.NDArray[np.int64]:
    """Return where in `text` the windows begin that are likelier mojibake than any language.

    Where it is enough to know how many there are, about, they need not be looked at `closely`.
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
    """Return where the windows begin that are too strange."""
    sums = strangeness if len(strangeness) >= WINDOW else np.pad(strangeness, (0, WINDOW - len(strangeness)))
    for reach in (1, 2, 4):
        sums = sums[:-reach] + sums[reach:]
    return np.flatnonzero(sums > STRANGE)


def _unknown(codes: npt.NDArray[np.uint32], places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return which of the windows are too strange without the pairs of characters that a language is known to have."""
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
    """Tell which pairs a language is known to have whose characters are too many to be classes of their own."""
    written = np.zeros(len(first), np.bool_)
    left = np.flatnonzero((first >= WIDE) | (second >= WIDE))
    for tag in CJK:
        known = have(tag, first[left], second[left])
        written[left[known]] = True
        left = left[~known]
    return written


@functools.cache
def _tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int16]]:
    """Return the class of each character of the Basic Multilingual Plane, and how strange each pair of classes is.

    The pair of classes a and b stands at a * SPAN + b.
    """
    with np.load(_FILE) as file:
        strangeness = file["strangeness"]
        pairs = np.zeros((SPAN, SPAN), np.int16)
        pairs[: len(strangeness), : len(strangeness)] = strangeness
        return file["kinds"].astype(np.int64), pairs.ravel()
