"""Text of many languages -> pipeline/evidence/model: counts of n-grams in one table, and the weights that mix them."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from pipeline.evidence.ngrams import (
    ANY,
    BUCKETS,
    COUNT_OF,
    FLOOR,
    MODEL,
    MULTIPLIER,
    ORDER,
    SHORT,
    STEP,
    VARIETIES,
    Meta,
    codes_of,
    kind,
    salted,
)
from training.fuse import build

BREAK = "\x00"  # between texts: no n-gram reaches across
MASS = {"libime": 15e6, "libpinyin": 15e6, "libkkc-data": 15e6, "pythainlp": 8e6}
HELD_OUT = (
    "calibre",
    "debian-handbook",
    "debian-faq",
    "evolution-common",
    "gnome-user-docs",
    "mediawiki",
    "apache2-doc",
)
HELD_OUT_CHARACTERS = 600_000
GRAIN = 2**16  # counts are whole numbers of this part of one: their sums are exact, whatever the order of the texts
AT_ONCE = 2  # languages: one takes up to 5 GB
VARIETY = (0.05, 0.2, 0.5)


def read(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Yield text, count and source of all that a language's folder holds: prose once, lists scaled to a mass."""
    for file in sorted(folder.glob("*.txt")):
        source = file.stem
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.strip():
                yield f" {line.strip()} ", 1.0, source
    spaced = folder.name not in {"zh-Hans", "zh-Hant", "ja", "th"}
    for file in sorted(folder.glob("*.tsv")):
        source = file.stem
        rows = [line.rpartition("\t") for line in file.read_text("utf-8", "replace").splitlines()]
        counts = [(word, float(count)) for word, _, count in rows if word]
        scale = MASS.get(_stem(source), 4e6) / sum(len(word) * count for word, count in counts)
        for word, count in counts:
            yield (f" {word} " if spaced else word), count * scale, source


def _stem(source: str) -> str:
    """Return the name of a source, converted between simplified and traditional or not."""
    return source.removesuffix("-s2tw").removesuffix("-t2s")


def held_out(items: list[tuple[str, float, str]]) -> str:
    """Return the text that the weights are learnt on: as much of each source held out, converted ones left out."""
    by_source: dict[str, list[str]] = {source: [] for _, _, source in items if source in HELD_OUT}
    for text, _, source in items:
        if source in by_source:
            by_source[source].append(text)
    share = HELD_OUT_CHARACTERS // max(len(by_source), 1)
    return "".join("".join(text + BREAK for text in texts)[:share] + BREAK for texts in by_source.values())


class Texts:
    """The texts of a language as arrays: codes with breaks, and the count of each character."""

    def __init__(self, items: list[tuple[str, float]]) -> None:
        """Take texts and how often each counts."""
        self.codes = codes_of("".join(text + BREAK for text, _ in items))
        self.weights = np.repeat(
            np.array([max(round(weight * GRAIN), 1) / GRAIN for _, weight in items], np.float64),
            [len(text) + 1 for text, _ in items],
        )


def hashes_of(codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each order the rolling hashes that end at each place, and where no break is within."""
    breaks = codes == 0
    clean = np.ones(len(codes), bool)
    rolling = np.zeros(len(codes), np.uint64)
    found = []
    for order in range(1, ORDER + 1):
        shifted = np.zeros(len(codes), np.uint64)
        shifted[1:] = rolling[:-1]
        rolling = shifted * MULTIPLIER + codes
        reach = np.zeros(len(codes), bool)
        reach[order - 1 :] = breaks[: len(codes) - order + 1]
        clean = clean & ~reach
        clean[: order - 1] = False
        found.append((rolling, clean))
    return found


def count(texts: Texts, budget: int, cutoffs: list[float]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return the hashes, counts and varieties of each order's n-grams, the rarest of the longer ones left out."""
    kept = []
    every = hashes_of(texts.codes)
    for order, (rolling, clean) in enumerate(every, 1):
        at = np.flatnonzero(clean)
        sorting = np.argsort(rolling[at], kind="stable")
        at = at[sorting]
        hashes = rolling[at]
        first = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
        counts = np.add.reduceat(texts.weights[at], first)
        if order > 1:
            _vary(kept[-1], every[order - 2][0][at[first] - 1])
        kept.append([hashes[first], counts, np.zeros(len(first), np.int64)])
    for order, row in enumerate(kept):
        enough = row[1] >= cutoffs[order]
        kept[order] = [column[enough] for column in row]
    while sum(len(row[0]) for row in kept) > budget:
        order = max(range(2, ORDER), key=lambda o: len(kept[o][0]) * (1 + 0.15 * o))  # the longest say least a slot
        enough = kept[order][1] > np.quantile(kept[order][1], 0.1)
        kept[order] = [column[enough] for column in kept[order]]
    return kept


def _vary(row: list[np.ndarray], contexts: np.ndarray) -> None:
    """Tell the varieties of the n-grams of `row`, whose longer n-grams begin with `contexts`."""
    distinct, followers = np.unique(contexts, return_counts=True)
    place = np.searchsorted(row[0], distinct)
    ratio = np.zeros(len(row[0]))
    ratio[place] = followers / row[1][place]
    row[2] = np.searchsorted(VARIETY, ratio)


def quantized(counts: np.ndarray, variety: np.ndarray) -> np.ndarray:
    """Return the bytes of the table."""
    levels = np.clip(np.round(np.log(counts) / STEP) + 1, 1, 63).astype(np.int64)
    return (levels * VARIETIES + variety).astype(np.uint8)


def weights_for(kept: list[list[np.ndarray]], held: str, total: float) -> list[list[float]]:
    """Return how far each kind of context is trusted, by order: what makes the held-out text likeliest."""
    codes = codes_of(held)
    usable = codes != 0
    chance = np.full(len(codes), FLOOR)
    weights = [[0.0] * (BUCKETS * VARIETIES)]
    counts, kinds = np.full(len(codes), total, np.float32), np.full(len(codes), ANY, np.uint8)
    for order, (rolling, clean) in enumerate(hashes_of(codes), 1):
        context, contexts = np.roll(counts, 1), np.roll(kinds, 1)
        keys, known, variety = kept[order - 1]
        place = np.clip(np.searchsorted(keys, rolling), 0, len(keys) - 1)
        data = quantized(known, variety)[place]
        count = np.where((keys[place] == rolling) & clean, COUNT_OF[data], 0)
        counts = np.minimum(count, np.minimum(context, counts)).astype(np.float32)
        kinds = kind(counts, data % VARIETIES)
        ratio = counts / np.maximum(context, 1)
        row = np.full(BUCKETS * VARIETIES, -1.0)
        for one in range(1, BUCKETS * VARIETIES):
            chosen = usable & (contexts == one)
            if chosen.sum() > 30:
                row[one] = _best(ratio[chosen], chance[chosen])
        row = _filled(row)
        weights.append(row.tolist())
        weight = row[contexts]
        chance = weight * ratio + (1 - weight) * chance
    print("   bits a character", round(float(-np.log2(chance[usable]).mean()), 3), "of", int(usable.sum()), flush=True)
    return weights


def _filled(row: np.ndarray) -> np.ndarray:
    """Return the weights, those that nothing was learnt of from the next lower, else the next higher bucket."""
    table = row.reshape(BUCKETS, VARIETIES).copy()
    for variety in range(VARIETIES):
        learnt = [bucket for bucket in range(BUCKETS) if table[bucket, variety] >= 0]
        for bucket in range(BUCKETS):
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
    """What is learnt of one language."""

    total: float  # characters
    ngrams: list[tuple[np.ndarray, np.ndarray]]  # by order: hashes, and their bytes in the table
    weights: list[list[float]]  # by order, bucket


def learn(corpus: Path, language: dict[str, Any]) -> Learnt:
    """Return what the texts of a language say, as the row of the plan wants it."""
    items = list(read(corpus / language["tag"]))
    texts = Texts([(text, weight) for text, weight, source in items if _stem(source) not in HELD_OUT])
    held = held_out(items)
    del items
    kept = count(texts, language["budget"], language["cutoffs"])
    total = float(kept[0][1].sum())
    print(language["tag"], len(texts.codes), int(total), [len(row[0]) for row in kept], flush=True)
    weights = weights_for(kept, held, total)
    return Learnt(total, [(hashes, quantized(counts, variety)) for hashes, counts, variety in kept], weights)


def main(corpus: Path, plan: Path) -> None:
    """Write the model that `plan` describes, made from the texts in `corpus`, a folder a language."""
    chosen = tomllib.loads(plan.read_text("utf-8"))["language"]
    short, long = ([], []), ([], [])
    with ProcessPoolExecutor(AT_ONCE) as pool:
        learnt = list(pool.map(partial(learn, corpus), chosen))
    for salt, one in enumerate(learnt):
        for order, (hashes, data) in enumerate(one.ngrams, 1):
            keys, values = short if order <= SHORT else long
            keys.append(salted(hashes, order, salt))
            values.append(data)
    MODEL.mkdir(exist_ok=True)
    layouts = []
    for name, slot, chosen_keys, chosen_data in (("short", np.uint32, *short), ("long", np.uint16, *long)):
        every, first = np.unique(np.concatenate(chosen_keys), return_index=True)
        table, layout = build(every, np.concatenate(chosen_data)[first], slot)
        np.save(MODEL / f"{name}.npy", table)
        layouts.append((layout.segments, layout.bits))
        print(name, len(every), "n-grams", table.nbytes / 1e6, "MB")
    tags = tuple(one["tag"] for one in chosen)
    weights = {tag: tuple(map(tuple, one.weights)) for tag, one in zip(tags, learnt, strict=True)}
    meta = Meta(tags, tuple(one.total for one in learnt), tuple(layouts), weights)
    (MODEL / "meta.json").write_bytes(msgspec.json.encode(meta))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
