"""Text of many languages -> pipeline/language/model: counts of n-grams in one table, and the weights that mix them."""

from __future__ import annotations

import itertools
import math
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from pipeline.language.model_files import MODEL, Meta
from pipeline.language.ngram_keys import MULTIPLIER, codes_of, salted
from pipeline.language.ngrams import ANY, BUCKETS, COUNT_OF, FLOOR, ORDER, SHORT, STEP, VARIETIES, kind
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
TYPOGRAPHY = (
    (re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?= )"), "\u2019"),
    (re.compile(r"(?<![^\s(\[])\"(?=\S)([^\"]*)(?<=\S)\""), "\u201c\\1\u201d"),
    (re.compile(" (-|--) (?=[a-z])"), " \u2014 "),
)
LEAST_GAIN = (1e-3, 1e4)  # nats: between these is where an n-gram is worth its place


def read(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Yield text, count and source of all that a language's folder holds: prose once, lists scaled to a mass."""
    for file in sorted(folder.glob("*.txt")):
        source = file.stem
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.strip():
                yield from ((f" {one} ", weight, source) for one, weight in written(line.strip(), folder.name))
    spaced = folder.name not in {"zh-Hans", "zh-Hant", "ja", "th"}
    for file in sorted(folder.glob("*.tsv")):
        source = file.stem
        rows = [line.rpartition("\t") for line in file.read_text("utf-8", "replace").splitlines()]
        counts = [(word, float(count)) for word, _, count in rows if word]
        scale = MASS.get(_stem(source), 4e6) / sum(len(word) * count for word, count in counts)
        for word, count in counts:
            yield (f" {word} " if spaced else word), count * scale, source


def prose(folder: Path) -> Iterator[str]:
    """Yield the texts of a language's folder that are sentences, no lists of words; those held out are left out."""
    listed = {file.stem for file in folder.glob("*.tsv")}
    yield from (text for text, _, source in read(folder) if source not in listed and _stem(source) not in HELD_OUT)


def written(line: str, language: str) -> Iterator[tuple[str, float]]:
    """Yield the ways that a line is written, and how often: manuals have the signs of typewriters, posts often not."""
    typeset = line
    for sign, proper in TYPOGRAPHY if language == "en" else ():
        typeset = sign.sub(proper, typeset)
    yield from [(line, 1.0)] if typeset == line else [(line, 0.5), (typeset, 0.5)]


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


class Row(NamedTuple):
    """The n-grams of an order, sorted by their hashes; of each, where its parts stand in the row of the order below."""

    hashes: np.ndarray
    counts: np.ndarray
    varieties: np.ndarray
    contexts: np.ndarray  # all but the last character
    ends: np.ndarray  # all but the first

    @property
    def data(self) -> np.ndarray:
        """The bytes of the table."""
        levels = np.clip(np.round(np.log(self.counts) / STEP) + 1, 1, 63).astype(np.int64)
        return (levels * VARIETIES + self.varieties).astype(np.uint8)

    def only(self, chosen: np.ndarray) -> Row:
        """Return the n-grams that are chosen; their parts are told as they stood before the choice."""
        return Row(*(column[chosen] for column in self))


def count(texts: Texts) -> list[Row]:
    """Return the n-grams of each order."""
    rows: list[Row] = []
    every = hashes_of(texts.codes)
    for order, (rolling, clean) in enumerate(every, 1):
        at = np.flatnonzero(clean)
        at = at[np.argsort(rolling[at], kind="stable")]
        hashes = rolling[at]
        first = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
        counts = np.add.reduceat(texts.weights[at], first)
        hashes, at = hashes[first], at[first]
        parts = np.zeros((2, len(at)), np.int32)
        if order > 1:
            shorter = every[order - 2][0]
            parts = np.searchsorted(rows[-1].hashes, shorter[np.stack([at - 1, at])]).astype(np.int32)
            _vary(rows[-1], parts[0])
        rows.append(Row(hashes, counts, np.zeros(len(at), np.int64), *parts))
    return rows


def _vary(row: Row, contexts: np.ndarray) -> None:
    """Tell the varieties of the n-grams of `row`, of which `contexts` are those that longer n-grams begin with."""
    followers = np.bincount(contexts, minlength=len(row.counts))
    row.varieties[:] = np.searchsorted(VARIETY, followers / row.counts)


def gains(rows: list[Row], weights: list[list[float]], total: float) -> list[np.ndarray]:
    """Return by how many nats the text is likelier for each n-gram (Stolcke, 1998); characters are kept whatever."""
    every = [np.full(len(rows[0].counts), np.inf)]
    weight = np.array(weights[1])[ANY]
    chance = weight * COUNT_OF[rows[0].data] / total + (1 - weight) * FLOOR
    for order, (shorter, row) in enumerate(itertools.pairwise(rows), 2):
        context = COUNT_OF[shorter.data]
        weight = np.array(weights[order])[kind(context, shorter.varieties)][row.contexts]
        without = (1 - weight) * chance[row.ends]
        chance = weight * np.minimum(COUNT_OF[row.data] / np.maximum(context[row.contexts], 1), 1) + without
        every.append(row.counts * np.log(chance / without))
    return every


def pruned(rows: list[Row], gained: list[np.ndarray], budget: int) -> list[Row]:
    """Return the n-grams that gain most, and what they are made of: `budget` at most."""
    low, high = LEAST_GAIN
    while high > low * 1.001:
        middle = math.sqrt(low * high)
        if sum(int(one.sum()) for one in _above(middle, rows, gained)) > budget:
            low = middle
        else:
            high = middle
    return [row.only(chosen) for row, chosen in zip(rows, _above(high, rows, gained), strict=True)]


def _above(gain: float, rows: list[Row], gained: list[np.ndarray]) -> list[np.ndarray]:
    """Tell of each order which n-grams gain more, or are parts of one that does."""
    chosen: list[np.ndarray] = []
    needed = np.zeros(len(rows[-1].counts), bool)
    for shorter, row, gains_ in zip([*rows[-2::-1], rows[0]], rows[::-1], gained[::-1], strict=True):
        chosen.append(needed | (gains_ > gain))
        needed = np.zeros(len(shorter.counts), bool)
        needed[row.contexts[chosen[-1]]] = needed[row.ends[chosen[-1]]] = True
    return chosen[::-1]


def weights_for(rows: list[Row], held: str, total: float) -> list[list[float]]:
    """Return how far each kind of context is trusted, by order: what makes the held-out text likeliest."""
    codes = codes_of(held)
    usable = codes != 0
    chance = np.full(len(codes), FLOOR)
    weights = [[0.0] * (BUCKETS * VARIETIES)]
    counts, kinds = np.full(len(codes), total, np.float32), np.full(len(codes), ANY, np.uint8)
    for order, (rolling, clean) in enumerate(hashes_of(codes), 1):
        context, contexts = np.roll(counts, 1), np.roll(kinds, 1)
        row = rows[order - 1]
        place = np.clip(np.searchsorted(row.hashes, rolling), 0, len(row.hashes) - 1)
        data = row.data[place]
        count = np.where((row.hashes[place] == rolling) & clean, COUNT_OF[data], 0)
        counts = np.minimum(count, np.minimum(context, counts)).astype(np.float32)
        kinds = kind(counts, data % VARIETIES)
        ratio = counts / np.maximum(context, 1)
        learnt = np.full(BUCKETS * VARIETIES, -1.0)
        for one in range(1, BUCKETS * VARIETIES):
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


def learn(corpus: Path, language: dict[str, Any], *, aside: bool) -> Learnt:
    """Return what the texts of a language say, as the row of the plan wants it.

    The weights are learnt on the texts held out, which then are counted as well, unless they are put `aside`.
    """
    items = list(read(corpus / language["tag"]))
    held = held_out(items)
    rows, total = counted((text, weight) for text, weight, source in items if _stem(source) not in HELD_OUT)
    rough = weights_for(rows, held, total)
    rows = pruned(rows, gains(rows, rough, total), language["budget"])
    weights = weights_for(rows, held, total)
    if not aside:
        rows, total = counted((text, weight) for text, weight, _ in items)
        rows = pruned(rows, gains(rows, rough, total), language["budget"])
    print(language["tag"], int(total), [len(row.counts) for row in rows], flush=True)
    return Learnt(total, [(row.hashes, row.data) for row in rows], weights)


def counted(texts: Iterable[tuple[str, float]]) -> tuple[list[Row], float]:
    """Return the n-grams of texts that each count so often, by order, and how many characters there are."""
    rows = count(Texts(list(texts)))
    return rows, float(rows[0].counts.sum())


def main(corpus: Path, plan: Path, *, aside: bool) -> None:
    """Write the model that `plan` describes, made from the texts in `corpus`, a folder a language.

    What is to be learnt with the model on texts that it has not seen needs one for which some were put `aside`.
    """
    chosen = tomllib.loads(plan.read_text("utf-8"))["language"]
    short, long = ([], []), ([], [])
    with ProcessPoolExecutor(AT_ONCE) as pool:
        learnt = list(pool.map(partial(learn, corpus, aside=aside), chosen))
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
    main(Path(sys.argv[1]), Path(sys.argv[2]), aside="aside" in sys.argv[3:])
