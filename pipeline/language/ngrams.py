"""Text -> probability of each character given those before it: an interpolated n-gram model of characters."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Keys, Layout, Slots, mixed_keys, table_values
from pipeline.language.hash_numbers import key_salt
from pipeline.language.model_files import archive_weights, ngram_tables
from pipeline.language.model_meta import CJK_TAGS, model_meta
from pipeline.language.ngram_keys import MULTIPLIER, Codes, codes_of, folded_codes, salted_keys

Floats = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.uint8]
ORDER = 6  # characters of the longest n-gram
SHORT_ORDER = (
    2  # characters: shorter n-grams are looked up by the thousand and have 32-bit slots, with few false matches
)
LOG_COUNT_STEP = 0.3  # a byte of a table holds the logarithm of a count in steps of this size (nats), and a variety
VARIETIES = 4  # classes of distinct followers per occurrence of a context: at most 5 %, 20 %, 50 %, or more
COUNT_OF = np.where(np.arange(256) >= VARIETIES, np.exp((np.arange(256) // VARIETIES - 1) * LOG_COUNT_STEP), 0).astype(
    np.float32
)
UNSEEN_PROBABILITY = np.float32(1e-8)  # the probability of an unseen character
COUNT_BUCKETS = 16  # classes of contexts, by the binary logarithm of their count
ARCHIVE_BUCKETS = 12  # classes of contexts in archives, by the binary logarithm of their count; 0 for none
EMPTY_CONTEXT = (COUNT_BUCKETS - 1) * VARIETIES  # the kind of the empty context


class ContextState(NamedTuple):
    """The contexts of hypotheses: rolling hash, count and kind of their last 0, 1, ... ORDER - 1 characters.

    `archived` holds the counts in the archives. The shape of each array is (..., ORDER).
    """

    hashes: Keys
    counts: Floats
    kinds: Kinds
    archived: Floats

    def at(self, index: Any) -> ContextState:  # noqa: ANN401 - whatever numpy takes
        """Return the states at an index of the leading axes."""
        return ContextState(*(column[index] for column in self))

    def put(self, index: Any, other: ContextState) -> None:  # noqa: ANN401 - whatever numpy takes
        """Set the states at an index of the leading axes."""
        pairs: Iterator[tuple[Any, Any]] = zip(self, other, strict=True)
        for mine, its in pairs:
            mine[index] = its


class NgramCounts(Protocol):
    """N-gram counts of an archive, which are interpolated with those of the language."""

    @property
    def total(self) -> float:
        """The number of characters counted."""

    def lookup(self, hashes: Keys, order: int, limit: Floats) -> Floats:
        """Return the counts of n-grams of length `order` by their rolling hashes; 0 where `limit` is 0."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """The interpolated n-gram model of one language (Jelinek and Mercer, 1980)."""

    tables: tuple[tuple[Slots, Layout], ...]
    salt: int
    total: float
    weights: Floats  # shape (`ORDER` + 1, `COUNT_BUCKETS` * `VARIETIES`): interpolation weights by kind of context
    trust: (
        Floats  # shape (`ORDER`, `ARCHIVE_BUCKETS`, `COUNT_BUCKETS`): weights of archives by a context's counts in both
    )
    archives: tuple[NgramCounts, ...] = ()

    def interpolated_with(self, *archives: NgramCounts) -> LanguageModel:
        """Return this model interpolated with the counts of `archives`."""
        return replace(self, archives=tuple(archive for archive in archives if archive.total))

    def start(self, shape: tuple[int, ...]) -> ContextState:
        """Return the states of hypotheses without characters."""
        counts = np.zeros((*shape, ORDER), np.float32)
        kinds = np.zeros((*shape, ORDER), np.uint8)
        counts[..., 0], kinds[..., 0] = self.total, EMPTY_CONTEXT
        own = np.zeros((*shape, ORDER), np.float32)
        own[..., 0] = sum(archive.total for archive in self.archives)
        return ContextState(np.zeros((*shape, ORDER), np.uint64), counts, kinds, own)

    def lookup(self, hashes: Keys, order: int, limit: Floats) -> tuple[Floats, Kinds]:
        """Return count and kind of n-grams of length `order` by their rolling hashes.

        Counts are at most `limit`, the count of a part of the n-gram: false matches of the table then do little harm.
        """
        counts, kinds = np.zeros(limit.shape, np.float32), np.zeros(limit.shape, np.uint8)
        known = limit > 0
        table, layout = self.tables[order > SHORT_ORDER]
        found = table_values(table, layout, salted_keys(hashes[known], order, self.salt))
        counts[known] = count = np.minimum(COUNT_OF[found], limit[known])
        kinds[known] = context_kind(count, found % VARIETIES)
        return counts, kinds

    def extend(self, state: ContextState, codes: Codes, orders: int = ORDER) -> tuple[ContextState, Floats]:
        """Return the states after one more character, and the log-probability of that character.

        `codes` broadcasts with the leading axes of `state`.
        """
        hashes = state.hashes * MULTIPLIER + codes[..., None]  # of 1, 2, ... ORDER characters
        shape = hashes.shape[:-1]
        after = ContextState(
            np.zeros(hashes.shape, np.uint64),
            np.empty(hashes.shape, np.float32),
            np.empty(hashes.shape, np.uint8),
            np.zeros(hashes.shape, np.float32),
        )
        after.hashes[..., 1:] = hashes[..., :-1]
        after.counts[..., 0], after.kinds[..., 0] = self.total, EMPTY_CONTEXT
        chance = np.full(shape, UNSEEN_PROBABILITY, np.float32)
        count = np.full(shape, self.total, np.float32)
        for order in range(1, orders + 1):
            context = np.broadcast_to(state.counts[..., order - 1], shape)
            count, kinds = self.lookup(hashes[..., order - 1], order, np.minimum(count, context))
            if order < ORDER:
                after.counts[..., order], after.kinds[..., order] = count, kinds
            weight = self.weights[order][state.kinds[..., order - 1]]
            chance = weight * (count / np.maximum(context, 1)) + (1 - weight) * chance
        if self.archives and orders == ORDER:
            chance = self._archived(state, after, hashes, chance)
        return after, np.log(chance)

    def _archived(self, state: ContextState, after: ContextState, hashes: Keys, chance: Floats) -> Floats:
        """Return probabilities interpolated with those of the archives, by how frequent contexts are there."""
        total = sum(archive.total for archive in self.archives)
        after.archived[..., 0] = total
        count = np.full(chance.shape, total, np.float32)
        for order in range(1, ORDER + 1):
            context = np.broadcast_to(state.archived[..., order - 1], chance.shape)
            limit = np.minimum(count, context)
            count = np.sum([archive.lookup(hashes[..., order - 1], order, limit) for archive in self.archives], axis=0)
            if order < ORDER:
                after.archived[..., order] = count
            known = state.kinds[..., order - 1] // VARIETIES
            weight = self.trust[order - 1][np.minimum(np.frexp(context)[1], ARCHIVE_BUCKETS - 1), known]
            chance = np.asarray(weight * (count / np.maximum(context, 1)) + (1 - weight) * chance, np.float32)
        return chance

    def letters(self, codes: Codes) -> Floats:
        """Return the log-probability of each of `codes` without context."""
        _, chance = self.extend(self.start(codes.shape), codes, orders=1)
        return chance

    def score(self, text: str) -> Floats:
        """Return the log-probability of each character of `text`, given those before it."""
        return np.asarray(np.log(self.probabilities(text)[0]), np.float32)

    def probabilities(self, text: str) -> tuple[Floats, list[Kinds]]:
        """Return the probability of each character of `text`, and the kind of its context for each order."""
        codes = codes_of(" " + text)
        size = len(codes)
        hashes = np.zeros(size + 1, np.uint64)
        counts: Floats = np.full(size + 1, self.total, np.float32)  # of the n-gram that ends at each place
        kinds = np.full(size + 1, EMPTY_CONTEXT, np.uint8)
        chance = np.full(size, UNSEEN_PROBABILITY, np.float32)
        every = []
        for order in range(1, ORDER + 1):
            context, contexts = counts[:-1], kinds[:-1]
            hashes = np.concatenate([[np.uint64(0)], hashes[:-1] * MULTIPLIER + codes])
            limit = np.minimum(context, counts[1:])
            limit[: order - 1] = 0
            count, kinds_ = self.lookup(hashes[1:], order, limit)
            weight = self.weights[order][contexts]
            chance = np.asarray(weight * (count / np.maximum(context, 1)) + (1 - weight) * chance, np.float32)
            counts, kinds = np.concatenate([[np.float32(0)], count]), np.concatenate([[np.uint8(0)], kinds_])
            every.append(contexts[1:])
        return chance[1:], every


def context_kind(counts: Floats, variety: npt.NDArray[np.integer]) -> Kinds:
    """Return the kind of each context: the bucket of its count and its variety as one number; 0 if unseen."""
    buckets = np.clip(np.frexp(counts)[1] + 1, 0, COUNT_BUCKETS - 1)
    return np.where(counts > 0, buckets * VARIETIES + variety, 0).astype(np.uint8)


@functools.cache
def language_model(language: str) -> LanguageModel:
    """Return the model of a language, by its BCP 47 tag. Raises ValueError if there is none."""
    known = model_meta()
    salt = known.languages.index(language)
    weights = np.array(known.weights[language], np.float32)
    return LanguageModel(
        ngram_tables(), salt, known.totals[salt], weights, archive_weights()[int(language in CJK_TAGS)]
    )


def unigram_log_probabilities(codes: Codes) -> Floats:
    """Return the log-probability of each of `codes` without context: shape (languages, codes)."""
    known = model_meta()
    counts = COUNT_OF[_short_ngram_bytes(codes, 1, known.languages)]
    totals = np.array(known.totals, np.float32)[:, None]
    weight = np.array([known.weights[tag][1][EMPTY_CONTEXT] for tag in known.languages], np.float32)[:, None]
    return np.asarray(np.log(weight * np.minimum(counts / totals, 1) + (1 - weight) * UNSEEN_PROBABILITY), np.float32)


def has_bigrams(
    tags: Sequence[str], first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32]
) -> npt.NDArray[np.bool_]:
    """Return where the pair of `first` and `second` code points is a bigram of one of some languages."""
    hashes = folded_codes(first) * MULTIPLIER + folded_codes(second)
    return np.asarray(_short_ngram_bytes(hashes, 2, tags).any(axis=0), np.bool_)


def _short_ngram_bytes(hashes: Keys, order: int, tags: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return the table's bytes for n-grams up to `SHORT_ORDER` characters: shape (tags, hashes)."""
    table, layout = ngram_tables()[0]
    return table_values(table, layout, mixed_keys(hashes + _salts_of_languages(order, tuple(tags))))


@functools.cache
def _salts_of_languages(order: int, tags: tuple[str, ...]) -> Keys:
    """Return what is added to the rolling hashes of n-grams of some languages: shape (tags, 1)."""
    return np.array([[key_salt(order, model_meta().languages.index(tag))] for tag in tags], np.uint64)


def model_languages() -> tuple[str, ...]:
    """Return the BCP 47 tags of the languages with a model."""
    return model_meta().languages
