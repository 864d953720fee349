"""Text -> its MinHash signature, and the keys that similar texts share (locality-sensitive hashing, LSH)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

PERMUTATIONS = 128
BAND_VALUES = 4  # values per band (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4)
MINHASH_SEED = 1
GOLDEN_RATIO_64 = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 divided by the golden ratio
SPLITMIX_MULTIPLIERS = np.array([0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)  # of splitmix64
MINHASH_SHINGLE = 3  # characters; suits every writing system
MINHASH_ALGORITHM = (  # part of the version of fingerprints
    f"character {MINHASH_SHINGLE}-grams, splitmix64, rensa {RMinHash.ALGORITHM_VERSION}, {PERMUTATIONS}, "
    f"seed {MINHASH_SEED}"
)

Hashes = npt.NDArray[np.uint64]
MinHashSignature = npt.NDArray[np.uint32]  # shape (PERMUTATIONS,)


def shingle_hashes(points: npt.NDArray[np.uint32]) -> Hashes:
    """Return the hash of each run of MINHASH_SHINGLE code points, in order; with fewer, one hash of all."""
    codes = points.astype(np.uint64)
    if len(codes) < MINHASH_SHINGLE:
        codes = np.concatenate([codes, np.zeros(MINHASH_SHINGLE - len(codes), np.uint64)])
    hashes = codes[: 1 - MINHASH_SHINGLE].copy()
    for at in range(1, MINHASH_SHINGLE):
        hashes *= GOLDEN_RATIO_64
        hashes += codes[at : at + len(hashes)]
    return splitmix64_hashes(hashes)


def splitmix64_hashes(values: Hashes) -> Hashes:
    """Mix the bits of `values` in place and return them: the finalizer of splitmix64 (Steele, Lea and Flood, 2014)."""
    values ^= values >> np.uint64(30)
    values *= SPLITMIX_MULTIPLIERS[0]
    values ^= values >> np.uint64(27)
    values *= SPLITMIX_MULTIPLIERS[1]
    values ^= values >> np.uint64(31)
    return values


def minhash_signature(hashes: Hashes, permutations: int = PERMUTATIONS) -> MinHashSignature:
    """Return the MinHash signature of a set of hashes: the share of equal values estimates the Jaccard similarity."""
    ends = np.array([0, len(hashes)], np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, permutations, MINHASH_SEED)
    return np.array(matrix.to_rows()[0], "<u4")


def band_keys(values: MinHashSignature) -> Hashes:
    """Return the keys of a signature, one per band: equal bands have equal keys."""
    pairs = values.view(np.uint64).reshape(-1, BAND_VALUES // 2)
    return pairs @ SPLITMIX_MULTIPLIERS + np.arange(len(pairs), dtype=np.uint64) * GOLDEN_RATIO_64


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the Jaccard similarity of two sets, from 0 to 1."""
    first, second = np.unique(one), np.unique(other)
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)
