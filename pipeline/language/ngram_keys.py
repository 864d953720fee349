"""Text -> the numbers that stand for its characters in the model, and the keys of its n-grams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Keys, mixed_keys
from pipeline.language.hash_numbers import ROLLING_FACTOR, key_salt

Codes = npt.NDArray[np.uint64]
MULTIPLIER = np.uint64(ROLLING_FACTOR)


def codes_of(text: str) -> Codes:
    r"""Return the code points of `text` after folding: ASCII in lower case, digits as `0`, white space as a space.

    >>> "".join(map(chr, codes_of("Page\t42")))
    'page 00'
    """
    if text.isascii():
        return np.frombuffer(text.encode().translate(_FOLDED_BYTES), np.uint8).astype(np.uint64)
    return folded_codes(np.frombuffer(text.encode("utf-32-le"), np.uint32))


def folded_codes(codes: npt.NDArray[np.uint32]) -> Codes:
    """Return code points after folding: ASCII in lower case, digits as `0`, white space as a space."""
    seen = codes.astype(np.uint64)
    ascii_ = codes < 128  # noqa: PLR2004
    seen[ascii_] = _FOLDED_ASCII[codes[ascii_]]
    return seen


_FOLDED_BYTES = bytes(
    ord("0" if char.isdigit() else " " if char.isspace() else char.lower()) for char in map(chr, range(128))
).ljust(256)
_FOLDED_ASCII = np.frombuffer(_FOLDED_BYTES, np.uint8)


def salted_keys(hashes: Keys, order: int, salt: int) -> Keys:
    """Return the mixed keys of n-grams by their rolling hashes, their length `order` and their language `salt`."""
    return mixed_keys(hashes + np.uint64(key_salt(order, salt)))
