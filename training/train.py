"""Corpus -> pipeline/language/model: n-gram counts in two tables, and the weights that interpolate them.

usage: python -m training.train CORPUS training/plan.toml [aside]
"""

from __future__ import annotations

import itertools
import math
import sys
import tomllib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from pipeline.language.model_meta import MODEL_FOLDER, ModelMeta
from pipeline.language.ngram_keys import codes_of, salted_keys
from pipeline.language.ngrams import (
    COUNT_BUCKETS,
    COUNT_OF,
    EMPTY_CONTEXT,
    SHORT_ORDER,
    UNSEEN_PROBABILITY,
    VARIETIES,
    context_kind,
)
from training.counting import Row, count, hashes_of
from training.fuse import build
from training.texts import HELD_OUT, Texts, held_out, read, stem

AT_ONCE = 2  # languages in parallel: one takes up to 5 GB
LEAST_GAIN = (1e-3, 1e4)  # nats: limits of the search for the threshold of pruning


def gains(rows: list[Row], weights: list[list[float]], total: float) -> list[np.ndarray]:
    """Return the nats that each n-gram saves on the training text (Stolcke, 1998); infinite for single characters."""
    every = [np.full(len(rows[0].counts), np.inf)]
    weight = np.array(weights[1])[EMPTY_CONTEXT]
    chance = weight * COUNT_OF[rows[0].data] / total + (1 - weight) * UNSEEN_PROBABILITY
    for order, (shorter, row) in enumerate(itertools.pairwise(rows), 2):
        context = COUNT_OF[shorter.data]
        weight = np.array(weights[order])[context_kind(context, shorter.varieties)][row.contexts]
        without = (1 - weight) * chance[row.ends]
        chance = weight * np.minimum(COUNT_OF[row.data] / np.maximum(context[row.contexts], 1), 1) + without
        every.append(row.counts * np.log(chance / without))
    return every


def pruned(rows: list[Row], gained: list[np.ndarray], budget: int) -> list[Row]:
    """Return the n-grams that save most, and their parts: at most `budget` in all."""
    low, high = LEAST_GAIN
    while high > low * 1.001:
        middle = math.sqrt(low * high)
        if sum(int(one.sum()) for one in _above(middle, rows, gained)) > budget:
            low = middle
        else:
            high = middle
    return [row.only(chosen) for row, chosen in zip(rows, _above(high, rows, gained), strict=True)]


def _above(gain: float, rows: list[Row], gained: list[np.ndarray]) -> list[np.ndarray]:
    """Return for each order which n-grams save more than `gain`, or are parts of one that does."""
    chosen: list[np.ndarray] = []
    needed = np.zeros(len(rows[-1].counts), bool)
    for shorter, row, gains_ in zip([*rows[-2::-1], rows[0]], rows[::-1], gained[::-1], strict=True):
        chosen.append(needed | (gains_ > gain))
        needed = np.zeros(len(shorter.counts), bool)
        needed[row.contexts[chosen[-1]]] = needed[row.ends[chosen[-1]]] = True
    return chosen[::-1]


def weights_for(rows: list[Row], held: str, total: float) -> list[list[float]]:
    """Return the interpolation weight of each kind of context, by order, that maximizes the held-out likelihood."""
    codes = codes_of(held)
    usable = codes != 0
    chance = np.full(len(codes), UNSEEN_PROBABILITY)
    weights = [[0.0] * (COUNT_BUCKETS * VARIETIES)]
    counts, kinds = np.full(len(codes), total, np.float32), np.full(len(codes), EMPTY_CONTEXT, np.uint8)
    for order, (rolling, clean) in enumerate(hashes_of(codes), 1):
        context, contexts = np.roll(counts, 1), np.roll(kinds, 1)
        row = rows[order - 1]
        place = np.clip(np.searchsorted(row.hashes, rolling), 0, len(row.hashes) - 1)
        data = row.data[place]
        count = np.where((row.hashes[place] == rolling) & clean, COUNT_OF[data], 0)
        counts = np.minimum(count, np.minimum(context, counts)).astype(np.float32)
        kinds = context_kind(counts, data % VARIETIES)
        ratio = counts / np.maximum(context, 1)
        learnt = np.full(COUNT_BUCKETS * VARIETIES, -1.0)
        for one in range(1, COUNT_BUCKETS * VARIETIES):
            chosen = usable & (contexts == one)
            if chosen.sum() > 30:
                learnt[one] = _best(ratio[chosen], chance[chosen])
        learnt = _filled(learnt)
        weights.append(learnt.tolist())
        weight = learnt[contexts]
        chance = weight * ratio + (1 - weight) * chance
    print("   bits a character", round(float(-np.log2(chance[usable]).mean()), 3), "of", int(usable.sum()), flush=True)
    return weights


def _filled(row: np.ndarray) -> np.ndarray:
    """Return the weights with missing ones (-1) copied from the next lower, else the next higher bucket."""
    table = row.reshape(COUNT_BUCKETS, VARIETIES).copy()
    for variety in range(VARIETIES):
        learnt = [bucket for bucket in range(COUNT_BUCKETS) if table[bucket, variety] >= 0]
        for bucket in range(COUNT_BUCKETS):
            if table[bucket, variety] < 0:
                lower = [one for one in learnt if one < bucket]
                table[bucket, variety] = table[lower[-1] if lower else learnt[0], variety] if learnt else 0.5
    table = table.ravel()
    table[0] = 0.0
    return table


def _best(ratio: np.ndarray, below: np.ndarray) -> float:
    weight = 0.5
    for _ in range(30):  # expectation maximization (Jelinek and Mercer, 1980)
        share = weight * ratio / np.maximum(weight * ratio + (1 - weight) * below, 1e-30)
        weight = float(np.clip(share.mean(), 1e-4, 1 - 1e-4))
    return weight


class Learnt(NamedTuple):
    """The model of one language."""

    total: float  # characters
    ngrams: list[tuple[np.ndarray, np.ndarray]]  # by order: hashes, and their bytes in the table
    weights: list[list[float]]  # by order, bucket


def learn(corpus: Path, language: dict[str, Any], *, aside: bool) -> Learnt:
    """Return the model of a language, by its row of the plan.

    The weights are learnt on held-out sources. Then these are counted as well, unless they are put `aside`.
    """
    items = list(read(corpus / language["tag"]))
    held = held_out(items)
    rows, total = counted((text, weight) for text, weight, source in items if stem(source) not in HELD_OUT)
    rough = weights_for(rows, held, total)
    rows = pruned(rows, gains(rows, rough, total), language["budget"])
    weights = weights_for(rows, held, total)
    if not aside:
        rows, total = counted((text, weight) for text, weight, _ in items)
        rows = pruned(rows, gains(rows, rough, total), language["budget"])
    print(language["tag"], int(total), [len(row.counts) for row in rows], flush=True)
    return Learnt(total, [(row.hashes, row.data) for row in rows], weights)


def counted(texts: Iterable[tuple[str, float]]) -> tuple[list[Row], float]:
    """Return the n-grams of weighted texts by order, and the number of characters."""
    rows = count(Texts(list(texts)))
    return rows, float(rows[0].counts.sum())


def main(corpus: Path, plan: Path, *, aside: bool) -> None:
    """Write the model that `plan` describes, made from the texts in `corpus`, which has a folder per language.

    With `aside`, held-out sources are not counted: training.trust needs such a model.
    """
    chosen = tomllib.loads(plan.read_text("utf-8"))["language"]
    short, long = ([], []), ([], [])
    with ProcessPoolExecutor(AT_ONCE) as pool:
        learnt = list(pool.map(partial(learn, corpus, aside=aside), chosen))
    for salt, one in enumerate(learnt):
        for order, (hashes, data) in enumerate(one.ngrams, 1):
            keys, values = short if order <= SHORT_ORDER else long
            keys.append(salted_keys(hashes, order, salt))
            values.append(data)
    MODEL_FOLDER.mkdir(exist_ok=True)
    layouts = []
    for name, slot, chosen_keys, chosen_data in (("short", np.uint32, *short), ("long", np.uint16, *long)):
        every, first = np.unique(np.concatenate(chosen_keys), return_index=True)
        table, layout = build(every, np.concatenate(chosen_data)[first], slot)
        np.save(MODEL_FOLDER / f"{name}.npy", table)
        layouts.append((layout.segments, layout.bits))
        print(name, len(every), "n-grams", table.nbytes / 1e6, "MB")
    tags = tuple(one["tag"] for one in chosen)
    weights = {tag: tuple(map(tuple, one.weights)) for tag, one in zip(tags, learnt, strict=True)}
    meta = ModelMeta(tags, tuple(one.total for one in learnt), tuple(layouts), weights)
    (MODEL_FOLDER / "meta.json").write_bytes(msgspec.json.encode(meta))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), aside="aside" in sys.argv[3:])
