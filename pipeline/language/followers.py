"""Hypotheses and characters that may follow them -> the probability of each pair, without the states after it.

A beam search extends all hypotheses by all characters and keeps a few: only those few need a state.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import table_values
from pipeline.language.ngram_keys import MULTIPLIER, Codes, salted_keys
from pipeline.language.ngrams import (
    COUNT_OF,
    ORDER,
    SHORT_ORDER,
    UNSEEN_PROBABILITY,
    ContextState,
    Floats,
    LanguageModel,
)


def follower_scores(
    model: LanguageModel, state: ContextState, codes: Codes, alive: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Return the log-probability of each character after each hypothesis, as `LanguageModel.extend` has it.

    `state` has the leading axes (rows, hypotheses), `codes` (rows, characters), `alive` and the result all three. Pairs
    that are not alive have any value. The model is one without archives.
    """
    shape = alive.shape
    chance = np.full(shape, UNSEEN_PROBABILITY, np.float32)
    count = np.where(alive, np.float32(model.total), np.float32(0))
    for order in range(1, ORDER + 1):
        context = state.counts[..., order - 1, None]
        count = _counts(model, order, (state.hashes[..., order - 1], codes), np.minimum(count, context))
        weight = model.weights[order][state.kinds[..., order - 1, None]]
        chance *= 1 - weight
        if count.any():
            chance += weight * (count / np.maximum(context, 1))
    return np.asarray(np.log(chance))


def _counts(model: LanguageModel, order: int, key: tuple[Codes, Codes], limit: Floats) -> Floats:
    """Return the counts of n-grams of a length, at most `limit`; 0 where that is 0."""
    counts = np.zeros(limit.shape, np.float32)
    known = np.flatnonzero(limit > 0)
    if not len(known):
        return counts
    contexts, codes = key
    hashes = (contexts[..., None] * MULTIPLIER + codes[:, None, :]).reshape(-1)[known]
    table, layout = model.tables[order > SHORT_ORDER]
    found = table_values(table, layout, salted_keys(hashes, order, model.salt))
    counts.reshape(-1)[known] = np.minimum(COUNT_OF[found], limit.reshape(-1)[known])
    return counts


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
