"""Words with marks -> the likeliest ways to fill each, by the n-grams of the language and its word list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.document import REPLACEMENT
from pipeline.language.ngrams import LanguageModel
from pipeline.language.vocabulary import WordList
from pipeline.mojibake.lossy.beam_search import SearchLimits, likeliest_strings
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.marks.alphabet import lower_form

FILLING_LIMITS = SearchLimits(12, 96, 1.0, 1.0, 10.0)  # fillings of a word that are kept, candidates of a mark
MOST_FILLINGS = 6  # fillings that are compared in context
WORST_FILLING = 10.0  # nats below the best at which a filling is dropped
WORD_LIST_WEIGHT = 1.5  # the exponent of a word's probability; benchmarks/marks.py: 1 is worse
SIGN_SCORE = -4.0  # nats: the log-probability of signs instead of a word
BETWEEN_PARTS = re.compile("[’? ]")  # signs in a word that its parts are on both sides of: `d’un`
ASCII_WORD_SCORE = -13.0  # nats: the same of a word in ASCII beside a sign: `d` and `un` of `d’un`; lists may lack them
QUESTION_MARK, QUESTION_AND_SPACE = "?", "? "  # a question mark that is none, and one with the space that was forgotten
QUESTION_SCORES = {QUESTION_MARK: 0.0, QUESTION_AND_SPACE: -4.0}  # nats: the prior of either
SIGN_PRIOR = -2.0  # nats: the prior of a quote or dash, whose use differs between kinds of text


class MarkedWord(NamedTuple):
    """A word with marks, and the characters that each mark may have been."""

    text: str  # in lower case, U+FFFD for each mark
    candidates: tuple[tuple[str, ...], ...]  # by mark; a character in lower case where capitals are certain


class Filling(NamedTuple):
    """The characters for the marks of a word, the word with them, and its score: a log-likelihood in nats."""

    characters: tuple[str, ...]
    text: str
    score: float


def word_fillings(
    words: Iterable[MarkedWord], model: LanguageModel, known: WordList | None
) -> dict[MarkedWord, list[Filling]]:
    """Return the likeliest fillings of each word, the best first: `d\ufffdkuji` is `děkuji`, `dékuji`, ..."""
    distinct = sorted(set(words))
    most = FILLING_LIMITS.width if known else MOST_FILLINGS
    found = likeliest_strings([list(_slots_of_word(word)) for word in distinct], model, FILLING_LIMITS, most)
    filled = {word: [_filling(word, *row) for row in rows] for word, rows in zip(distinct, found, strict=True)}
    scores = word_scores({one.text for rows in filled.values() for one in rows}, known)
    return {
        word: _best_fillings([one._replace(score=one.score + scores.get(one.text, 0.0)) for one in rows])
        for word, rows in filled.items()
    }


def word_scores(texts: Iterable[str], known: WordList | None) -> dict[str, float]:
    """Return the score that a word list adds to each filled word: of its parts; nothing without a list."""
    if known is None:
        return {}
    parts = {text: [part for part in map(_without_signs, BETWEEN_PARTS.split(text)) if part] for text in texts}
    words = sorted({word for row in parts.values() for word in row})
    chances = dict(zip(words, known.chance(words).tolist(), strict=True))
    scores = {}
    for text, row in parts.items():
        own = [chances[word] for word in row if not word.isascii()]
        scores[text] = WORD_LIST_WEIGHT * (sum(own) + ASCII_WORD_SCORE * (len(own) < len(row)) if row else SIGN_SCORE)
    return scores


def _without_signs(text: str) -> str:
    """Return a word in lower case, without the characters at its ends that are no letters: `„Škoda` -> `škoda`."""
    first, last = 0, len(text)
    while first < last and not text[first].isalpha():
        first += 1
    while last > first and not text[last - 1].isalpha():
        last -= 1
    return "".join(map(lower_form, text[first:last]))


def prior_score(characters: Iterable[str]) -> float:
    """Return the prior of the signs and question marks among the characters of a filling, in nats."""
    return sum(0.0 if char.isalpha() else QUESTION_SCORES.get(char, SIGN_PRIOR) for char in characters)


def _slots_of_word(word: MarkedWord) -> Iterable[Slot]:
    """Yield the slots of a word."""
    options = iter(word.candidates)
    for at, char in enumerate(word.text):
        yield Slot(at, at + 1, next(options) if char == REPLACEMENT else (char,))


def _filling(word: MarkedWord, choices: Sequence[str], score: float) -> Filling:
    """Return the choices for the characters of a word as a filling."""
    own = tuple(choice for char, choice in zip(word.text, choices, strict=True) if char == REPLACEMENT)
    return Filling(own, "".join(choices), score + prior_score(own))


def _best_fillings(rows: Sequence[Filling]) -> list[Filling]:
    """Return the best fillings, the best first."""
    ordered = sorted(rows, key=lambda one: -one.score)[:MOST_FILLINGS]
    return [one for one in ordered if one.score > ordered[0].score - WORST_FILLING]
