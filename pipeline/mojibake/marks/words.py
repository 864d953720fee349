"""Words with marks -> the likeliest ways to fill each, by the n-grams of the language and its word list."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.document import REPLACEMENT
from pipeline.language.ngrams import LanguageModel
from pipeline.language.vocabulary import UNKNOWN_WORD_SCORE, WordList
from pipeline.mojibake.lossy.beam_search import SearchLimits, likeliest_strings
from pipeline.mojibake.lossy.gaps import MODEL_CONTEXT
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.marks.alphabet import lower_form
from pipeline.mojibake.marks.segments import segment_scores

FILLING_LIMITS = SearchLimits(12, 96, 1.0, 1.0, 10.0)  # fillings of a word that are kept, candidates of a mark
LISTED_LIMITS = FILLING_LIMITS._replace(width=8)  # the same of a word that the list has fillings of: for speed
LETTER_BYTES = 2  # in UTF-8, of a letter that is looked up in the word list
MOST_LISTED_LETTERS = 20  # letters of a language that are looked up
MOST_FILLINGS = 10  # fillings that are compared in context
WORST_FILLING = 10.0  # nats of evidence below the best at which a filling is dropped
BETWEEN_PARTS = re.compile("[’? ]")  # signs in a word that its parts are on both sides of: `d’un`
QUESTION_MARK, QUESTION_AND_SPACE = "?", "? "  # a question mark that is none, and one with the space that was forgotten
QUESTION_SCORES = {QUESTION_MARK: -2.0, QUESTION_AND_SPACE: -4.0}  # nats: the prior of either
SIGN_PRIOR = -2.0  # nats: the prior of a quote or dash, whose use differs between kinds of text
CAPITAL_PRIOR = -1.1  # nats: the prior of a capital where no sentence starts


class Weights(NamedTuple):
    """How much each kind of evidence counts: a log-linear model, fitted on treebanks other than those measured."""

    ngrams: float  # the exponent of the probabilities of n-grams, which are overconfident on other text
    list: float  # the same of a word list
    unlisted: float  # nats: the score of a word that is not listed, added to its log-probability
    ascii_part: float  # nats: the score of a word in ASCII next to a sign, which lists lack: `d` of `d’un`
    prior: float  # the exponent of the prior of signs and capitals


WITH_LIST = Weights(0.25, 0.46, -2.1, -4.5, 1.5)
WITHOUT_LIST = Weights(0.5, 0.0, 0.0, 0.0, 0.5)


class MarkedWord(NamedTuple):
    """A word with marks, and the characters that each mark may have been."""

    text: str  # in lower case, U+FFFD for each mark
    candidates: tuple[tuple[str, ...], ...]  # by mark; a character in lower case where capitals are certain


class Filling(NamedTuple):
    """The characters for the marks of a word, the word with them, its log-likelihood by n-grams, and other evidence."""

    characters: tuple[str, ...]
    text: str
    score: float  # nats
    extra: float  # nats: what the word list and the prior of signs add, with their weights


def weights_of(known: WordList | None) -> Weights:
    """Return the weights for a language with or without a word list."""
    return WITH_LIST if known else WITHOUT_LIST


def word_fillings(
    words: Iterable[MarkedWord], model: LanguageModel, known: WordList | None
) -> dict[MarkedWord, list[Filling]]:
    """Return the likeliest fillings of each word, the best first: `d\ufffdkuji` is `děkuji`, `dékuji`, ..."""
    found: dict[MarkedWord, dict[tuple[str, ...], float]] = {word: {} for word in sorted(set(words))}
    listed = [(word, own) for word in found for own in _listed_fillings(word, known)] if known else []
    scores = segment_scores([" " * MODEL_CONTEXT + _filled(word, own) + " " for word, own in listed], model)
    for (word, own), score in zip(listed, scores.tolist(), strict=True):
        found[word][own] = score
    for limits, some in (
        (LISTED_LIMITS, [word for word, row in found.items() if row]),
        (FILLING_LIMITS, [word for word, row in found.items() if not row]),
    ):
        strings = likeliest_strings([list(_slots_of_word(word)) for word in some], model, limits, limits.width)
        for word, rows in zip(some, strings, strict=True):
            found[word] |= {_choices_of_marks(word, choices): score for choices, score in rows}
    texts = {(word, own): _filled(word, own) for word, row in found.items() for own in row}
    extra = word_scores(set(texts.values()), known)
    weights = weights_of(known)
    return {
        word: _best_fillings(
            (
                Filling(own, text := texts[word, own], score, extra[text] + weights.prior * prior_score(own))
                for own, score in row.items()
            ),
            weights.ngrams,
        )
        for word, row in found.items()
    }


def _listed_fillings(word: MarkedWord, known: WordList) -> list[tuple[str, ...]]:
    """Return the letters for the marks of a word that make it a word of the list."""
    places = [at for at, char in enumerate(word.text) if char == REPLACEMENT]
    return known.fillings(word.text, places, [_small_letters(one) for one in word.candidates])


@functools.lru_cache(maxsize=1 << 10)
def _small_letters(candidates: tuple[str, ...]) -> tuple[str, ...]:
    """Return the letters in lower case among candidates, of two bytes in UTF-8 each: the most frequent ones."""
    small = (char for char in candidates if char.isalpha() and char == lower_form(char))
    return tuple(char for char in small if len(char.encode()) == LETTER_BYTES)[:MOST_LISTED_LETTERS]


def word_scores(texts: Iterable[str], known: WordList | None) -> dict[str, float]:
    """Return the score that a word list adds to each filled word: of its parts; nothing without a list."""
    if known is None:
        return dict.fromkeys(texts, 0.0)
    parts = {text: [part for part in map(_without_signs, BETWEEN_PARTS.split(text)) if part] for text in texts}
    words = sorted({word for row in parts.values() for word in row if not word.isascii()})
    scores = {
        word: WITH_LIST.list * chance + WITH_LIST.unlisted * (chance <= UNKNOWN_WORD_SCORE)
        for word, chance in zip(words, known.chance(words).tolist(), strict=True)
    }
    return {text: sum(scores.get(part, WITH_LIST.ascii_part) for part in row) for text, row in parts.items()}


def _without_signs(text: str) -> str:
    """Return a word in lower case, without the characters at its ends that are no letters: `„Škoda` -> `škoda`."""
    first, last = 0, len(text)
    while first < last and not text[first].isalpha():
        first += 1
    while last > first and not text[last - 1].isalpha():
        last -= 1
    return "".join(map(lower_form, text[first:last]))


def prior_score(characters: Iterable[str]) -> float:
    """Return the prior of the capitals, signs and question marks among the characters of a filling, in nats."""
    return sum(
        CAPITAL_PRIOR * char.isupper() if char.isalpha() else QUESTION_SCORES.get(char, SIGN_PRIOR)
        for char in characters
    )


def _slots_of_word(word: MarkedWord) -> Iterable[Slot]:
    """Yield the slots of a word."""
    options = iter(word.candidates)
    for at, char in enumerate(word.text):
        yield Slot(at, at + 1, next(options) if char == REPLACEMENT else (char,))


def _choices_of_marks(word: MarkedWord, choices: Sequence[str]) -> tuple[str, ...]:
    """Return the choices for the marks, of the choices for all characters of a word."""
    return tuple(choice for char, choice in zip(word.text, choices, strict=True) if char == REPLACEMENT)


def _filled(word: MarkedWord, characters: Iterable[str]) -> str:
    """Return a word with characters for its marks."""
    options = iter(characters)
    return "".join(next(options) if char == REPLACEMENT else char for char in word.text)


def _best_fillings(rows: Iterable[Filling], ngram_weight: float) -> list[Filling]:
    """Return the best fillings, the best first."""
    ranked = sorted(((ngram_weight * one.score + one.extra, one) for one in rows), key=lambda row: -row[0])
    return [one for evidence, one in ranked[:MOST_FILLINGS] if evidence > ranked[0][0] - WORST_FILLING]
