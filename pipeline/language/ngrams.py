"""How likely is a character after these: counts of n-grams, interpolated by how often their context was seen."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Keys, Layout, Slots, values
from pipeline.language.ngram_keys import MULTIPLIER, Codes, codes_of, folded, salted

Floats = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.uint8]
ORDER = 6  # characters of the longest n-gram
SHORT = 2  # up to so many characters, n-grams have slots of 32 bits: candidates meet in pairs by the thousand
STEP = 0.3  # a byte of the tables holds the natural logarithm of a count in steps of this size, and a variety
VARIETIES = 4  # how many characters have followed, to how often any did: at most 5 %, 20 %, 50 %, or more
COUNT_OF = np.where(np.arange(256) >= VARIETIES, np.exp((np.arange(256) // VARIETIES - 1) * STEP), 0).astype(np.float32)
FLOOR = np.float32(1e-8)  # the probability of a character never seen: Unicode has room for 10 ** 6
BUCKETS = 16  # of contexts, by the binary logarithm of their count
SEEN = 12  # of contexts in archives, by the binary logarithm of their count; 0 for none
ANY = (BUCKETS - 1) * VARIETIES  # the kind of no characters at all
CJK = ("zh-Hans", "zh-Hant", "ja", "ko")  # of so many characters that two in a row tell much
MODEL = Path(__file__).with_name("model")


def stored(name: str) -> dict[str, npt.NDArray[Any]] | None:
    """Return the arrays of a file of the model, by their names; None where there is no such file."""
    file = MODEL / f"{name}.npz"
    if not file.exists():
        return None
    with np.load(file) as found:
        return dict(found)


class Meta(msgspec.Struct, frozen=True):
    """What the model's numbers mean: the languages in the order of their salts, the table's layout, the weights."""

    languages: tuple[str, ...]
    totals: tuple[float, ...]  # characters a language was trained on
    layouts: tuple[tuple[int, int], ...]  # segments, bits
    weights: dict[str, tuple[tuple[float, ...], ...]]  # by language, order, bucket


class State(NamedTuple):
    """Hypotheses: of their last 0, 1, ... ORDER - 1 characters the rolling hashes, counts and kinds.

    `own` are the counts in the archives. The shape of each is (..., ORDER).
    """

    hashes: Keys
    counts: Floats
    kinds: Kinds
    own: Floats

    def at(self, index: Any) -> State:  # noqa: ANN401 - whatever numpy takes
        """Return the states at an index of the leading axes."""
        return State(*(column[index] for column in self))

    def put(self, index: Any, other: State) -> None:  # noqa: ANN401 - whatever numpy takes
        """Set the states at an index of the leading axes."""
        pairs: Iterator[tuple[Any, Any]] = zip(self, other, strict=True)
        for mine, its in pairs:
            mine[index] = its


class Counts(Protocol):
    """Counts of n-grams beside those of a language: what an archive says."""

    @property
    def total(self) -> float:
        """How many characters were counted."""

    def look(self, hashes: Keys, order: int, limit: Floats) -> Floats:
        """Return the counts of the n-grams of `order`, 0 where `limit` is."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """The n-grams of one language."""

    tables: tuple[tuple[Slots, Layout], ...]
    salt: int
    total: float
    weights: Floats  # shape (ORDER + 1, BUCKETS * VARIETIES): how far a context of each kind is trusted
    trust: Floats  # shape (ORDER, SEEN, BUCKETS): how far what archives say of a context, by how often both have it
    archives: tuple[Counts, ...] = ()

    def beside(self, *archives: Counts) -> LanguageModel:
        """Return the model that heeds what archives say as well."""
        return replace(self, archives=tuple(archive for archive in archives if archive.total))

    def start(self, shape: tuple[int, ...]) -> State:
        """Return states before any character."""
        counts = np.zeros((*shape, ORDER), np.float32)
        kinds = np.zeros((*shape, ORDER), np.uint8)
        counts[..., 0], kinds[..., 0] = self.total, ANY
        own = np.zeros((*shape, ORDER), np.float32)
        own[..., 0] = sum(archive.total for archive in self.archives)
        return State(np.zeros((*shape, ORDER), np.uint64), counts, kinds, own)

    def look(self, hashes: Keys, order: int, limit: Floats) -> tuple[Floats, Kinds]:
        """Return the counts of n-grams of `order`, none above `limit`, that of their parts, and their kinds."""
        counts, kinds = np.zeros(limit.shape, np.float32), np.zeros(limit.shape, np.uint8)
        known = limit > 0
        table, layout = self.tables[order > SHORT]
        found = values(table, layout, salted(hashes[known], order, self.salt))
        counts[known] = count = np.minimum(COUNT_OF[found], limit[known])
        kinds[known] = kind(count, found % VARIETIES)
        return counts, kinds

    def extend(self, state: State, codes: Codes, orders: int = ORDER) -> tuple[State, Floats]:
        """Return the states after one character more and the natural logarithms of its probability.

        `codes` broadcasts with the leading axes of `state`.
        """
        hashes = state.hashes * MULTIPLIER + codes[..., None]  # of 1, 2, ... ORDER characters
        shape = hashes.shape[:-1]
        after = State(
            np.zeros(hashes.shape, np.uint64),
            np.empty(hashes.shape, np.float32),
            np.empty(hashes.shape, np.uint8),
            np.zeros(hashes.shape, np.float32),
        )
        after.hashes[..., 1:] = hashes[..., :-1]
        after.counts[..., 0], after.kinds[..., 0] = self.total, ANY
        chance = np.full(shape, FLOOR, np.float32)
        count = np.full(shape, self.total, np.float32)
        for order in range(1, orders + 1):
            context = np.broadcast_to(state.counts[..., order - 1], shape)
            count, kinds = self.look(hashes[..., order - 1], order, np.minimum(count, context))
            if order < ORDER:
                after.counts[..., order], after.kinds[..., order] = count, kinds
            weight = self.weights[order][state.kinds[..., order - 1]]
            chance = weight * (count / np.maximum(context, 1)) + (1 - weight) * chance
        if self.archives and orders == ORDER:
            chance = self._archived(state, after, hashes, chance)
        return after, np.log(chance)

    def _archived(self, state: State, after: State, hashes: Keys, chance: Floats) -> Floats:
        """Return the chances with what the archives say mixed in: the more, the oftener they have the context."""
        total = sum(archive.total for archive in self.archives)
        after.own[..., 0] = total
        count = np.full(chance.shape, total, np.float32)
        for order in range(1, ORDER + 1):
            context = np.broadcast_to(state.own[..., order - 1], chance.shape)
            limit = np.minimum(count, context)
            count = np.sum([archive.look(hashes[..., order - 1], order, limit) for archive in self.archives], axis=0)
            if order < ORDER:
                after.own[..., order] = count
            known = state.kinds[..., order - 1] // VARIETIES
            weight = self.trust[order - 1][np.minimum(np.frexp(context)[1], SEEN - 1), known]
            chance = np.asarray(weight * (count / np.maximum(context, 1)) + (1 - weight) * chance, np.float32)
        return chance

    def letters(self, codes: Codes) -> Floats:
        """Return the natural logarithm of the probability of each of `codes` by itself."""
        _, chance = self.extend(self.start(codes.shape), codes, orders=1)
        return chance

    def score(self, text: str) -> Floats:
        """Return the natural logarithm of the probability of each character of `text`, given those before it."""
        return np.asarray(np.log(self.told(text)[0]), np.float32)

    def told(self, text: str) -> tuple[Floats, list[Kinds]]:
        """Return the probability of each character of `text`, and by order the kinds of what stands before it."""
        codes = codes_of(" " + text)
        size = len(codes)
        hashes = np.zeros(size + 1, np.uint64)
        counts: Floats = np.full(size + 1, self.total, np.float32)  # of the n-gram that ends at each place
        kinds = np.full(size + 1, ANY, np.uint8)
        chance = np.full(size, FLOOR, np.float32)
        every = []
        for order in range(1, ORDER + 1):
            context, contexts = counts[:-1], kinds[:-1]
            hashes = np.concatenate([[np.uint64(0)], hashes[:-1] * MULTIPLIER + codes])
            limit = np.minimum(context, counts[1:])
            limit[: order - 1] = 0
            count, kinds_ = self.look(hashes[1:], order, limit)
            weight = self.weights[order][contexts]
            chance = np.asarray(weight * (count / np.maximum(context, 1)) + (1 - weight) * chance, np.float32)
            counts, kinds = np.concatenate([[np.float32(0)], count]), np.concatenate([[np.uint8(0)], kinds_])
            every.append(contexts[1:])
        return chance[1:], every


def kind(counts: Floats, variety: npt.NDArray[np.integer]) -> Kinds:
    """Return what is known of each context as a number: the bucket of its count, its variety; 0 for one never seen."""
    buckets = np.clip(np.frexp(counts)[1] + 1, 0, BUCKETS - 1)
    return np.where(counts > 0, buckets * VARIETIES + variety, 0).astype(np.uint8)


@functools.cache
def _meta() -> Meta:
    return msgspec.json.decode((MODEL / "meta.json").read_bytes(), type=Meta)


@functools.cache
def _tables() -> tuple[tuple[Slots, Layout], ...]:
    files = (MODEL / "short.npy", MODEL / "long.npy")
    return tuple(
        (np.load(file, mmap_mode="r").view(np.ndarray), Layout(*one))
        for file, one in zip(files, _meta().layouts, strict=True)
    )


@functools.cache
def _trust() -> Floats:
    """Return how far archives are trusted, of alphabets and of CJK: shape (2, ORDER, SEEN, BUCKETS)."""
    return np.asarray(np.load(MODEL / "trust.npy"))


@functools.cache
def language_model(language: str) -> LanguageModel:
    """Return the model of a language, by its tag. Raises ValueError where there is none."""
    meta = _meta()
    salt = meta.languages.index(language)
    weights = np.array(meta.weights[language], np.float32)
    return LanguageModel(_tables(), salt, meta.totals[salt], weights, _trust()[int(language in CJK)])


def unigrams(codes: Codes) -> Floats:
    """Return the natural logarithm of the probability of each of `codes` by itself: shape (languages, codes)."""
    meta = _meta()
    counts = COUNT_OF[_short(codes, 1, meta.languages)]
    totals = np.array(meta.totals, np.float32)[:, None]
    weight = np.array([meta.weights[tag][1][ANY] for tag in meta.languages], np.float32)[:, None]
    return np.asarray(np.log(weight * np.minimum(counts / totals, 1) + (1 - weight) * FLOOR), np.float32)


def have(tag: str, first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Tell which characters of `first` are known in a language to stand before those of `second`."""
    return np.asarray(_short(folded(first) * MULTIPLIER + folded(second), 2, [tag])[0] > 0)


def _short(hashes: Keys, order: int, tags: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return what the table of short n-grams holds of each in each language: shape (tags, hashes)."""
    table, layout = _tables()[0]
    return values(table, layout, np.stack([salted(hashes, order, _meta().languages.index(tag)) for tag in tags]))


def languages() -> tuple[str, ...]:
    """Return the languages there are models of."""
    return _meta().languages
