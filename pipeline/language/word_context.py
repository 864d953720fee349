"""Neighbouring words -> how much they support each letter that a mark may be: a log-linear model."""

from __future__ import annotations

import functools
import itertools
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.changes import end_of_line
from pipeline.document import REPLACEMENT
from pipeline.language.endings import ENDING_WEIGHT_STEP, weight_indices
from pipeline.language.model_files import model_arrays
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import Floats

TOKEN = re.compile(r"[a-z\ufffd]+|\d+|[^\w\s]")
LONGEST_NUMBER = 5  # digits of which their number is a feature
MARK_BATCH = 4_096  # marks that are scored together


class LostLetter(NamedTuple):
    """A character outside ASCII: its place, its word with such characters lost, its place there, its features."""

    place: int
    word: str
    at: int  # its place in the word
    features: list[int]  # hashed


@dataclass(frozen=True, slots=True)
class NeighbourModel:
    """A log-linear model: how much each feature of the neighbouring words supports each letter."""

    letters: str
    weights: npt.NDArray[np.int8]  # by the hash of a feature and a letter; 0 for pairs without influence

    def scores(self, lost: Iterable[LostLetter]) -> dict[int, dict[str, float]]:
        """Return the score of each letter of the language at places of lost characters: nats behind the best."""
        found: dict[int, dict[str, float]] = {}
        every = list(lost)
        for start in range(0, len(every), MARK_BATCH):
            some = every[start : start + MARK_BATCH]
            features = np.array([one.features for one in some], np.uint64)
            sums: Floats = self.weights[weight_indices(features, codes_of(self.letters))].sum(axis=1, dtype=np.int32)
            behind = (sums - sums.max(axis=1, keepdims=True)) * ENDING_WEIGHT_STEP
            for one, row in zip(some, behind.tolist(), strict=True):
                found[one.place] = dict(zip(self.letters, row, strict=True))
        return found


def neighbour_scores(text: str, places: Iterable[int], language: str) -> dict[int, dict[str, float]]:
    r"""Return what the neighbouring words say of each letter at characters of a text that are lost: nats, at most 0.

    `places` are their indexes, in order.

    >>> scores = neighbour_scores("f\ufffdr tio \ufffdr sedan", [8], "sv")
    >>> scores[8]["å"] > scores[8]["ä"]
    True
    """
    model = context_model(language)
    return model.scores(lost_letters(text, places)) if model else {}


def without_letters(text: str) -> str:
    r"""Return a text in lower case with U+FFFD for each character outside ASCII: `D\ufffdkuji` and `Děkuji` are one."""
    return "".join(char.lower() if char.isascii() else REPLACEMENT for char in text)


def lost_letters(text: str, places: Iterable[int]) -> Iterator[LostLetter]:
    """Yield the letters outside ASCII, or marks for such, at `places` of a text; these are in order."""
    for first, row in itertools.groupby(places, key=lambda place: text.rfind("\n", 0, place) + 1):
        wanted = {place - first for place in row}
        line = without_letters(text[first : end_of_line(text, first)])
        tokens = [(match.start(), _shortened(match[0])) for match in TOKEN.finditer(line)]
        words = ["", "", *(word for _, word in tokens), "", ""]
        for number, (start, word) in enumerate(tokens):
            for at in sorted(wanted.intersection(range(start, start + len(word)))):
                around = words[number], words[number + 1], words[number + 3], words[number + 4]
                hashed = [zlib.crc32(feature.encode()) for feature in _features(word, at - start, around)]
                yield LostLetter(first + at, word, at - start, hashed)


def _shortened(token: str) -> str:
    """Return a token, of a number only how many digits it has."""
    return "0" * min(LONGEST_NUMBER, len(token)) if token[0].isdigit() else token


def _features(word: str, at: int, around: tuple[str, str, str, str]) -> Iterator[str]:
    """Yield the features of a letter: two words on each side, with its word or with the end of its word."""
    second, first, after, last = around
    whole = f"{word[:at]}|{word[at + 1 :]}"
    end = f"{word[:at][-2:]}|{word[at + 1 :]}"
    short = f"{word[:at][-1:]}|{word[at + 1 :]}"
    yield from (f"a{first} {whole}", f"b{after} {whole}", f"c{second} {whole}", f"d{last} {whole}")
    yield from (f"e{first} {after} {whole}", f"p{second} {first} {whole}")
    yield from (f"f{first[-3:]} {end}", f"g{after[-3:]} {end}", f"j{first} {end}", f"k{after} {end}")
    yield from (f"l{first[-2:]} {short}", f"m{after[-2:]} {short}", f"n{first} {short}", f"o{after} {short}")
    yield from (f"h{first[-2:]} {after[-2:]} {short}", f"i{second[-2:]} {first[-2:]} {short}")
    yield from (f"q{after[-2:]} {last[-2:]} {short}", f"r{second} {short}", f"s{first[-3:]} {after[-3:]} {end}")


@functools.cache
def context_model(language: str) -> NeighbourModel | None:
    """Return the model of a language, by its BCP 47 tag; None if there is none."""
    found = model_arrays(f"context-{language}")
    return NeighbourModel(str(found["letters"]), found["weights"]) if found else None
