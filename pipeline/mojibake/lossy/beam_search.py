"""Slots -> the likeliest characters: a beam search over all clusters of gaps at once, scored by the language model."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import Codes, codes_of
from pipeline.language.ngrams import ORDER, Floats, LanguageModel
from pipeline.mojibake.lossy.lattice import Slot

COMMON = 400  # candidates of a slot that are looked at, the commonest
BATCH = 256  # clusters that are searched at once
TEMPERATURE = 1.5  # scores are so much too sure of themselves on text that is not like the model's (Guo, 2017)
TOLD = 4  # other candidates that are told of a gap
END = Slot(0, 0, ("\n",))  # a text is a line
REACH = ORDER - 1  # characters that a character's probability looks back

Ints = npt.NDArray[np.int64]
Rows = list[list[int]]


class Search(NamedTuple):
    """How many hypotheses of a cluster are kept, and how many candidates of a slot, the likeliest after the best one.

    `surest` is how sure the model can be at most: never certain; `sharpness` the power of the shares that neighbours
    change.
    """

    width: int
    kept: int
    surest: float
    sharpness: float


NARROW = Search(12, 12, 0.999, 1.0)
BROAD = Search(48, 96, 0.95, 0.55)  # where half of the bytes are gone, and neighbours are guesses as well


@dataclass(frozen=True, slots=True)
class Choice:
    """What a slot was read as, and what else it can have been: strings and their probabilities, the choice first."""

    slot: Slot
    options: tuple[tuple[str, float], ...]

    @property
    def surety(self) -> float:
        """How sure the choice is."""
        return self.options[0][1]


class Cluster(NamedTuple):
    """Gaps that are near enough to matter to one another, and the slots on both sides that they can be told from."""

    text: int  # the number of the text they are in
    before: Sequence[Slot]
    slots: Sequence[Slot]  # from the first gap on; those after the last are REACH at most


def choose(texts: Sequence[Sequence[Slot]], model: LanguageModel, how: Search = NARROW) -> list[list[Choice]]:
    """Return the choices for the gaps of each text, in order."""
    found = [cluster for number, text in enumerate(texts) for cluster in clusters(number, text)]
    found.sort(key=lambda cluster: -len(cluster.slots))
    results: list[list[Choice]] = [[] for _ in texts]
    for at in range(0, len(found), BATCH):
        batch = found[at : at + BATCH]
        for cluster, choices in zip(batch, _Beam(batch, model, how).search(), strict=True):
            results[cluster.text] += choices
    return [sorted(row, key=lambda choice: (choice.slot.start, choice.slot.end)) for row in results]


def clusters(number: int, text: Sequence[Slot]) -> list[Cluster]:
    """Return the clusters of a text: gaps with REACH known characters between them say nothing of one another."""
    runs: list[tuple[int, int]] = []
    for at, slot in enumerate(text):
        if len(slot.candidates) > 1:
            near = runs and at - runs[-1][1] < REACH
            runs.append((runs.pop()[0] if near else at, at + 1))
    ended = [*text, END]
    return [Cluster(number, text[max(0, start - REACH) : start], ended[start : end + REACH]) for start, end in runs]


@functools.lru_cache(maxsize=1 << 16)
def _codes(options: tuple[str, ...]) -> tuple[Codes, Codes]:
    """Return the codes of the first and of the second characters of `options`; 0 for no second, never for NUL."""
    second = np.array([ord(option[1]) if len(option) > 1 else 0 for option in options], np.uint64)
    return np.maximum(codes_of("".join(option[0] for option in options)), 1), second


class _Beam:
    """The hypotheses of clusters, the longest cluster first: axis 0 the cluster, axis 1 the hypothesis, best first."""

    def __init__(self, batch: Sequence[Cluster], model: LanguageModel, how: Search) -> None:
        self.batch, self.model, self.how = batch, model, how
        self.lengths = [len(cluster.slots) for cluster in batch]
        self.state = model.start((len(batch), 1))
        self.scores = np.zeros((len(batch), 1), np.float32)
        self.common: dict[tuple[str, ...], tuple[Codes, Codes, Ints]] = {}
        self.recent = np.full((len(batch), 1, REACH + 1), -1, np.int64)  # the options chosen last
        self.paths: list[tuple[Rows, Rows]] = []  # of each step: the hypothesis gone on from, the option chosen
        self.shares: list[dict[int, tuple[Ints, Floats]]] = [{} for _ in batch]

    def search(self) -> list[list[Choice]]:
        """Return the choices of each cluster."""
        self._look_back()
        for step in range(self.lengths[0]):
            self._advance(step, sum(length > step for length in self.lengths))
        return [self._traced(row) for row in range(len(self.batch))]

    def _look_back(self) -> None:
        """Let the hypotheses begin with what stands before the cluster."""
        before = np.full((len(self.batch), REACH), ord(" "), np.uint64)
        for row, cluster in enumerate(self.batch):
            text = "".join(slot.candidates[0] for slot in cluster.before)[-REACH:]
            if text:
                before[row, -len(text) :] = codes_of(text)
        for column in range(REACH):
            self.state, _ = self.model.extend(self.state, before[:, column, None])

    def _advance(self, step: int, active: int) -> None:
        """Extend the hypotheses of the first `active` clusters by each option of their slot; keep the best."""
        first, second, options = self._options(step, active)
        alive = (self.scores[:active] > -np.inf)[:, :, None] & (first > 0)[:, None, :]
        rows, parents, columns = np.nonzero(alive)
        after, chance = self.model.extend(self.state.at((rows, parents)), first[rows, columns])
        longer = np.flatnonzero(second[rows, columns])
        if len(longer):
            further, more = self.model.extend(after.at(longer), second[rows, columns][longer])
            after.put(longer, further)
            chance[longer] += more
        total = np.full(alive.shape, -np.inf, np.float32)
        total[alive] = self.scores[rows, parents] + chance
        number = np.zeros(alive.shape, np.int64)
        number[alive] = np.arange(len(rows))
        flat = total.reshape(active, -1)
        best = np.argsort(-flat, axis=1, kind="stable")[:, : self.how.width]
        parent, option = np.divmod(best, first.shape[1])
        row = np.arange(active)[:, None]
        chosen = np.take_along_axis(options, option, axis=1)
        self.state = after.at(number[row, parent, option])
        self.scores = np.take_along_axis(flat, best, axis=1)
        self.recent = np.concatenate([self.recent[row, parent][..., 1:], chosen[..., None]], axis=2)
        self.paths.append((parent.tolist(), chosen.tolist()))
        self._share(step, active)

    def _options(self, step: int, active: int) -> tuple[Codes, Codes, Ints]:
        """Return the codes of the options' first and second characters, 0 for none, and their places in the slot."""
        rows = [self._common(cluster.slots[step].candidates) for cluster in self.batch[:active]]
        size = max(len(places) for _, _, places in rows)
        codes, places = np.zeros((2, active, size), np.uint64), np.zeros((active, size), np.int64)
        for row, (first, second, at) in enumerate(rows):
            codes[0, row, : len(at)], codes[1, row, : len(at)], places[row, : len(at)] = first, second, at
        if size <= self.how.kept:
            return codes[0], codes[1], places
        many = codes[0] > 0
        many[[len(at) <= self.how.kept for _, _, at in rows]] = False
        unlikely = np.where(codes[0] > 0, np.float32(0), np.float32(np.inf))
        unlikely[many] = -self.model.extend(self.state.at((np.nonzero(many)[0], 0)), codes[0][many])[1]
        likeliest = np.argsort(unlikely, axis=1, kind="stable")[:, : self.how.kept]
        first, second = (np.take_along_axis(one, likeliest, 1) for one in codes)
        return first, second, np.take_along_axis(places, likeliest, 1)

    def _common(self, options: tuple[str, ...]) -> tuple[Codes, Codes, Ints]:
        """Return the codes of the options that are most common by themselves, and their places in the slot."""
        if options not in self.common:
            first, second = _codes(options)
            chance = self.model.letters(first) if len(options) > COMMON else np.zeros(len(options))
            places = np.sort(np.argsort(-chance, kind="stable")[:COMMON])
            self.common[options] = first[places], second[places], places
        return self.common[options]

    def _share(self, step: int, active: int) -> None:
        """Note how likely the options of a gap are as it goes out of reach: all that tells them apart has been seen."""
        for row in range(active):
            last = step == self.lengths[row] - 1
            for gap in range(max(0, step - REACH), step + 1 if last else step - REACH + 1):
                if len(self.batch[row].slots[gap].candidates) > 1:
                    weights = np.exp((self.scores[row] - self.scores[row].max()) / TEMPERATURE)
                    self.shares[row][gap] = self.recent[row, :, REACH - step + gap], weights / weights.sum()

    def _traced(self, row: int) -> list[Choice]:
        """Return the choices on the best path of a cluster."""
        at, path = 0, []
        for parent, chosen in reversed(self.paths[: self.lengths[row]]):
            path.append(chosen[row][at])
            at = parent[row][at]
        told = zip(self.batch[row].slots, reversed(path), strict=True)
        return [
            _choice(slot, picked, self.how.surest, *self.shares[row][step])
            for step, (slot, picked) in enumerate(told)
            if len(slot.candidates) > 1
        ]


def _choice(slot: Slot, picked: int, surest: float, options: Ints, weights: Floats) -> Choice:
    """Return the choice of an option, with the shares of the others; one is always told, however unlikely."""
    shares: dict[int, float] = dict.fromkeys((picked, 0, 1), 0.0)
    for option, weight in zip(options.tolist(), weights.tolist(), strict=True):
        if weight > 0:
            shares[option] = shares.get(option, 0.0) + weight
    others = sorted(shares.keys() - {picked}, key=lambda option: (-shares[option], option))[:TOLD]
    told = ((slot.candidates[option], min(round(shares[option], 3), surest)) for option in (picked, *others))
    return Choice(slot, tuple(told))
