"""Text -> whether it is obviously sound: a part of the pre-filter for the first text of a process, without numpy.

Importing numpy, ftfy and the model takes 0.2 s. This takes 1 ms per 4,000 characters, for texts in scripts that no
single-byte codec has, such as Chinese or Hindi, and for ASCII with quotes and dashes. It says yes only where
`prefilter.suspicious_lines` finds no line.
"""

from __future__ import annotations

import functools
import itertools
import re
import zipfile
from collections import Counter

from pipeline.language.bigram_lookup import array_bytes, is_cjk_bigram
from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.mojibake.marks.spellings import may_have_marks

WINDOW_BIGRAMS = 8  # pairs of characters that are scored together
MOJIBAKE_THRESHOLD = (
    192  # least log-likelihood ratio of mojibake to language for a window, in 1/`RATIO_SCALE` nats: 12 nats
)
RATIO_SCALE = 16
FIRST_CJK = "\u2e80"  # the first character of CJK: too many for the table to have each pair
BIGRAM_MODEL = MODEL_FOLDER / "gate.npz"
FREQUENT_SAMPLE = 4_000  # characters among which one is most frequent
FEWEST_OF_SAMPLE = 20  # characters outside ASCII that show which is first
FEWEST_SEQUENCES = 6  # sequences of UTF-8 among these
FIRST_SAMPLE = 200  # characters outside ASCII among these that are counted
LEAST_FIRST_SHARE = 0.25  # share of the most frequent one; of the letters of an alphabet, none has more than 0.17
FEWEST_INTRUDERS = 3  # in a text: one or two are a formula, a name or a typo (benchmarks/harm.py, `documents`)
LONGEST_TEXT = 200_000  # characters: numpy is imported sooner than more of them are read here
_NO_SINGLE_BYTE = "\u0900-\u0dff\u3040-\ud7a3"  # Devanagari to Sinhala, kana to Hangul
_EASY_TEXT = re.compile(
    f"[\x00-\x7f{_NO_SINGLE_BYTE}"
    "\xa0«»‘’“”–—…·•→\u2003\u200b-\u200d\ufe0f"  # ftfy takes none of these for mojibake unless others are next to it
    "\u2600-\u27bf\u3000-\u303f\uff00-\uffef\U0001f300-\U0001faff]*+"  # symbols, CJK punctuation, wide forms, emoji
)
_NO_VALID_UTF8 = re.compile(f"[{_NO_SINGLE_BYTE}]|\\A[\x00-\x7f]*+[^\x00-\x7f](?:[\x00-\x7f]|\\Z)")
_SEVERAL = re.compile("[^\x00-\x7f]{2,}")
_CHINESE_AFTER_LETTER = re.compile("[a-z][\u4e00-\u9fff](?![^\x00-\x7f])")
_MAY_INTRUDE = re.compile("[A-Za-z](?=[^\x00-\x7f][a-z])")


def is_obviously_sound(text: str) -> bool:
    """Return whether a text is certainly no mojibake.

    >>> [is_obviously_sound(text) for text in ("今天讲一讲机器学习。", "浠婂ぉ璁蹭竴璁叉満", "café")]
    [True, False, False]
    """
    return (
        len(text) <= LONGEST_TEXT
        and _EASY_TEXT.fullmatch(text) is not None
        and _NO_VALID_UTF8.search(text) is not None
        and len(_MAY_INTRUDE.findall(text)) < FEWEST_INTRUDERS
        and _CHINESE_AFTER_LETTER.search(text) is None
        and not _has_a_frequent_character(text)
        and not may_have_marks(text)
        and not _has_mojibake_windows(text)
    )


def _has_a_frequent_character(text: str) -> bool:
    """Return whether one character outside ASCII is as frequent as the first bytes of an alphabet's letters."""
    head = text[:FREQUENT_SAMPLE]
    sample = [char for char in head if char > "\x7f"][:FIRST_SAMPLE]
    pairs = sum(len(run) - 1 for run in _SEVERAL.findall(head))
    if len(sample) < FEWEST_OF_SAMPLE or pairs < FEWEST_SEQUENCES:
        return False
    return max(Counter(sample).values()) >= LEAST_FIRST_SHARE * len(sample)


def _has_mojibake_windows(text: str) -> bool:
    """Return whether a text has a window that is likelier in mojibake than in any language."""
    classes, ratios, size = _plain_bigram_tables()
    kinds = [classes[min(ord(char), 0xFFFF)] for char in text]
    scores = [ratios[first * size + second] for first, second in itertools.pairwise(kinds)]
    scores += [0] * (WINDOW_BIGRAMS - len(scores))
    sums = [0, *itertools.accumulate(scores)]
    return any(
        end - start > MOJIBAKE_THRESHOLD and _sum_of_unknown(text, scores, at) > MOJIBAKE_THRESHOLD
        for at, (start, end) in enumerate(zip(sums, sums[WINDOW_BIGRAMS:], strict=False))
    )


def _sum_of_unknown(text: str, scores: list[int], start: int) -> int:
    """Return the sum of a window without the pairs that the CJK models have."""
    window = range(start, min(start + WINDOW_BIGRAMS, len(text) - 1))
    return sum(scores[at] for at in window if not _is_known(text[at], text[at + 1]))


def _is_known(first: str, second: str) -> bool:
    return (first >= FIRST_CJK or second >= FIRST_CJK) and is_cjk_bigram(first, second)


@functools.cache
def _plain_bigram_tables() -> tuple[memoryview, memoryview, int]:
    """Return the class of each character of the Basic Multilingual Plane, the ratios, and the number of classes.

    The ratio of classes a and b is at a * classes + b: see `bigram_filter`.
    """
    with zipfile.ZipFile(BIGRAM_MODEL) as file:
        kinds, ratios = (array_bytes(file.read(f"{name}.npy")) for name in ("kinds", "strangeness"))
    return kinds.cast("H"), ratios.cast("b"), round(len(ratios) ** 0.5)
