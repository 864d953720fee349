"""Slots -> the likeliest characters: a beam search over the clusters of gaps, scored by the language model."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.language.followers import follower_scores, highest_places
from pipeline.language.ngram_keys import Codes, codes_of
from pipeline.language.ngrams import ContextState, Floats, LanguageModel
from pipeline.mojibake.lossy.gaps import MODEL_CONTEXT, GapChoice, GapCluster, choice_of_option, gap_clusters
from pipeline.mojibake.lossy.lattice import Slot

MOST_CANDIDATES = 400  # candidates of a slot that are considered: the most frequent ones
CLUSTER_BATCH = 256  # clusters that are searched together
TEMPERATURE = 1.5  # softens the scores, which are overconfident on text unlike the model's (Guo, 2017)
OPTION_CLASSES = (0, 1, 8, MOST_CANDIDATES)  # slots with about as many options are extended together

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
        parent, option, scores = self._best_extensions(first, second)
        row = np.arange(active)[:, None]
        chosen = np.take_along_axis(options, option, axis=1)
        self.state = self._after((row, parent), first[row, option], second[row, option])
        self.scores = np.where(scores < scores[:, :1] - self.how.worst, np.float32(-np.inf), scores)
        self.recent = np.concatenate([self.recent[row, parent][..., 1:], chosen[..., None]], axis=2)
        self.paths.append((parent.tolist(), chosen.tolist()))

    def _best_extensions(self, first: Codes, second: Codes) -> tuple[IntArray, IntArray, Floats]:
        """Return the best hypotheses after one more slot: for each the one before it, its option, and its score."""
        sizes = (first > 0).sum(axis=1)
        shape = len(first), min(self.how.width, self.scores.shape[1] * first.shape[1])
        parent, option = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        scores = np.full(shape, -np.inf, np.float32)
        for low, high in itertools.pairwise(OPTION_CLASSES):
            rows = np.flatnonzero((sizes > low) & (sizes <= high))
            if len(rows):
                most = sizes[rows].max()
                known = self.scores[rows, : (self.scores[rows] > -np.inf).sum(axis=1).max()]
                total = known[:, :, None] + self._chances(
                    rows, known > -np.inf, first[rows, :most], second[rows, :most]
                )
                flat = total.reshape(len(rows), -1)
                best = highest_places(flat, self.how.width)
                place = rows[:, None], np.arange(best.shape[1])
                parent[place], option[place] = np.divmod(best, most)
                scores[place] = np.take_along_axis(flat, best, axis=1)
        return parent, option, scores

    def _chances(self, rows: IntArray, known: npt.NDArray[np.bool_], first: Codes, second: Codes) -> Floats:
        """Return the log-probability of each option, of one or two characters, after each known hypothesis of rows."""
        state = self.state.at((rows, slice(known.shape[1])))
        if not second.any():
            return follower_scores(self.model, state, first, known)
        alive = known[:, :, None] & (first > 0)[:, None, :]
        row, parents, columns = np.nonzero(alive)
        chance = np.full(alive.shape, -np.inf, np.float32)
        after, scores = self.model.extend(state.at((row, parents)), first[row, columns])
        longer = np.flatnonzero(second[row, columns])
        if len(longer):
            scores[longer] += self.model.extend(after.at(longer), second[row, columns][longer])[1]
        chance[alive] = scores
        return chance

    def _after(self, place: tuple[IntArray, IntArray], first: Codes, second: Codes) -> ContextState:
        """Return the states of hypotheses at `place` after one or two characters each."""
        after, _ = self.model.extend(self.state.at(place), first)
        longer = np.nonzero(second)
        if len(longer[0]):
            after.put(longer, self.model.extend(after.at(longer), second[longer])[0])
        return after

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
            choice_of_option(slot, picked, self.how.max_confidence, *self.shares[row][step])
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
