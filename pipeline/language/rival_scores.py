"""A text and some languages -> the probability of each character in each of them, computed together.

`LanguageModel.score` costs hundreds of calls of numpy, whatever the length of the text, and its arrays leave the cache.
Here, the n-grams of all lengths and languages are looked up together, part by part, with the same results.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.language.fuse_table import mixed_keys, table_values
from pipeline.language.hash_numbers import key_salt
from pipeline.language.model_files import ngram_tables
from pipeline.language.ngram_keys import MULTIPLIER, Codes, codes_of
from pipeline.language.ngrams import (
    COUNT_OF,
    EMPTY_CONTEXT,
    ORDER,
    SHORT_ORDER,
    UNSEEN_PROBABILITY,
    VARIETIES,
    Floats,
    Kinds,
    LanguageModel,
    context_kind,
)

PART_CHARACTERS = 600  # characters in one go: their arrays fit into a core's cache
LONG_TEXT_TO_SCORE = 1_800  # characters: in a longer text, it costs more to look up n-grams that need not be


def scores_by_language(models: Sequence[LanguageModel], text: str) -> Floats:
    """Return the log-probability of each character of `text`, given those before it: shape (models, characters)."""
    if len(text) > LONG_TEXT_TO_SCORE:
        return np.stack([model.score(text) for model in models])
    codes = codes_of(" " + text)
    parts = [_part_scores(models, codes[: PART_CHARACTERS + 1])[:, 1:]]
    for start in range(PART_CHARACTERS + 1, len(codes), PART_CHARACTERS):
        before = start - (ORDER - 1)  # no n-gram is longer
        parts.append(_part_scores(models, codes[before : start + PART_CHARACTERS])[:, ORDER - 1 :])
    return np.concatenate(parts, axis=1)


def _part_scores(models: Sequence[LanguageModel], codes: Codes) -> Floats:
    """Return the log-probabilities of the characters of a part of a text."""
    found = _ngram_bytes(models, codes)
    counts = _consistent_counts(COUNT_OF[found], np.array([[model.total] for model in models], np.float32))
    kinds = np.full(counts.shape, EMPTY_CONTEXT, np.uint8)
    kinds[:, 1:, 1:] = context_kind(counts[:, 1:, 1:], found % VARIETIES)
    kinds[:, 1:, 0] = 0
    context = counts[:, :-1, :-1]
    weight = np.stack([model.weights for model in models])[
        np.arange(len(models))[:, None, None], np.arange(1, ORDER + 1)[:, None], kinds[:, :-1, :-1]
    ]
    share, rest = weight * (counts[:, 1:, 1:] / np.maximum(context, 1)), 1 - weight
    chance = np.full(share[:, 0].shape, UNSEEN_PROBABILITY, np.float32)
    for order in range(ORDER):
        chance = share[:, order] + rest[:, order] * chance
    return np.asarray(np.log(chance), np.float32)


def _consistent_counts(found: Floats, totals: Floats) -> Floats:
    """Return the counts of n-grams, at most those of their parts: shape (models, lengths from 0, 1 + places)."""
    models, orders, places = found.shape
    counts = np.zeros((models, orders + 1, places + 1), np.float32)
    counts[:, 0] = totals
    for order in range(1, orders + 1):
        limit = np.minimum(counts[:, order - 1, :-1], counts[:, order - 1, 1:])
        np.minimum(found[:, order - 1], limit, out=counts[:, order, 1:])
        counts[:, order, 1:order] = 0
    return counts


def _ngram_bytes(models: Sequence[LanguageModel], codes: Codes) -> Kinds:
    """Return the bytes of the tables for the n-grams that end at each place: shape (models, lengths, places)."""
    hashes = np.zeros((ORDER, len(codes)), np.uint64)
    hashes[0] = codes
    for order in range(1, ORDER):
        np.multiply(hashes[order - 1, :-1], MULTIPLIER, out=hashes[order, 1:])
        hashes[order, 1:] += codes[1:]
    salts = [[[key_salt(order, model.salt)] for order in range(1, ORDER + 1)] for model in models]
    keys = mixed_keys(hashes + np.array(salts, np.uint64))
    short, long = ngram_tables()
    return np.concatenate(
        [table_values(*short, keys[:, :SHORT_ORDER]), table_values(*long, keys[:, SHORT_ORDER:])], axis=1
    )
