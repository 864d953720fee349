"""Words with marks -> the likeliest ways to fill each, by the n-grams of the language and its word list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.document import REPLACEMENT
from pipeline.language.ngrams import LanguageModel
from pipeline.language.vocabulary import WordList, split_words
from pipeline.mojibake.lossy.beam_search import SearchLimits, likeliest_strings
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.marks.alphabet import lower_form

FILLING_LIMITS = SearchLimits(24, 96, 1.0, 1.0)  # fillings of a word that are kept, candidates of a mark
MOST_FILLINGS = 8  # fillings that are compared in context
WORST_FILLING = 12.0  # nats below the best at which a filling is dropped
WORD_LIST_WEIGHT = 1.0  # the exponent of a word's probability; benchmarks/marks.py: .5 is worse
SIGN_SCORE = -4.0  # nats: the log-probability of signs instead of a word
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
    found = likeliest_strings([list(_slots(word)) for word in distinct], model, FILLING_LIMITS)
    filled = {
        word: [Filling(own := _of_marks(word, choices), "".join(choices), score + prior_score(own)) for choices, score in rows]
        for word, rows in zip(distinct, found, strict=True)
    }
    scores = word_scores({one.text for rows in filled.values() for one in rows}, known)
    return {word: _best([one._replace(score=one.score + scores[one.text]) for one in rows]) for word, rows in filled.items()}


def word_scores(texts: Iterable[str], known: WordList | None) -> dict[str, float]:
    """Return the score that a word list adds to each filled word: of the words in it; 0 without a list."""
    parts = {text: list(split_words(text)) for text in texts}
    words = sorted({word for row in parts.values() for word in row})
    if known is None or not words:
        return dict.fromkeys(parts, 0.0)
    chances = dict(zip(words, known.chance(words).tolist(), strict=True))
    return {
        text: WORD_LIST_WEIGHT * (sum(chances[word] for word in row) if row else SIGN_SCORE) for text, row in parts.items()
    }


def prior_score(characters: Iterable[str]) -> float:
    """Return the prior of the signs and question marks among the characters of a filling, in nats."""
    return sum(0.0 if char.isalpha() else QUESTION_SCORES.get(char, SIGN_PRIOR) for char in characters)


def _slots(word: MarkedWord) -> Iterable[Slot]:
    """Yield the slots of a word."""
    options = iter(word.candidates)
    for at, char in enumerate(word.text):
        yield Slot(at, at + 1, next(options) if char == REPLACEMENT else (char,))


def _of_marks(word: MarkedWord, choices: Sequence[str]) -> tuple[str, ...]:
    """Return the choices at the marks of a word."""
    return tuple(choice for char, choice in zip(word.text, choices, strict=True) if char == REPLACEMENT)


def _best(rows: Sequence[Filling]) -> list[Filling]:
    """Return the best fillings, the best first."""
    ordered = sorted(rows, key=lambda one: -one.score)[:MOST_FILLINGS]
    return [one for one in ordered if one.score > ordered[0].score - WORST_FILLING]
