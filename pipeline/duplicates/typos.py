"""Two words -> whether one of them is a misspelling of the other, according to the language model."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA

from pipeline.duplicates.comparison_tokens import CODE_MARK, Token
from pipeline.language.ngrams import language_model, model_languages

LEAST_TYPED_WORD = 4  # letters; a typo in a shorter word gives another word
LONG_WORD = 8  # letters; a longer word may have two typos
TYPO_NATS = 10.0  # difference of log-probabilities: 1 % of the pairs of real words that differ in one letter have more


def misspelled_side(one: Token, other: Token, language: str) -> int | None:
    """Return which of two words is a misspelling of the other, 0 or 1; None if neither is.

    Words with a capital may be names and are not typos, nor are words in a language without a model.

    >>> misspelled_side(Token("spring", cased="spring"), Token("sprnig", cased="sprnig"), "en")
    1
    >>> misspelled_side(Token("peas", cased="peas"), Token("pears", cased="pears"), "en")
    """
    first, second = one.text, other.text
    if not (_is_plain_word(one) and _is_plain_word(other)) or language not in model_languages():
        return None
    shortest = min(len(first), len(second))
    if shortest < LEAST_TYPED_WORD or OSA.distance(first, second) > 1 + (shortest >= LONG_WORD):
        return None
    lead = _word_score(first, language) - _word_score(second, language)
    return None if abs(lead) < TYPO_NATS else int(lead > 0)


@lru_cache(maxsize=1 << 12)
def _word_score(word: str, language: str) -> float:
    """Return the log-probability of a word between spaces, in nats."""
    return float(language_model(language).score(f" {word} ")[1:].sum())


def _is_plain_word(token: Token) -> bool:
    return token.text.isalpha() and token.cased == token.cased.lower()


def may_be_noise(one: str, other: str) -> bool:
    """Return whether two tokens differ in one character, as in a copy full of typos; never digits, never code.

    >>> may_be_noise("was", "wss"), may_be_noise("1921", "192l"), may_be_noise("1921", "1922"), may_be_noise("a", "")
    (True, True, False, True)
    """
    if one.startswith(CODE_MARK) or other.startswith(CODE_MARK) or OSA.distance(one, other) > 1:
        return False
    replaced = len(one) == len(other)
    return not (replaced and any(a != b and a.isdigit() and b.isdigit() for a, b in zip(one, other, strict=True)))
