"""Hypotheses and characters that may follow them -> the probability of each pair, without the states after it.

A beam search extends all hypotheses by all characters and keeps a few: only those few need a state. Most hypotheses end
in the same few characters: what these say of the next one is computed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Keys, table_values
from pipeline.language.hash_numbers import SPLITMIX64
from pipeline.language.ngram_keys import MULTIPLIER, Codes, salted_keys
from pipeline.language.ngrams import (
    ARCHIVE_BUCKETS,
    COUNT_OF,
    ORDER,
    SHORT_ORDER,
    UNSEEN_PROBABILITY,
    VARIETIES,
    ContextState,
    Floats,
    LanguageModel,
)

ROW_FACTOR = np.uint64(SPLITMIX64[0])  # any odd number that is not the factor of rolling hashes
ContextNumbers = npt.NDArray[np.int64]


def follower_scores(
    model: LanguageModel, state: ContextState, codes: Codes, known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Return the log-probability of each character after each hypothesis, as `LanguageModel.extend` has it.

    `state` and `known` have the leading axes (rows, hypotheses), `codes` (rows, characters), the result all three. It
    is minus infinity for hypotheses that are not `known` and for codes 0.
    """
    ends = np.nonzero(known)
    levels = list(_levels(state.at(ends), ends[0]))
    wanted = codes > 0
    chance = np.full(codes.shape, UNSEEN_PROBABILITY, np.float32)
    count = np.where(wanted, np.float32(model.total), np.float32(0))
    for order, level in enumerate(levels, 1):
        hashes, context = level.state.hashes[:, order - 1, None], level.state.counts[:, order - 1, None]
        chance, count = chance[level.parents], count[level.parents]
        count = _counts(model, order, (hashes, codes[level.rows]), np.minimum(count, context))
        weight = model.weights[order][level.state.kinds[:, order - 1, None]]
        chance *= 1 - weight
        if count.any():
            chance += weight * (count / np.maximum(context, 1))
    if model.archives:
        chance = _archived(model, levels[-1], codes, chance)
    found = np.full((*known.shape, codes.shape[1]), -np.inf, np.float32)
    scores = np.log(chance)
    scores[~wanted[levels[-1].rows]] = -np.inf
    found[ends] = scores[levels[-1].contexts]
    return found


class _Level(NamedTuple):
    """The distinct contexts of some length: their states, rows, and numbers among the shorter ones.

    `contexts` has the number of the context of each hypothesis.
    """

    state: ContextState
    rows: ContextNumbers
    parents: ContextNumbers
    contexts: ContextNumbers


def _levels(state: ContextState, rows: ContextNumbers) -> Iterator[_Level]:
    """Yield the contexts of 0, 1, ... characters; those of no characters are the rows."""
    contexts = rows
    for size in range(ORDER):
        keys: Keys = state.hashes[:, size] + contexts.astype(np.uint64) * ROW_FACTOR
        _, first, longer = np.unique(keys, return_index=True, return_inverse=True)
        yield _Level(state.at(first), rows[first], contexts[first], longer)
        contexts = longer


def _counts(model: LanguageModel, order: int, key: tuple[Codes, Codes], limit: Floats) -> Floats:
    """Return the counts of n-grams of a length, at most `limit`; 0 where that is 0."""
    counts = np.zeros(limit.shape, np.float32)
    known = np.flatnonzero(limit > 0)
    if not len(known):
        return counts
    contexts, codes = key
    hashes = (contexts * MULTIPLIER + codes).reshape(-1)[known]
    table, layout = model.tables[order > SHORT_ORDER]
    found = table_values(table, layout, salted_keys(hashes, order, model.salt))
    counts.reshape(-1)[known] = np.minimum(COUNT_OF[found], limit.reshape(-1)[known])
    return counts


def _archived(model: LanguageModel, level: _Level, codes: Codes, chance: Floats) -> Floats:
    """Return probabilities interpolated with those of the archives, as `LanguageModel.extend` does."""
    count = np.where(codes > 0, level.state.archived[:1, :1], np.float32(0))[level.rows]
    for order in range(1, ORDER + 1):
        context, kinds = level.state.archived[:, order - 1, None], level.state.kinds[:, order - 1, None]
        limit = np.minimum(count, context)
        hashes = level.state.hashes[:, order - 1, None] * MULTIPLIER + codes[level.rows]
        count = np.sum([archive.lookup(hashes, order, limit) for archive in model.archives], axis=0)
        weight = model.trust[order - 1][np.minimum(np.frexp(context)[1], ARCHIVE_BUCKETS - 1), kinds // VARIETIES]
        chance = np.asarray(weight * (count / np.maximum(context, 1)) + (1 - weight) * chance, np.float32)
    return chance


def highest_places(scores: Floats, width: int) -> npt.NDArray[np.int64]:
    """Return the places of the `width` highest scores of each row, the highest first, the first of equal ones."""
    if scores.shape[1] <= width:
        return np.argsort(-scores, axis=1, kind="stable")
    last = np.partition(scores, -width, axis=1)[:, -width, None]
    tied = (scores >= last).sum(axis=1) > width
    places = np.empty((len(scores), width), np.int64)
    places[tied] = np.argsort(-scores[tied], axis=1, kind="stable")[:, :width]
    likely = np.nonzero(scores[~tied] >= last[~tied])[1].reshape(-1, width)
    order = np.argsort(-np.take_along_axis(scores[~tied], likely, axis=1), axis=1, kind="stable")
    places[~tied] = np.take_along_axis(likely, order, axis=1)
    return places
