"""Slots -> the likeliest characters: a beam search over the clusters of gaps, scored by the language model."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import Codes, codes_of
from pipeline.language.ngrams import ORDER, Floats, LanguageModel
from pipeline.mojibake.lossy.lattice import Slot

MOST_CANDIDATES = 400  # candidates of a slot that are considered: the most frequent ones
CLUSTER_BATCH = 256  # clusters that are searched together
TEMPERATURE = 1.5  # softens the scores, which are overconfident on text unlike the model's (Guo, 2017)
MOST_ALTERNATIVES = 4  # alternatives that a gap keeps
LINE_END_SLOT = Slot(0, 0, ("\n",))  # a text is one line
MODEL_CONTEXT = ORDER - 1  # characters of context that the model conditions on

IntArray = npt.NDArray[np.int64]
IndexRows = list[list[int]]
ScoredStrings = list[tuple[tuple[str, ...], float]]


class SearchLimits(NamedTuple):
    """The limits of a search."""

    width: int  # hypotheses of a cluster that are kept
    kept: int  # candidates of a slot that are kept, by how likely they follow the best hypothesis
    max_confidence: float  # the highest confidence that the model may report
    sharpness: float  # the exponent of the probabilities after rescoring
    worst: float = np.inf  # nats below the best hypothesis at which one is dropped


NARROW = SearchLimits(12, 12, 0.999, 1.0)
BROAD = SearchLimits(48, 96, 0.95, 0.55)  # where half of the bytes are missing, so that neighbours are guesses as well


@dataclass(frozen=True, slots=True)
class GapChoice:
    """The strings that a slot can have been, with their probabilities: the chosen one first."""

    slot: Slot
    options: tuple[tuple[str, float], ...]

    @property
    def confidence(self) -> float:
        """The confidence of the choice."""
        return self.options[0][1]


class GapCluster(NamedTuple):
    """Gaps that depend on each other, and the slots of context on both sides."""

    text: int  # the number of the text they are in
    before: Sequence[Slot]
    slots: Sequence[Slot]  # from the first gap on, with at most `MODEL_CONTEXT` after the last one


def choose_candidates(
    texts: Sequence[Sequence[Slot]], model: LanguageModel, how: SearchLimits = NARROW
) -> list[list[GapChoice]]:
    """Return the choices for the gaps of each text, in order; a gap is a slot with several candidates."""
    found = [cluster for number, text in enumerate(texts) for cluster in gap_clusters(number, text)]
    found.sort(key=lambda cluster: -len(cluster.slots))
    results: list[list[GapChoice]] = [[] for _ in texts]
    for at in range(0, len(found), CLUSTER_BATCH):
        batch = found[at : at + CLUSTER_BATCH]
        for cluster, choices in zip(batch, _Beam(batch, model, how).search(), strict=True):
            results[cluster.text] += choices
    return [sorted(row, key=lambda choice: (choice.slot.start, choice.slot.end)) for row in results]


def likeliest_strings(
    rows: Sequence[Sequence[Slot]], model: LanguageModel, how: SearchLimits, most: int
) -> list[ScoredStrings]:
    """Return the `most` likely choices for the slots of each row, a word by itself, with their log-likelihoods."""
    ended = ([*row, Slot(0, 0, (" ",))] for row in rows)
    found = sorted((GapCluster(number, [], row) for number, row in enumerate(ended)), key=lambda one: -len(one.slots))
    strings: dict[int, ScoredStrings] = {}
    for at in range(0, len(found), CLUSTER_BATCH):
        strings |= _Beam(found[at : at + CLUSTER_BATCH], model, how).strings(most)
    return [strings[number] for number in range(len(found))]


def gap_clusters(number: int, text: Sequence[Slot]) -> list[GapCluster]:
    """Return the clusters of a text: gaps with `MODEL_CONTEXT` known characters between them are independent."""
    runs: list[tuple[int, int]] = []
    for at, slot in enumerate(text):
        if len(slot.candidates) > 1:
            near = runs and at - runs[-1][1] < MODEL_CONTEXT
            runs.append((runs.pop()[0] if near else at, at + 1))
    ended = [*text, LINE_END_SLOT]
    return [
        GapCluster(number, text[max(0, start - MODEL_CONTEXT) : start], ended[start : end + MODEL_CONTEXT])
        for start, end in runs
    ]


@functools.lru_cache(maxsize=1 << 16)
def _option_codes(options: tuple[str, ...]) -> tuple[Codes, Codes]:
    """Return the codes of the first and of the second characters of `options`; 0 for no second, never for NUL."""
    second = np.array([ord(option[1]) if len(option) > 1 else 0 for option in options], np.uint64)
    return np.maximum(codes_of("".join(option[0] for option in options)), 1), second


class _Beam:
    """The hypotheses of clusters: axis 0 is the cluster, longest first; axis 1 is the hypothesis, best first."""

    def __init__(self, batch: Sequence[GapCluster], model: LanguageModel, how: SearchLimits) -> None:
        self.batch, self.model, self.how = batch, model, how
        self.lengths = [len(cluster.slots) for cluster in batch]
        self.state = model.start((len(batch), 1))
        self.scores = np.zeros((len(batch), 1), np.float32)
        self.common: dict[tuple[str, ...], tuple[Codes, Codes, IntArray]] = {}
        self.recent = np.full((len(batch), 1, MODEL_CONTEXT + 1), -1, np.int64)  # the last options chosen
        self.paths: list[tuple[IndexRows, IndexRows]] = []  # by step: the hypothesis extended, the option chosen
        self.shares: list[dict[int, tuple[IntArray, Floats]]] = [{} for _ in batch]
        self.ended = [self.scores[0]] * len(batch)  # by cluster: the scores of its hypotheses at its end

    def search(self) -> list[list[GapChoice]]:
        """Return the choices of each cluster."""
        for step, active in self._steps():
            self._share(step, active)
        return [self._traced(row) for row in range(len(self.batch))]

    def strings(self, most: int) -> dict[int, ScoredStrings]:
        """Return the choices of the best hypotheses of each cluster, without the last slot, with their scores."""
        for _step, active in self._steps():
            self.ended[:active] = self.scores
        return {cluster.text: list(self._best_strings(row, most)) for row, cluster in enumerate(self.batch)}

    def _best_strings(self, row: int, most: int) -> Iterator[tuple[tuple[str, ...], float]]:
        """Yield the same of one cluster."""
        for end, score in enumerate(self.ended[row][:most].tolist()):
            if score > -np.inf:
                steps = zip(self.batch[row].slots[:-1], self._path(row, end), strict=False)
                yield tuple(slot.candidates[at] for slot, at in steps), score

    def _steps(self) -> Iterator[tuple[int, int]]:
        """Extend the hypotheses of all clusters to their ends; yield each step and the number of clusters in it."""
        self._look_back()
        for step in range(self.lengths[0]):
            active = sum(length > step for length in self.lengths)
            self._advance(step, active)
            yield step, active

    def _look_back(self) -> None:
        """Start the hypotheses with the context before each cluster."""
        before = np.full((len(self.batch), MODEL_CONTEXT), ord(" "), np.uint64)
        for row, cluster in enumerate(self.batch):
            text = "".join(slot.candidates[0] for slot in cluster.before)[-MODEL_CONTEXT:]
            if text:
                before[row, -len(text) :] = codes_of(text)
        for column in range(MODEL_CONTEXT):
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
        scores = np.take_along_axis(flat, best, axis=1)
        self.scores = np.where(scores < scores[:, :1] - self.how.worst, np.float32(-np.inf), scores)
        self.recent = np.concatenate([self.recent[row, parent][..., 1:], chosen[..., None]], axis=2)
        self.paths.append((parent.tolist(), chosen.tolist()))

    def _options(self, step: int, active: int) -> tuple[Codes, Codes, IntArray]:
        """Return the codes of the options' first and second characters, 0 for none, and their indexes in the slot."""
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

    def _common(self, options: tuple[str, ...]) -> tuple[Codes, Codes, IntArray]:
        """Return the codes of the most frequent options, and their indexes in the slot."""
        if options not in self.common:
            first, second = _option_codes(options)
            chance = self.model.letters(first) if len(options) > MOST_CANDIDATES else np.zeros(len(options))
            places = np.sort(np.argsort(-chance, kind="stable")[:MOST_CANDIDATES])
            self.common[options] = first[places], second[places], places
        return self.common[options]

    def _share(self, step: int, active: int) -> None:
        """Store the probabilities of a gap's options once the gap is out of reach: no later character affects them."""
        for row in range(active):
            last = step == self.lengths[row] - 1
            for gap in range(max(0, step - MODEL_CONTEXT), step + 1 if last else step - MODEL_CONTEXT + 1):
                if len(self.batch[row].slots[gap].candidates) > 1:
                    weights = np.exp((self.scores[row] - self.scores[row].max()) / TEMPERATURE)
                    self.shares[row][gap] = self.recent[row, :, MODEL_CONTEXT - step + gap], weights / weights.sum()

    def _traced(self, row: int) -> list[GapChoice]:
        """Return the choices on the best path of a cluster."""
        steps = zip(self.batch[row].slots, self._path(row, 0), strict=True)
        return [
            _choice_of_option(slot, picked, self.how.max_confidence, *self.shares[row][step])
            for step, (slot, picked) in enumerate(steps)
            if len(slot.candidates) > 1
        ]

    def _path(self, row: int, at: int) -> list[int]:
        """Return the options on the path of a cluster that ends in its hypothesis `at`."""
        path = []
        for parent, chosen in reversed(self.paths[: self.lengths[row]]):
            path.append(chosen[row][at])
            at = parent[row][at]
        return path[::-1]


def _choice_of_option(slot: Slot, picked: int, max_confidence: float, options: IntArray, weights: Floats) -> GapChoice:
    """Return the choice of an option with its alternatives, at least one, however unlikely."""
    shares: dict[int, float] = dict.fromkeys((picked, 0, 1), 0.0)
    for option, weight in zip(options.tolist(), weights.tolist(), strict=True):
        if weight > 0:
            shares[option] = shares.get(option, 0.0) + weight
    others = sorted(shares.keys() - {picked}, key=lambda option: (-shares[option], option))[:MOST_ALTERNATIVES]
    ranked = ((slot.candidates[option], min(round(shares[option], 3), max_confidence)) for option in (picked, *others))
    return GapChoice(slot, tuple(ranked))
