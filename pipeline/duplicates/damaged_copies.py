"""Damaged text and sound text -> whether damage turns the one into the other: how unreadable copies are matched."""

from __future__ import annotations

import re

import numpy as np
from rapidfuzz.distance import Indel, Levenshtein

from pipeline.duplicates.minhash import Hashes, Signature, jaccard, mixed, signature
from pipeline.duplicates.near_duplicates import TWO_TEXTS, Verdict
from pipeline.duplicates.word_normalization import unasked
from pipeline.encoding.codecs import copy_misdecodings
from pipeline.mojibake.bigram_filter import suspects

READINGS = copy_misdecodings()
UNREADABLE = 0.1  # share of the characters where mojibake may begin; prose has fewer than 0.03
SAME_READING = 0.95  # share of the non-ASCII characters that must be equal after the sound text is mis-decoded
SKELETON = 5  # characters
SKELETON_VALUES = 32
FEWEST = 16  # ASCII letters and digits; shorter skeletons do not distinguish texts
ALIKE = 0.6  # Jaccard of skeletons
NO_SIGNATURE = np.zeros(0, "<u4")
MIXED = 0.03  # share of non-ASCII characters; with more, damage changes the words

_SWALLOWED = re.compile(r"[^\x00-\x7f][^\x00-\x3f]*")  # ASCII characters that GBK and Big5 use as second bytes
_NO_BONES = bytes(code for code in range(0x80) if not chr(code).isalnum())
_LOWER = bytes(range(0x80)).lower() + bytes(range(0x80, 0x100))
_DIGITS = re.compile(rb"\d+")
_LOST = re.compile(r"[\x00-\x7f\x80-\xa0\xad\ufffd]+")  # characters that damage drops or puts in their place


def skeleton(text: str) -> bytes:
    """Return what no mis-decoding changes: the ASCII letters and digits that do not follow a non-ASCII character.

    >>> skeleton("# 使用Python 3.11 编写 a_b")
    b'311ab'
    """
    return _SWALLOWED.sub("", text).encode().translate(_LOWER, _NO_BONES)


def skeleton_signature(text: str) -> Signature:
    """Return the MinHash signature of the skeleton; empty for mostly ASCII texts and for short skeletons."""
    if mostly_ascii(text):
        return NO_SIGNATURE
    characters = skeleton(text)
    return signature(_shingles(characters), SKELETON_VALUES) if len(characters) >= FEWEST else NO_SIGNATURE


def _shingles(characters: bytes) -> Hashes:
    count = max(1, len(characters) - SKELETON + 1)
    runs = np.ndarray(count, "<u8", characters + bytes(8), strides=(1,))  # of eight bytes each
    return mixed(runs & np.uint64((1 << 8 * SKELETON) - 1))


def mostly_ascii(text: str) -> bool:
    """Return whether the share of non-ASCII characters is at most MIXED: damage then changes only a few signs."""
    return len(text.encode("ascii", "ignore")) > (1 - MIXED) * len(text)


def unreadable(text: str) -> bool:
    """Return whether `text` is still mojibake."""
    return not text.isascii() and len(suspects(text, closely=False)) > UNREADABLE * len(text)


def reading_of(damaged: str, sound: str) -> Verdict:
    """Return whether some mis-decoding of `sound` gives `damaged`, with or without lost bytes.

    The damage is repeated on the sound text instead of reversed: that needs no guess and no lost characters.
    """
    one, other = skeleton(unasked(damaged)), skeleton(unasked(sound))
    if min(len(one), len(other)) >= FEWEST and jaccard(_shingles(one), _shingles(other)) < ALIKE:
        return TWO_TEXTS
    if not _LOST.sub("", damaged):
        return TWO_TEXTS
    best = max(
        (_as_misread(damaged, sound, reading) or _by_lines(damaged, sound, reading), reading) for reading in READINGS
    )
    if best[0] < SAME_READING:
        return TWO_TEXTS
    if _other_numbers(one, other):
        return Verdict(distinct=True, why="different numbers", similarity=best[0])
    return Verdict(same=True, why=f"decoded as {best[1][1]}", similarity=best[0])


def misread(damaged: str, sound: str) -> str:
    """Return the codec that turns the non-ASCII characters of `sound` into those of `damaged`; empty if none does."""
    if not _LOST.sub("", damaged):
        return ""
    return next((reading[1] for reading in READINGS if _as_misread(damaged, sound, reading)), "")


def _as_misread(damaged: str, sound: str, reading: tuple[str, str]) -> float:
    """Return how similar the non-ASCII characters of `damaged` and of mis-decoded `sound` are; 0 if below the limit."""
    left, right = _LOST.sub("", damaged), _LOST.sub("", _misread(sound, reading))
    return float(Indel.normalized_similarity(left, right, score_cutoff=SAME_READING))


def _by_lines(damaged: str, sound: str, reading: tuple[str, str]) -> float:
    """Return the share of the non-ASCII characters, in both texts, whose lines are equal, mis-decoded or not."""
    lines, plain, misdecoded = (
        [_LOST.sub("", line) for line in text.split("\n")] for text in (damaged, sound, _misread(sound, reading))
    )
    present, expected = set(lines), {*plain, *misdecoded}
    if present <= set(plain):
        return 0.0  # no line is mis-decoded
    matched = sum(len(line) for line in lines if line in expected)
    pairs = zip(plain, misdecoded, strict=False)
    covered = sum(len(line) for line, other in pairs if line in present or other in present)
    return min(matched / sum(map(len, lines)), covered / max(1, sum(map(len, plain))))


def _misread(text: str, reading: tuple[str, str]) -> str:
    truth, wrong = reading
    return text.encode(truth, "ignore").decode(wrong, "ignore")


def _other_numbers(one: bytes, other: bytes) -> bool:
    numbers, others = _DIGITS.findall(one), _DIGITS.findall(other)
    return any(op.tag == "replace" for op in Levenshtein.opcodes(numbers, others))
