"""Text -> its MinHash signature, and the keys that similar texts share (locality-sensitive hashing, LSH)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

PERMUTATIONS = 128
BAND = 4  # values per band (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4)
SEED = 1
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 divided by the golden ratio
MULTIPLIERS = np.array([0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)  # of splitmix64
SHINGLE = 3  # characters; suits every writing system
ALGORITHM = (  # part of the version of fingerprints
    f"character {SHINGLE}-grams, splitmix64, rensa {RMinHash.ALGORITHM_VERSION}, {PERMUTATIONS}, seed {SEED}"
)

Hashes = npt.NDArray[np.uint64]
Signature = npt.NDArray[np.uint32]  # shape (PERMUTATIONS,)


def shingles(points: npt.NDArray[np.uint32]) -> Hashes:
    """Return the hash of each run of SHINGLE code points, in order; one hash of all of them if there are fewer."""
    codes = points.astype(np.uint64)
    if len(codes) < SHINGLE:
        codes = np.concatenate([codes, np.zeros(SHINGLE - len(codes), np.uint64)])
    hashes = codes[: 1 - SHINGLE].copy()
    for at in range(1, SHINGLE):
        hashes *= GOLDEN
        hashes += codes[at : at + len(hashes)]
    return mixed(hashes)


def mixed(values: Hashes) -> Hashes:
    """Mix the bits of `values` in place and return them: the finalizer of splitmix64 (Steele, Lea and Flood, 2014)."""
    values ^= values >> np.uint64(30)
    values *= MULTIPLIERS[0]
    values ^= values >> np.uint64(27)
    values *= MULTIPLIERS[1]
    values ^= values >> np.uint64(31)
    return values


def signature(hashes: Hashes, permutations: int = PERMUTATIONS) -> Signature:
    """Return the MinHash signature of a set of hashes: the share of equal values estimates the Jaccard similarity."""
    ends = np.array([0, len(hashes)], np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, permutations, SEED)
    return np.array(matrix.to_rows()[0], "<u4")


def bands(values: Signature) -> Hashes:
    """Return the keys of a signature, one per band: equal bands have equal keys."""
    pairs = values.view(np.uint64).reshape(-1, BAND // 2)
    return pairs @ MULTIPLIERS + np.arange(len(pairs), dtype=np.uint64) * GOLDEN


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the Jaccard similarity of two sets, from 0 to 1."""
    first, second = np.unique(one), np.unique(other)
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)
