"""Two texts -> whether they are the same, versions of one post, or merely similar: the exact check of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Indel, Levenshtein

from pipeline.duplicates.minhash import GOLDEN_RATIO_64, Hashes
from pipeline.duplicates.token_edits import TokenEdits, token_edits
from pipeline.duplicates.word_normalization import SHORT_TEXT_CHARACTERS

LEAST_JACCARD = (
    0.40  # estimated Jaccard of 3-grams: 0.57 with a tenth of the characters edited, 0.2 to 0.3 for posts of one series
)
MOST_EDITED_SHARE = 0.13  # largest share of edited characters of two texts that are reported as similar
LEAST_CONTAINED_SHARE = 0.5  # smallest share of a version that the version before it has
LEAST_QUOTED_SHARE = 0.8  # the same where the two begin differently: one may be a post that quotes the other
BEGINNING = 20  # characters: a title, or the start of a sentence
MOST_LOST_IN_VERSION = 0.02  # share of the shorter text's characters that the longer one does not have
LEAST_SHARED_GRAMS = 0.75  # share of the 4-grams of a version that the other has: a lost character spoils four
GRAM_BIN_BITS = 13  # 8,192 bins: twice the 4-grams of a post of 4 KB
MOST_COMPARED_CHARACTERS = (
    1_000_000  # characters; the time grows with the square of the length: 30 s for two texts of 2 million
)
MOST_OF_DIFFERENT = 0.999  # the largest similarity that is reported of two texts that differ
SAME_WORDS_VERDICT = "same words"  # why: the same words and signs
TRUNCATED = "truncated"  # why: one text is the beginning of the other
VERSION_OF = "version"  # why: the longer text has all that the other has


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison: `same` is whether both are one post. `why` is the reason, empty if none is known.

    `similarity` is the share of equal characters, from 0 to 1. `worse` is the index (0 or 1) of the text that is
    truncated or mis-decoded. `longer` is the index of the text that has more words; None if neither has.
    """

    same: bool = False
    why: str = ""
    similarity: float = 0.0
    worse: int | None = None
    longer: int | None = None


DIFFERENT_TEXTS = Comparison()


def compare_texts(
    texts: tuple[str, str], words: tuple[str, str], language: str = "", *, edited: float, one_page: bool = False
) -> Comparison:
    """Return whether two texts are the same post, where at most a share `edited` of their characters differs.

    `words` are the words of the texts, as `normalized_words` returns them. Typos are only known in a `language` with a
    model. `one_page` is whether both have one source URL: then texts that say different things are versions of one
    post. Texts of more than MOST_COMPARED_CHARACTERS are the same only if they do not differ at all.
    """
    short, long = sorted(words, key=len)
    if len(long) > MOST_COMPARED_CHARACTERS or len(short) < SHORT_TEXT_CHARACTERS:
        same = short == long and token_edits(*texts, language) == TokenEdits(language)
        return Comparison(same=True, why=SAME_WORDS_VERDICT, similarity=1.0) if same else DIFFERENT_TEXTS
    share = _edited_share(short, long, edited)
    if share is None and not _is_contained(short, long):
        return DIFFERENT_TEXTS
    edits = token_edits(*texts, language)
    similarity = 1 - share if share is not None else len(short) / len(long)
    if one_page and share is not None:
        return _versions_of_page(edits, words, similarity)
    return _without_url(edits, words, similarity)


def _versions_of_page(edits: TokenEdits, words: tuple[str, str], similarity: float) -> Comparison:
    """Return what two texts of one URL are to each other: copies with typos, or versions."""
    if not edits.difference(noisy=True) and not edits.added:
        return _copy_of(edits, similarity)
    longer = None if len(words[0]) == len(words[1]) else int(len(words[1]) > len(words[0]))
    return Comparison(same=True, why=VERSION_OF, similarity=min(similarity, MOST_OF_DIFFERENT), longer=longer)


def _copy_of(edits: TokenEdits, similarity: float) -> Comparison:
    exact = not (edits.typos or edits.noise or edits.gaps)
    why = SAME_WORDS_VERDICT if exact else "near-duplicate"
    return Comparison(same=True, why=why, similarity=similarity, worse=edits.misspelled)


def _without_url(edits: TokenEdits, words: tuple[str, str], similarity: float) -> Comparison:
    """Return what the edits of two texts say of them, where nothing else is known of the two."""
    if difference := edits.difference(noisy=edits.is_noisy):
        below = min(similarity, MOST_OF_DIFFERENT)  # equal words may have different signs
        return Comparison(why=f"different {difference}", similarity=below)
    if edits.longer is None:
        return _copy_of(edits, similarity)
    if edits.cut == 1 - edits.longer and len(edits.added) == 1:
        return Comparison(same=True, why=TRUNCATED, similarity=similarity, worse=edits.cut, longer=edits.longer)
    short, long = words[1 - edits.longer], words[edits.longer]
    least = LEAST_CONTAINED_SHARE if short[:BEGINNING] == long[:BEGINNING] else LEAST_QUOTED_SHARE
    if len(short) < least * len(long):
        return DIFFERENT_TEXTS
    return Comparison(same=True, why=VERSION_OF, similarity=similarity, longer=edits.longer)


def _edited_share(short: str, long: str, edited: float) -> float | None:
    """Return the share of the characters in which two texts differ (Levenshtein); None if above `edited`."""
    most = int(edited * len(long))
    changed = Levenshtein.distance(short, long, score_cutoff=most)
    return None if changed > most else changed / len(long)


def _is_contained(short: str, long: str) -> bool:
    """Return whether nearly all characters of a text are in the other in the same order."""
    if len(short) < LEAST_CONTAINED_SHARE * len(long) or _shared_grams(short, long) < LEAST_SHARED_GRAMS:
        return False
    most = len(long) - len(short) + int(2 * MOST_LOST_IN_VERSION * len(short))
    return Indel.distance(short, long, score_cutoff=most) <= most


def _shared_grams(short: str, long: str) -> float:
    """Return the share of the 4-grams of a text that another has as well, in any order: 30 times as fast as `Indel`.

    If it is below the least share, it may be too large: 4-grams of one bin count as equal.
    """
    bins = _gram_bins(short)
    most = float(np.minimum(bins, _gram_bins(long)).sum() / bins.sum())
    if most < LEAST_SHARED_GRAMS:
        return most
    grams, counts = _gram_counts(short)
    others, other_counts = _gram_counts(long)
    at = np.searchsorted(others, grams).clip(max=len(others) - 1)
    shared = np.where(others[at] == grams, np.minimum(counts, other_counts[at]), 0)
    return float(shared.sum() / counts.sum())


@lru_cache(maxsize=64)  # a text is compared with several others in a row
def _gram_counts(text: str) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.intp]]:
    """Return the hashes of the 4-grams of a text, sorted, and how often each is in it."""
    return np.unique(_gram_hashes(text), return_counts=True)


@lru_cache(maxsize=256)  # 8 MB
def _gram_bins(text: str) -> npt.NDArray[np.uint32]:
    """Return how many 4-grams of a text are in each of some bins."""
    mixed = _gram_hashes(text) * GOLDEN_RATIO_64 >> np.uint64(64 - GRAM_BIN_BITS)
    return np.bincount(mixed.astype(np.int64), minlength=1 << GRAM_BIN_BITS).astype(np.uint32)


def _gram_hashes(text: str) -> Hashes:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    hashes: Hashes = (
        codes[:-3] ^ codes[1:-2] << np.uint64(16) ^ codes[2:-1] << np.uint64(32) ^ codes[3:] << np.uint64(48)
    )
    return hashes
