"""Text -> the numbers that the model sees of its characters, and the keys of its n-grams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Keys, mixed

Codes = npt.NDArray[np.uint64]
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # of the rolling hash: odd, the golden ratio's


def codes_of(text: str) -> Codes:
    """Return what the model sees of `text`, a number a character: digits are 0, ASCII is small, breaks are spaces."""
    return folded(np.frombuffer(text.encode("utf-32-le"), np.uint32))


def folded(codes: npt.NDArray[np.uint32]) -> Codes:
    """Return what the model sees of characters by their code points."""
    seen = codes.astype(np.uint64)
    ascii_ = codes < 128  # noqa: PLR2004
    seen[ascii_] = _ASCII[codes[ascii_]]
    return seen


_ASCII: npt.NDArray[np.uint32] = np.array(
    [ord("0" if char.isdigit() else " " if char.isspace() else char.lower()) for char in map(chr, range(128))],
    np.uint32,
)


def salted(hashes: Keys, order: int, salt: int) -> Keys:
    """Return the mixed keys of n-grams: their rolling hashes, told apart by length and language."""
    return mixed(hashes + np.uint64((salt * 16 + order) * 0xD1B54A32D192ED03 % 2**64))
