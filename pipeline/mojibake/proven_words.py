"""Lines of one code page decoded as another -> the originals that words prove: `CittÓ del Vaticano` is `Città ...`.

A title or a file name has too few characters to prove a chain by their frequencies. But one of its decodings has words
of a language, where the line has none: `cittÓ` is not a word, `città` is one.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.encoding.codecs import codec_named
from pipeline.language.fluency import confidence_by_gain, line_log_likelihoods
from pipeline.language.vocabulary import UNKNOWN_WORD_SCORE, WordList, listed_languages, word_list
from pipeline.mojibake.chain_search import Chain
from pipeline.mojibake.likelier_originals import SIGN_IN_WORD, likelier_originals
from pipeline.mojibake.soundness import (
    LATIN,
    MOST_FLUENT_ENTROPY,
    WORDS_OF_NO_LANGUAGE,
    LineRepair,
    is_unlikely_name,
    objection,
    script_of,
)

WORDS_IN_LETTERS = re.compile(r"[^\W\d_]+")
SIGNS_OF_TEXT = frozenset("§°€£\xa0")  # besides those that Unicode has as punctuation
SIGNS_AFTER_WORDS = frozenset("²³¹ªº°®™©½¼¾")  # `60 m²` is no `60 mı`; but `F³r` is `Für`
SIGNS_BETWEEN_LETTERS = frozenset("'’-‐·")  # that are between letters
SHORTEST_FOREIGN_WORD = 5  # the same in another script: shorter runs of accented letters are lists (`ÄÅÄ`, `ÚÓÊ`)
SHORTEST_KNOWN_WORD = 2  # letters of the longest known word: lists of letters are sound
SHORTEST_PROVEN_LINE = 3  # of a line: `nû` is a word of a language without a list
FEWEST_PROVING_LETTERS = 5  # of the longest known word, and of those changed; two bytes of UTF-8 count twice
UNKNOWN_WORD_PRICE = 4.0  # nats for a new word that is in no list; at least half must be in one
LEAST_NEW_WORD_NATS = 5.0  # by which its words must be likelier; an unknown word has a probability of 1e-9
LEAST_SHORT_WORD_NATS = 12.0  # the same of short words: `für`
LONG_FOREIGN_WORD, NATS_PER_FOREIGN_LETTER = 6, 6.9  # letters; nats: so many letters in a row are in no Latin word
LEAST_LINE_NATS, NATS_PER_LETTER = 10.0, 6.0  # by which the n-grams of a line must be likelier: benchmarks/harm.py
LEAST_NATS_OF_WORDS = 15.0  # the same where the words of the line may be words: `Klasë` is Albanian
UNLISTED_LETTERS = frozenset("ëçËÇ")  # of Albanian, which has neither a word list nor a model
_CAPITAL_I = str.maketrans("İ", "i")  # whose small letter is two characters in Python
_COMMA_FORMS = str.maketrans("şţ", "șț")  # of Romanian, whose code pages have cedillas
_ASCII_TO_NONE = dict.fromkeys(range(128))
LEAST_PROOF_NATS = 16.0  # of words and n-grams, and the rarities of the two codecs
WEIGHT_OF_UTF_8 = 3  # letters that a sequence of UTF-8 counts as: its validity is evidence too
MOST_ORIGINALS = 6  # originals of a line that are scored by n-grams
LONGEST_SHORT_TEXT = 1_000  # characters: longer ones have other evidence


class ProvenLine(NamedTuple):
    """A line by its number, its original, and the confidence in it."""

    number: int
    original: str
    confidence: float


class _Original(NamedTuple):
    """What a line may have been, the chain, and by how many nats its words are likelier."""

    text: str
    chain: Chain
    nats: float
    letters: int  # that are changed
    least_gain: float  # nats by which its n-grams must be likelier, where the line has no strange character


def has_proven_lines(text: str) -> bool:
    """Return whether words prove that lines of a text were decoded as another code page.

    >>> has_proven_lines("CittÓ del Vaticano"), has_proven_lines("Città del Vaticano")
    (True, False)
    """
    return (
        len(text) <= LONGEST_SHORT_TEXT
        and lines_by_words([line for line in text.split("\n") if not line.isascii()]) is not None
    )


def lines_by_words(lines: Sequence[str]) -> tuple[Chain, list[ProvenLine]] | None:
    """Return the chain that words prove, and the lines that it mis-decoded; None where they prove none.

    >>> chain, lines = lines_by_words(["La sociÚtÚ franþaise"])
    >>> print(chain, lines[0].original)
    cp1252 decoded as cp850 La société française
    """
    if sum(map(len, lines)) > LONGEST_SHORT_TEXT:
        return None
    chains = Counter(chain for line in lines if (chain := _proven_chain(line)))
    if not chains:
        return None
    chain = chains.most_common(1)[0][0]
    undone = {number: text for number, line in enumerate(lines) if (text := chain.undone(line)) not in {None, line}}
    after, before = (line_log_likelihoods(texts) for texts in (list(undone.values()), [lines[at] for at in undone]))
    gains = zip(undone.items(), (after - before).tolist(), strict=True)
    proven = [ProvenLine(number, text, confidence_by_gain(gain)) for (number, text), gain in gains if gain > 0]
    return (chain, proven) if len(proven) * 2 > len(undone) else None


@functools.lru_cache(maxsize=64)
def _proven_chain(line: str) -> Chain | None:
    """Return the chain of the likeliest original of a line if words prove it."""
    found: dict[str, _Original] = {}
    if len(line) < SHORTEST_PROVEN_LINE:
        return None
    for one in _with_known_words(line):
        if one.text not in found or one.nats > found[one.text].nats:
            found[one.text] = one
    if not found:
        return None
    known = sorted(found.values(), key=lambda one: -one.nats)[:MOST_ORIGINALS]
    gains = [_ngram_gain(line, one.text) for one in known]
    gain, best = max(zip(gains, known, strict=True), key=lambda pair: pair[0] + pair[1].nats)
    least = max(NATS_PER_LETTER * best.letters, best.least_gain)
    if not SIGN_IN_WORD.search(line):
        least = max(least, LEAST_LINE_NATS)
    rarity = sum(codec_named(name).rarity or 0.0 for name in best.chain.decodings[0])
    return best.chain if gain >= least and gain + best.nats >= LEAST_PROOF_NATS + rarity else None


def _ngram_gain(line: str, original: str) -> float:
    """Return by how many nats the n-grams of an original are likelier.

    If it is fluent, and a small letter becomes a capital or a sign inside a word a letter, they are compared in its
    language without regard to case.
    """
    small, before = line_log_likelihoods([original.lower(), line.lower()])
    pairs = zip(line, original, strict=False)
    has_capital = any(new.isupper() and old.islower() for old, new in pairs) or SIGN_IN_WORD.search(line) is not None
    if has_capital and small > -MOST_FLUENT_ENTROPY * len(original):
        return float(small - before)
    return float(line_log_likelihoods([original])[0] - line_log_likelihoods([line])[0])


def _with_known_words(line: str) -> Iterator[_Original]:
    """Yield the originals of a line with enough words of a language."""
    for text, chain in likelier_originals(line):
        same_size = len(text) == len(line)
        spans = list(_changed_words(line, text)) if same_size else _words_with_new_letters(line, text)
        new = list(dict.fromkeys(text[start:end].translate(_CAPITAL_I).lower() for start, end in spans))
        old = list(dict.fromkeys(line[start:end] for start, end in spans)) if same_size else []
        letters = sum(map(str.__ne__, line, text)) if same_size else WEIGHT_OF_UTF_8
        plain = LEAST_NATS_OF_WORDS if old and all(map(_may_be_word, old)) else 0.0
        if plain and UNLISTED_LETTERS.issuperset("".join(old).translate(_ASCII_TO_NONE)):
            continue
        shortest = SHORTEST_FOREIGN_WORD if any(map(_is_in_other_script, new)) else SHORTEST_KNOWN_WORD
        if same_size and _has_foreign_words(line, text, spans):
            yield _Original(text, chain, 0.0, letters, NATS_PER_FOREIGN_LETTER * letters)
        forms = [word.translate(_COMMA_FORMS) for word in new]
        for words in _word_lists() if new else ():
            chances = np.maximum(words.chance(new), words.chance(forms)) - np.float32(UNKNOWN_WORD_SCORE)
            known = [len(word) for word, chance in zip(new, chances.tolist(), strict=True) if chance > 0]
            unknown = len(new) - len(known)
            if unknown > len(known) or max(known) < shortest:
                continue
            nats = float(chances.sum()) - _nats_of_best(old) - UNKNOWN_WORD_PRICE * unknown
            is_long = max(known) + letters >= FEWEST_PROVING_LETTERS
            if nats >= (LEAST_NEW_WORD_NATS if is_long else LEAST_SHORT_WORD_NATS):
                yield _Original(text, chain, nats, letters, plain)


def _has_foreign_words(line: str, text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Return whether all new words are in another script, a long one among them: `Çåìôèðà` may be the name `Земфира`.

    Letters in the order of the alphabet, single ones and symbols are no such words, nor is a word of capitals alone.
    """
    longest = max((end - start for start, end in spans), default=0)
    if longest < LONG_FOREIGN_WORD or (line.isupper() and len(spans) == 1):
        return False
    changed = all(line[at] != text[at] for span in spans for at in range(*span))
    foreign = changed and all(_is_in_other_script(text[start:end]) for start, end in spans)
    if not foreign or is_unlikely_name(text):
        return False
    return objection([LineRepair(line, text)]) in {None, WORDS_OF_NO_LANGUAGE}


def _is_in_other_script(word: str) -> bool:
    return not word[0].isascii() and script_of(word[0]) != LATIN


def _nats_of_best(words: Sequence[str]) -> float:
    """Return the log-probability of words in the language that fits them best, beyond that of unknown ones."""
    whole = [word.lower() for word in words if _may_be_word(word)]
    if not whole:
        return 0.0
    return max(float((one.chance(whole) - np.float32(UNKNOWN_WORD_SCORE)).sum()) for one in _word_lists())


def _changed_words(line: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the words that a chain changes; none if it changes anything else but punctuation.

    White space is hardly ever a letter, and a capital inside a word in small letters is none, nor the reverse.
    """
    changed = {at for at, (one, other) in enumerate(zip(line, text, strict=True)) if one != other}
    if 2 * sum(line[at].isspace() for at in changed) >= len(changed):
        return
    after_words = sum(line[at] in SIGNS_AFTER_WORDS and not text[at + 1 : at + 2].isalpha() for at in changed)
    if 2 * after_words >= len(changed):
        return
    spans = [match.span() for match in WORDS_IN_LETTERS.finditer(text)]
    spans = [span for span in spans if not changed.isdisjoint(range(*span))]
    others = changed.difference(*(range(*span) for span in spans))
    signs = all(_is_sign_of_text(text[at]) and not _is_sign_inside_word(text, at) for at in others)
    if signs and all(_has_one_case(text[slice(*span)]) for span in spans):
        yield from spans


def _words_with_new_letters(line: str, text: str) -> list[tuple[int, int]]:
    """Return the spans of the words of an original that have letters which the line has not."""
    old = set(line)
    return [match.span() for match in WORDS_IN_LETTERS.finditer(text) if not old.issuperset(match[0])]


def _may_be_word(text: str) -> bool:
    """Return whether text looks like a word in Latin letters: no sign, capital or other letter is inside."""
    return text.isalpha() and _has_one_case(text) and all(char.isascii() or script_of(char) == LATIN for char in text)


def _is_sign_of_text(char: str) -> bool:
    return char in SIGNS_OF_TEXT or unicodedata.category(char)[0] == "P"


def _is_sign_inside_word(text: str, at: int) -> bool:
    """Return whether a sign is between two letters where no sign of a word is: `sí¿sia`, but not `l’a`."""
    return text[at] not in SIGNS_BETWEEN_LETTERS and text[at - 1 : at].isalpha() and text[at + 1 : at + 2].isalpha()


def _has_one_case(word: str) -> bool:
    """Return whether a word is in small letters, in capitals, or in small letters after a capital."""
    return word[1:].islower() or word.isupper() or len(word) == 1


@functools.cache
def _word_lists() -> list[WordList]:
    return [words for tag in listed_languages() if (words := word_list(tag))]
