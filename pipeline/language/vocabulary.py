"""Words -> their frequency in a language: scores the letters of long words, for languages with a word list."""

from __future__ import annotations

import functools
import math
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.language.model_files import model_arrays
from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.language.ngrams import Floats

UNKNOWN_WORD_SCORE = math.log(1e-9)  # nats: the log-probability of a word that is not in the list
WORD_PROBABILITY_STEP = 0.25  # nats: the quantization step of log-probabilities
LONGEST_WORD_PART = 40  # letters on one side of a place; longer runs are not words and are cut
MOST_COMBINATIONS = 5_000  # fillings of a pattern that are looked up; of more, the first letters of each place
WORD_HASH_BITS = 28  # of a hash: with a list of 70,000 words, one other word in 3,800 has a false match


@dataclass(frozen=True, slots=True)
class WordList:
    """The most frequent words of a language, as hashes with their log-probabilities."""

    hashes: npt.NDArray[np.uint32]  # sorted
    chances: Floats  # natural logarithms
    reach: ClassVar[int] = 1  # characters of context between lines: one, which ends the word
    score_weight: ClassVar[float] = 0.5  # the exponent of its probabilities, as n-grams saw the same texts

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return the log-probability of the words that each option makes at `places` of `text`.

        Shape: (places, largest number of options); 0 where an option makes no word.
        """
        fits = np.zeros((len(places), max(map(len, options))), np.float32)
        made: list[tuple[int, int, str]] = []
        for row, (place, letters) in enumerate(zip(places.tolist(), options, strict=True)):
            before, after = _word_parts_around(text, place)
            for column, option in enumerate(letters):
                made += ((row, column, word) for word in split_words(before + option + after))
        if made:
            rows, columns, words_made = zip(*made, strict=True)
            np.add.at(fits, (rows, columns), self.chance(words_made))
        return fits

    def chance(self, words: Iterable[str]) -> Floats:
        """Return the log-probability of each word."""
        hashes = np.fromiter(map(word_hash, words), np.uint32)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, self.chances[at], np.float32(UNKNOWN_WORD_SCORE))

    def fillings(
        self, pattern: str, places: Sequence[int], letters: Sequence[tuple[str, ...]]
    ) -> list[tuple[str, ...]]:
        """Return the letters at `places` of a pattern that make it a word of the list: `ů` of `k?ň` in Czech.

        Each place has its own letters to try, the most frequent first, all with as many bytes in UTF-8. Then the CRC of
        a filling is that of the first one, XORed with a term for each other letter. No word has to be hashed for that.
        """
        most = int(MOST_COMBINATIONS ** (1 / len(letters)))
        rows = [row[:most] for row in letters]
        if not all(rows):
            return []
        first = list(pattern)
        for place, row in zip(places, rows, strict=True):
            first[place] = row[0]
        text = "".join(first)
        hashes = np.array(word_hash(text), np.uint32)
        for place, row in zip(places, rows, strict=True):
            hashes = np.bitwise_xor.outer(hashes, _hash_terms(row, len(text[place + 1 :].encode())))
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return [
            tuple(row[number] for row, number in zip(rows, numbers, strict=True))
            for numbers in np.argwhere(self.hashes[at] == hashes).tolist()
        ]


def split_words(text: str) -> Iterator[str]:
    """Yield the words of a text in lower case, without combining marks such as Arabic vowels.

    >>> list(split_words("«Дом», e\u0301te\u0301 2"))
    ['дом', 'ete']
    """
    bare = (char for char in text.lower() if not unicodedata.combining(char))
    yield from "".join(char if _is_word_character(char) else " " for char in bare).split()


def word_hash(word: str) -> int:
    """Return the first `WORD_HASH_BITS` bits of a word's CRC-32."""
    return zlib.crc32(word.encode()) >> 32 - WORD_HASH_BITS


@functools.lru_cache(maxsize=1 << 12)
def _hash_terms(letters: tuple[str, ...], after: int) -> npt.NDArray[np.uint32]:
    """Return what the hash of a word changes by, XORed, if each letter replaces the first; `after` bytes follow it."""
    hashes = [word_hash(letter + "\0" * after) for letter in letters]
    return np.array([one ^ hashes[0] for one in hashes], np.uint32)


def _word_parts_around(text: str, place: int) -> tuple[str, str]:
    """Return the parts of the word around a place: before it and after it."""
    first, last = place, place + 1
    while place - first < LONGEST_WORD_PART and _is_word_character(text[first - 1]):
        first -= 1
    while last - place <= LONGEST_WORD_PART and _is_word_character(text[last]):
        last += 1
    return text[first:place], text[place + 1 : last]


@functools.lru_cache(maxsize=1 << 12)
def _is_word_character(char: str) -> bool:
    """Return whether a character is a letter or a combining mark."""
    return unicodedata.category(char)[0] in "LM"


@functools.cache
def word_list(language: str) -> WordList | None:
    """Return the word list of a language, by its BCP 47 tag; None if there is none."""
    found = model_arrays(f"words-{language}")
    if found is None:
        return None
    steps = np.ascontiguousarray(found["steps"].T).view("<u4").ravel()
    return WordList(np.cumsum(steps, dtype=np.uint32), found["chances"].astype(np.float32) * -WORD_PROBABILITY_STEP)


@functools.cache
def listed_languages() -> tuple[str, ...]:
    """Return the languages that have a word list, by their BCP 47 tags."""
    return tuple(sorted(file.stem.removeprefix("words-") for file in MODEL_FOLDER.glob("words-*.npz")))


def known_word_nats(words: Sequence[str]) -> Floats:
    """Return for each word by how many nats it is likelier than an unknown one, in the language that has it most.

    >>> [float(nats) > 0 for nats in known_word_nats(["München", "M脽nchen"])]
    [True, False]
    """
    lists = (known for tag in listed_languages() if (known := word_list(tag)))
    lower = [word.lower() for word in words]
    return np.asarray(np.max([known.chance(lower) for known in lists], axis=0) - np.float32(UNKNOWN_WORD_SCORE))
