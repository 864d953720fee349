"""Text -> its MinHash signature, and the keys under which texts that are alike meet (LSH)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

PERMUTATIONS = 128
BANDS = 32  # of four values each (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4)
SEED = 1
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 divided by the golden ratio
SHINGLE = 3  # characters: they fit every writing system
ALGORITHM = f"character {SHINGLE}-grams, splitmix64, rensa {RMinHash.ALGORITHM_VERSION}, {PERMUTATIONS}, seed {SEED}"

Hashes = npt.NDArray[np.uint64]
Signature = npt.NDArray[np.uint32]  # shape (PERMUTATIONS,)


def shingles(text: str | npt.NDArray[np.uint32], size: int = SHINGLE) -> Hashes:
    """Return the hash of each run of `size` characters, in order; of the whole text where it is shorter.

    `text` is that, or its code points.
    """
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32) if isinstance(text, str) else text
    codes = points.astype(np.uint64)
    if len(codes) < size:
        codes = np.concatenate([codes, np.zeros(size - len(codes), np.uint64)])
    hashes = np.zeros(len(codes) - size + 1, np.uint64)
    for at in range(size):
        hashes = hashes * GOLDEN + codes[at : at + len(hashes)]
    return mixed(hashes)


def mixed(values: Hashes) -> Hashes:
    """Return each value stirred well: the finalizer of splitmix64 (Steele, Lea and Flood, 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def signature(hashes: Hashes, permutations: int = PERMUTATIONS) -> Signature:
    """Return the MinHash signature of a set of hashes; two sets share a value as likely as they share a member."""
    ends = np.array([0, len(hashes)], np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, permutations, SEED)
    return np.array(matrix.to_rows()[0], "<u4")


def bands(one: Signature, count: int) -> Hashes:
    """Return the keys of a signature, in bands of an even number of values: two that share a band share a key."""
    pairs = one.view(np.uint64).reshape(count, -1)
    keys = np.arange(1, count + 1, dtype=np.uint64)
    for at in range(pairs.shape[1]):
        keys = mixed(keys * GOLDEN + pairs[:, at])
    return keys


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the share of two sets' members that are in both, from 0 to 1."""
    first, second = np.unique(one), np.unique(other)
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)
