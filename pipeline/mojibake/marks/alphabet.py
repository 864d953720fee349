"""Language -> the characters outside ASCII that its text has: the candidates for a mark; text -> its language."""

from __future__ import annotations

import functools

import numpy as np

from pipeline.document import REPLACEMENT
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import language_model, model_languages, unigram_log_probabilities

LEAST_FREQUENT = -13.8  # nats: a character of the language has at least this log-probability, one in a million
LATIN_LEAD = 4.0  # nats by which `e` is more frequent than a letter of any other script, in a language of Latin script
LATIN_CHARACTERS = "".join(char for char in map(chr, [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]) if char.isalpha())
OPENING_SIGNS, CLOSING_SIGNS = "“„‘‚«‹¿¡", "”’»›…°ºª"
OTHER_SIGNS = "–—•·€£§©®™×\xa0"
LANGUAGE_SAMPLE_SIZE = 2_000  # characters that the language is detected from
MOST_RIVALS = 3  # languages that are tried on the sample
SHORT_MARKED_TEXT = 60  # characters of a title, whose language only its words show
MOST_RIVALS_OF_SHORT = 12  # the same of it
RIVAL_LEAD = 25.0  # nats: the sample's sound characters alone decide between languages this far apart
DOTTED_CAPITAL_I = "İ"  # its lower case is ASCII


@functools.cache
def latin_languages() -> tuple[str, ...]:
    """Return the languages of Latin script that the model knows."""
    common = unigram_log_probabilities(codes_of("e"))[:, 0]
    foreign = unigram_log_probabilities(codes_of("аεעاहกの的이")).max(axis=1)
    leads = (common - foreign).tolist()
    return tuple(tag for tag, lead in zip(model_languages(), leads, strict=True) if lead > LATIN_LEAD)


@functools.cache
def lost_characters(tag: str) -> tuple[str, ...]:
    """Return the characters outside ASCII of a language, the most frequent first.

    >>> lost_characters("de")[:4]
    ('ü', 'ä', 'ö', 'ß')
    """
    every = LATIN_CHARACTERS + OPENING_SIGNS + CLOSING_SIGNS + OTHER_SIGNS
    chances = unigram_log_probabilities(codes_of(every))[model_languages().index(tag)]
    order = np.argsort(-chances, kind="stable")
    return tuple(every[at] for at in order if chances[at] > LEAST_FREQUENT)


def lower_form(char: str) -> str:
    """Return the lower case of a character, one character always: `i` for `İ`."""
    return "i" if char == DOTTED_CAPITAL_I else char.lower()


def likely_languages(text: str) -> list[str]:
    r"""Return the languages of Latin script that the sound characters of a marked text are likeliest in.

    >>> likely_languages("Ich m\ufffdchte Ihnen sagen, dass wir heute in die Stadt fahren")
    ['de']
    """
    sample = text[:LANGUAGE_SAMPLE_SIZE]
    counted = np.array([char != REPLACEMENT for char in sample])
    scores = {tag: float(language_model(tag).score(sample)[counted].sum()) for tag in latin_languages()}
    best = max(scores.values())
    most = MOST_RIVALS_OF_SHORT if len(text) <= SHORT_MARKED_TEXT else MOST_RIVALS
    return sorted((tag for tag in scores if scores[tag] > best - RIVAL_LEAD), key=lambda tag: -scores[tag])[:most]
