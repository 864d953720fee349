"""Slots -> the likeliest characters: a beam search over all clusters of gaps at once, scored by the language model."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.chains.lattice import Slot
from pipeline.evidence.ngrams import ORDER, Floats, LanguageModel, State, codes_of

BEAM = 12
WIDE = 64  # candidates kept of a slot, the likeliest after the best hypothesis
SUREST = 0.999  # what the model says is never certain
REACH = ORDER - 1  # characters that a character's probability looks back


@dataclass(frozen=True, slots=True)
class Choice:
    """What a slot was read as, and what else it can have been: strings and their probabilities, likeliest first."""

    slot: Slot
    options: tuple[tuple[str, float], ...]


def clusters(found: Sequence[Slot]) -> list[tuple[int, int]]:
    """Return the runs of `found` in which gaps stand near enough to matter to one another, with what they can see."""
    gaps = [at for at, slot in enumerate(found) if len(slot.candidates) > 1]
    runs: list[tuple[int, int]] = []
    for gap in gaps:
        if runs and gap - runs[-1][1] <= REACH:
            runs[-1] = runs[-1][0], gap + 1
        else:
            runs.append((gap, gap + 1))
    return runs


def choose(texts: Sequence[Sequence[Slot]], model: LanguageModel) -> list[list[Choice]]:
    """Return the choice for each gap of each text."""
    jobs = [
        (number, text[max(0, start - REACH) : start], text[start:end], text[end : end + REACH])
        for number, text in enumerate(texts)
        for start, end in clusters(text)
    ]
    jobs.sort(key=lambda job: -len(job[2]) - len(job[3]))
    results: list[list[Choice]] = [[] for _ in texts]
    for at in range(0, len(jobs), 256):
        batch = jobs[at : at + 256]
        for job, choices in zip(batch, _Beam(batch, model).run(), strict=True):
            results[job[0]] += choices
    for row in results:
        row.sort(key=lambda choice: choice.slot.start)
    return results


@functools.lru_cache(maxsize=1 << 16)
def _codes(options: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of the first and the second characters of `options`; 0 where there is no second."""
    return codes_of("".join(o[0] for o in options)), np.array([ord(o[1]) if len(o) > 1 else 0 for o in options], np.uint64)


def _tokens(rows: Sequence[tuple[str, ...]], width: int) -> tuple[np.ndarray, np.ndarray]:
    tokens = np.zeros((2, len(rows), width), np.uint64)
    for row, options in enumerate(rows):
        tokens[:, row, : len(options)] = _codes(options)
    return tokens[0], tokens[1]


class _Beam:
    """The hypotheses of a batch of clusters: axis 0 the cluster, axis 1 the hypothesis, best first."""

    def __init__(self, batch, model: LanguageModel) -> None:
        self.batch, self.model = batch, model
        self.runs = [(*job[2], *job[3]) for job in batch]
        self.lengths = np.array([len(run) for run in self.runs])
        count = len(batch)
        self.state = model.start((count, 1))
        width = max(len(job[1]) for job in batch)
        before = np.zeros((count, width), np.uint64)
        for row, job in enumerate(batch):
            text = "".join(slot.candidates[0][-1] for slot in job[1])
            before[row, width - len(text) :] = codes_of(text)
            if len(text) < width:
                before[row, width - len(text) - 1] = ord(" ")
        for column in range(width):
            self.state, _ = model.extend(self.state, before[:, column, None])
        self.scores = np.zeros((count, 1), np.float32)
        self.recent = np.full((count, 1, REACH + 1), -1, np.int32)
        self.paths: list[tuple[np.ndarray, np.ndarray]] = []
        self.lag: list[dict[int, tuple[np.ndarray, np.ndarray]]] = [{} for _ in batch]
        self.finals = [0] * count

    def run(self) -> list[list[Choice]]:
        longest = int(self.lengths.max())
        for step in range(longest):
            self.advance(step, int((self.lengths > step).sum()))
        return [self.traced(row) for row in range(len(self.batch))]

    def advance(self, step: int, active: int) -> None:
        """Extend the hypotheses of the first `active` clusters, the longest, by their slot at `step`."""
        rows = [self.runs[row][step].candidates for row in range(active)]
        widest = max(map(len, rows))
        tokens, second = _tokens(rows, widest)
        if widest > WIDE:
            tokens, second, index = self._narrowed(tokens, second, active)
        else:
            index = np.broadcast_to(np.arange(widest, dtype=np.int32), tokens.shape)
        state = State(*(part[:active, :, None] for part in self.state))
        after, chance = self.model.extend(state, tokens[:, None, :])
        if second.any():
            further, more = self.model.extend(after, second[:, None, :])
            both = (second > 0)[:, None, :]
            after = State(*(np.where(both[..., None], *pair) for pair in zip(further, after, strict=True)))
            chance = chance + np.where(both, more, 0)
        chance = np.where((tokens > 0)[:, None, :], chance, -np.inf)
        total = self.scores[:active, :, None] + chance
        flat = total.reshape(active, -1)
        width = min(BEAM, flat.shape[1])
        if flat.shape[1] > width:
            best = np.argpartition(-flat, width - 1, axis=1)[:, :width]
        else:
            best = np.broadcast_to(np.arange(width), (active, width))
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(flat, best, axis=1), axis=1, kind="stable"), axis=1)
        parent, option = np.divmod(best, total.shape[2])
        row = np.arange(active)[:, None]
        chosen = np.take_along_axis(np.broadcast_to(index[:, :], tokens.shape), option, axis=1)
        recent = np.concatenate([self.recent[row, parent][..., 1:], chosen[..., None].astype(np.int32)], axis=2)
        self.state = State(*(part[row, parent, option] for part in after))
        self.scores, self.recent = np.take_along_axis(flat, best, axis=1), recent
        self.paths.append((parent, chosen))
        leaving = step - REACH
        for cluster in range(active):
            last = step == self.lengths[cluster] - 1
            if last:
                self.finals[cluster] = int(self.scores[cluster].argmax())
            for slot in range(max(0, leaving), step + 1) if last else ((leaving,) if leaving >= 0 else ()):
                if len(self.runs[cluster][slot].candidates) > 1:
                    weights = np.exp(self.scores[cluster] - self.scores[cluster].max())
                    self.lag[cluster][slot] = (self.recent[cluster, :, REACH - (step - slot)].copy(), weights / weights.sum())

    def _narrowed(self, tokens, second, active):
        state = State(*(part[:active, :1] for part in self.state))
        _, chance = self.model.extend(state, tokens)
        chance = np.where(tokens > 0, chance, -np.inf)
        index = np.argpartition(-chance, WIDE - 1, axis=1)[:, :WIDE].astype(np.int32)
        return np.take_along_axis(tokens, index, 1), np.take_along_axis(second, index, 1), index

    def traced(self, row: int) -> list[Choice]:
        """Return the best path of a cluster."""
        last = int(self.lengths[row]) - 1
        at = self.finals[row]
        picked = {}
        for step in range(last, -1, -1):
            parent, chosen = self.paths[step]
            picked[step] = int(chosen[row, at])
            at = int(parent[row, at])
        found = []
        for step, slot in enumerate(self.runs[row]):
            if len(slot.candidates) == 1:
                continue
            options, weights = self.lag[row][step]
            shares: dict[int, float] = dict.fromkeys((picked[step], *range(min(2, len(slot.candidates)))), 0.0)
            for option, weight in zip(options.tolist(), weights.tolist(), strict=True):
                shares[option] = shares.get(option, 0.0) + weight
            others = sorted((o for o in shares if o != picked[step]), key=lambda o: -shares[o])
            found.append(Choice(slot, tuple((slot.candidates[o], min(round(shares[o], 3), SUREST)) for o in (picked[step], *others[:4]))))
        return found
