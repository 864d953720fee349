"""Context of a word -> scores of the letters that it may end in: a log-linear model, for languages with one."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.language.model_files import model_arrays
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import Floats

ENDING_INDEX_BITS = 20  # of the index of a weight
FEATURE_MULTIPLIER, LETTER_MULTIPLIER = (
    np.uint64(2654435761),
    np.uint64(0x9E3779B97F4A7),
)  # odd, so that multiplying loses no bits
ENDING_WEIGHT_STEP = 0.1  # nats: the quantization step of weights
WORDS_BEFORE, WORDS_AFTER = 5, 3  # words on each side that make features
ENDING_CONTEXT = 100  # characters on each side to find these words in
UNKNOWN_LETTER_SCORE = -9.0  # nats: the score of a letter that the model does not know
WORD_OR_SIGN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class EndingModel:
    """A log-linear model: how much each feature of the context supports each last letter (after Berger, 1996)."""

    letters: str
    weights: npt.NDArray[np.int8]  # by the hash of a feature and a letter; 0 for pairs without influence
    reach: ClassVar[int] = 1  # characters of context between lines: one, which ends the line
    score_weight: ClassVar[float] = 1.0  # the exponent of its probabilities: its context is wider than that of n-grams

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return the score of each option as a word's last letter, at `places` of `text`.

        Scores are natural logarithms up to a constant per place; all are 0 where a letter follows. Shape: (places,
        largest number of options).
        """
        fits = np.zeros((len(places), max(map(len, options))), np.float32)
        for row, place, letters_ in zip(fits, places.tolist(), options, strict=True):
            if not text[place + 1].isalpha():
                features = feature_hashes(
                    text[max(0, place - ENDING_CONTEXT) : place], text[place + 1 : place + 1 + ENDING_CONTEXT]
                )
                letters = "".join(letter.lower()[0] for letter in letters_)
                weights = (
                    self.weights[weight_indices(features, codes_of(letters))].sum(axis=0, dtype=np.int32)
                    * ENDING_WEIGHT_STEP
                )
                row[: len(letters_)] = np.where(
                    [letter in self.letters for letter in letters], weights, UNKNOWN_LETTER_SCORE
                )
        return fits


def feature_hashes(before: str, after: str) -> npt.NDArray[np.uint64]:
    """Return the hashes of the features of a place, by the text before and after it; U+0000 ends a line."""
    features = context_features(before.rpartition("\0")[2], after.partition("\0")[0])
    return np.fromiter((zlib.crc32(feature.encode()) for feature in features), np.uint64)


def weight_indices(features: npt.NDArray[np.uint64], letters: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the index of the weight of each pair: shape (features, letters)."""
    mixed = features[..., None] * FEATURE_MULTIPLIER + letters * LETTER_MULTIPLIER
    return (mixed >> np.uint64(11)) & np.uint64((1 << ENDING_INDEX_BITS) - 1)


def context_features(before: str, after: str) -> Iterator[str]:
    """Yield the features of a place: its stem, and neighbouring words combined with the end of the stem.

    >>> list(context_features("новый до", ""))[:5]
    ['0 до', '1 до', '2 до', '3 о', 'w0 новый о']
    """
    words = WORD_OR_SIGN.findall(before.lower())[::-1]
    stem = words.pop(0) if before[-1:].isalpha() else ""
    left = [*islice(chain(words, repeat("")), WORDS_BEFORE)]
    right = [*islice(chain(WORD_OR_SIGN.findall(after.lower()), repeat("")), WORDS_AFTER)]
    last, two = stem[-1:], stem[-2:]
    yield from (f"{name} {part}" for name, part in enumerate((stem, stem[-3:], two, last)))
    for number, word in enumerate((*left, *right)):
        yield from (f"w{number} {word} {last}", f"e{number} {word[-3:]} {last}", f"t{number} {word[-2:]} {two}")
    for word in dict.fromkeys(left):
        yield from (f"w {word} {last}", f"e {word[-3:]} {last}")
    first, second, third = left[:3]
    yield from (f"f {first} {stem}", f"n {right[0]} {stem}")
    yield f"2 {first[-3:]} {second} {last}"
    yield f"3 {first[-2:]} {second[-2:]} {third} {last}"
    yield f"4 {first[-2:]} {second[-2:]} {third[-2:]} {last}"
    yield f"5 {first[-2:]} {second[-2:]} {last}"
    yield f"6 {first[-3:]} {right[0][-3:]} {last}"


@functools.cache
def ending_model(language: str) -> EndingModel | None:
    """Return the model of a language, by its BCP 47 tag; None if there is none."""
    found = model_arrays(f"endings-{language}")
    return EndingModel(str(found["letters"]), found["weights"]) if found else None
