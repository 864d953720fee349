"""Damaged text and sound text -> whether damage turns the one into the other: how unreadable copies are matched."""

from __future__ import annotations

import re

import numpy as np
from rapidfuzz.distance import Indel, Levenshtein

from pipeline.duplicates.minhash import Hashes, MinHashSignature, jaccard, minhash_signature, splitmix64_hashes
from pipeline.duplicates.near_duplicates import DIFFERENT_TEXTS, MOST_OF_DIFFERENT, Comparison
from pipeline.duplicates.word_normalization import without_url_queries
from pipeline.encoding.codecs import duplicate_misdecodings
from pipeline.mojibake.bigram_filter import mojibake_windows

READINGS = duplicate_misdecodings()
MOJIBAKE_SHARE = 0.1  # share of the characters where mojibake may begin; prose has fewer than 0.03
SAME_DECODING_SHARE = 0.95  # share of equal non-ASCII characters after the sound text is mis-decoded: similar
SKELETON_SHINGLE = 5  # characters
SKELETON_PERMUTATIONS = 32
FEWEST_SKELETON_CHARACTERS = 16  # ASCII letters and digits; shorter skeletons do not distinguish texts
SKELETON_JACCARD = 0.6  # Jaccard of skeletons
NO_SIGNATURE = np.zeros(0, "<u4")
MOSTLY_ASCII_SHARE = 0.03  # share of non-ASCII characters; with more, damage changes the words

_NON_ASCII_AND_TRAIL_BYTES = re.compile(
    r"[^\x00-\x7f][^\x00-\x3f]*"
)  # ASCII characters that GBK and Big5 use as second bytes
_ASCII_NON_WORD = bytes(code for code in range(0x80) if not chr(code).isalnum())
_ASCII_LOWER = bytes(range(0x80)).lower() + bytes(range(0x80, 0x100))
_DIGIT_RUN = re.compile(rb"\d+")
_DROPPED_BY_DAMAGE = re.compile(
    r"[\x00-\x7f\x80-\xa0\xad\ufffd]+"
)  # characters that damage drops or puts in their place


def skeleton(text: str) -> bytes:
    """Return what no mis-decoding changes: the ASCII letters and digits that do not follow a non-ASCII character.

    >>> skeleton("# 使用Python 3.11 编写 a_b")
    b'311ab'
    """
    return _NON_ASCII_AND_TRAIL_BYTES.sub("", text).encode().translate(_ASCII_LOWER, _ASCII_NON_WORD)


def skeleton_signature(text: str) -> MinHashSignature:
    """Return the MinHash signature of the skeleton; empty for mostly ASCII texts and for short skeletons."""
    if mostly_ascii(text):
        return NO_SIGNATURE
    characters = skeleton(text)
    return (
        minhash_signature(_skeleton_shingles(characters), SKELETON_PERMUTATIONS)
        if len(characters) >= FEWEST_SKELETON_CHARACTERS
        else NO_SIGNATURE
    )


def _skeleton_shingles(characters: bytes) -> Hashes:
    count = max(1, len(characters) - SKELETON_SHINGLE + 1)
    runs = np.ndarray(count, "<u8", characters + bytes(8), strides=(1,))  # of eight bytes each
    return splitmix64_hashes(runs & np.uint64((1 << 8 * SKELETON_SHINGLE) - 1))


def mostly_ascii(text: str) -> bool:
    """Return whether the share of non-ASCII characters is at most MIXED: damage then changes only a few signs."""
    return len(text.encode("ascii", "ignore")) > (1 - MOSTLY_ASCII_SHARE) * len(text)


def is_mojibake(text: str) -> bool:
    """Return whether `text` is still mojibake."""
    return not text.isascii() and len(mojibake_windows(text, closely=False)) > MOJIBAKE_SHARE * len(text)


def compare_damaged(damaged: str, sound: str) -> Comparison:
    """Return whether some mis-decoding of `sound` gives `damaged`, with or without lost bytes.

    The damage is repeated on the sound text instead of reversed: that needs no guess and no lost characters. What it
    gives must be equal: another word in the same frame is another post.
    """
    one, other = skeleton(without_url_queries(damaged)), skeleton(without_url_queries(sound))
    if (
        min(len(one), len(other)) >= FEWEST_SKELETON_CHARACTERS
        and jaccard(_skeleton_shingles(one), _skeleton_shingles(other)) < SKELETON_JACCARD
    ):
        return DIFFERENT_TEXTS
    if not _DROPPED_BY_DAMAGE.sub("", damaged):
        return DIFFERENT_TEXTS
    best = max(
        (_misdecoded_similarity(damaged, sound, reading) or _similarity_by_lines(damaged, sound, reading), reading)
        for reading in READINGS
    )
    if best[0] < SAME_DECODING_SHARE:
        return DIFFERENT_TEXTS
    if best[0] < 1 or one != other:  # of 180 damaged copies in 22 languages, all are equal
        why = "different numbers" if _numbers_differ(one, other) else "different words"
        return Comparison(why=why, similarity=min(best[0], MOST_OF_DIFFERENT))
    return Comparison(same=True, why=f"decoded as {best[1][1]}", similarity=1.0)


def misdecoding_codec(damaged: str, sound: str) -> str:
    """Return the codec that turns the non-ASCII characters of `sound` into those of `damaged`; empty if none does."""
    if not _DROPPED_BY_DAMAGE.sub("", damaged):
        return ""
    return next((reading[1] for reading in READINGS if _misdecoded_similarity(damaged, sound, reading)), "")


def _misdecoded_similarity(damaged: str, sound: str, reading: tuple[str, str]) -> float:
    """Return how similar the non-ASCII characters of `damaged` and of mis-decoded `sound` are; 0 if below the limit."""
    left, right = _DROPPED_BY_DAMAGE.sub("", damaged), _DROPPED_BY_DAMAGE.sub("", _misdecode(sound, reading))
    return float(Indel.normalized_similarity(left, right, score_cutoff=SAME_DECODING_SHARE))


def _similarity_by_lines(damaged: str, sound: str, reading: tuple[str, str]) -> float:
    """Return the share of the non-ASCII characters, in both texts, whose lines are equal, mis-decoded or not."""
    lines, plain, misdecoded = (
        [_DROPPED_BY_DAMAGE.sub("", line) for line in text.split("\n")]
        for text in (damaged, sound, _misdecode(sound, reading))
    )
    present, expected = set(lines), {*plain, *misdecoded}
    if present <= set(plain):
        return 0.0  # no line is mis-decoded
    matched = sum(len(line) for line in lines if line in expected)
    pairs = zip(plain, misdecoded, strict=False)
    covered = sum(len(line) for line, other in pairs if line in present or other in present)
    return min(matched / sum(map(len, lines)), covered / max(1, sum(map(len, plain))))


def _misdecode(text: str, reading: tuple[str, str]) -> str:
    truth, wrong = reading
    return text.encode(truth, "ignore").decode(wrong, "ignore")


def _numbers_differ(one: bytes, other: bytes) -> bool:
    numbers, others = _DIGIT_RUN.findall(one), _DIGIT_RUN.findall(other)
    return any(op.tag == "replace" for op in Levenshtein.opcodes(numbers, others))
