"""A damaged text, and what damage cannot change: how a copy that nobody can read finds what it is a copy of."""

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
UNREADABLE = 0.1  # share of the characters at which mojibake may begin; prose has fewer than one in thirty
SAME_READING = 0.95  # share of the characters outside ASCII that come out as in the damaged copy
SKELETON = 5  # characters
SKELETON_VALUES = 32
FEWEST = 16  # letters and digits of ASCII, or there is too little to tell texts apart by
ALIKE = 0.6  # Jaccard of skeletons
NO_SIGNATURE = np.zeros(0, "<u4")
MIXED = 0.03  # share of characters outside ASCII, from which on damage makes another text of it

_SWALLOWED = re.compile(r"[^\x00-\x7f][^\x00-\x3f]*")  # GBK and Big5 have these ASCII characters as second bytes
_NO_BONES = bytes(code for code in range(0x80) if not chr(code).isalnum())
_LOWER = bytes(range(0x80)).lower() + bytes(range(0x80, 0x100))
_DIGITS = re.compile(rb"\d+")
_LOST = re.compile(r"[\x00-\x7f\x80-\xa0\xad\ufffd]+")  # what damage drops, or puts there for it


def skeleton(text: str) -> bytes:
    """Return what no wrong reading changes: the ASCII letters and digits that stand by themselves.

    >>> skeleton("# 使用Python 3.11 编写 a_b")
    b'311ab'
    """
    return _SWALLOWED.sub("", text).encode().translate(_LOWER, _NO_BONES)


def skeleton_signature(text: str) -> Signature:
    """Return the signature of the skeleton; empty where the words are enough, or the skeleton is not."""
    if mostly_ascii(text):
        return NO_SIGNATURE
    bones = skeleton(text)
    return signature(_shingles(bones), SKELETON_VALUES) if len(bones) >= FEWEST else NO_SIGNATURE


def _shingles(bones: bytes) -> Hashes:
    runs = np.ndarray(max(1, len(bones) - SKELETON + 1), "<u8", bones + bytes(8), strides=(1,))  # of eight bytes each
    return mixed(runs & np.uint64((1 << 8 * SKELETON) - 1))


def mostly_ascii(text: str) -> bool:
    """Tell whether damage leaves a text as it is but for a handful of signs."""
    return len(text.encode("ascii", "ignore")) > (1 - MIXED) * len(text)


def unreadable(text: str) -> bool:
    """Tell whether `text` is mojibake still."""
    return not text.isascii() and len(suspects(text, closely=False)) > UNREADABLE * len(text)


def reading_of(damaged: str, sound: str) -> Verdict:
    """Return whether `damaged` is what becomes of `sound` in some wrong reading, bytes lost on the way or not.

    The damage is not undone but done again: that needs no guess, and no letter that is gone.
    """
    bones, other = skeleton(unasked(damaged)), skeleton(unasked(sound))
    if min(len(bones), len(other)) >= FEWEST and jaccard(_shingles(bones), _shingles(other)) < ALIKE:
        return TWO_TEXTS
    if not _LOST.sub("", damaged):
        return TWO_TEXTS
    best = max(
        (_as_misread(damaged, sound, reading) or _by_lines(damaged, sound, reading), reading) for reading in READINGS
    )
    if best[0] < SAME_READING:
        return TWO_TEXTS
    if _other_numbers(bones, other):
        return Verdict(apart=True, why="other numbers", similarity=best[0])
    return Verdict(same=True, why=f"read as {best[1][1]}", similarity=best[0])


def misread(damaged: str, sound: str) -> str:
    """Return as what `sound` must be read to have what is not ASCII in `damaged`; empty if no reading gives that."""
    if not _LOST.sub("", damaged):
        return ""
    return next((reading[1] for reading in READINGS if _as_misread(damaged, sound, reading)), "")


def _as_misread(damaged: str, sound: str, reading: tuple[str, str]) -> float:
    """Return the share of what is not ASCII in `damaged` that is as in `sound` misread; 0 if it is too small."""
    left, right = _LOST.sub("", damaged), _LOST.sub("", _misread(sound, reading))
    return float(Indel.normalized_similarity(left, right, score_cutoff=SAME_READING))


def _by_lines(damaged: str, sound: str, reading: tuple[str, str]) -> float:
    """Return the share of what is not ASCII, in either, that stands in lines that are the same, misread or not."""
    lines, plain, read = (
        [_LOST.sub("", line) for line in text.split("\n")] for text in (damaged, sound, _misread(sound, reading))
    )
    there, known = set(lines), {*plain, *read}
    if there <= set(plain):
        return 0.0  # nothing of it was misread
    found = sum(len(line) for line in lines if line in known)
    covered = sum(len(line) for line, other in zip(plain, read, strict=False) if line in there or other in there)
    return min(found / sum(map(len, lines)), covered / max(1, sum(map(len, plain))))


def _misread(text: str, reading: tuple[str, str]) -> str:
    written, read = reading
    return text.encode(written, "ignore").decode(read, "ignore")


def _other_numbers(one: bytes, other: bytes) -> bool:
    numbers, others = _DIGITS.findall(one), _DIGITS.findall(other)
    return any(op.tag == "replace" for op in Levenshtein.opcodes(numbers, others))
