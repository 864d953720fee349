"""Slots of a text -> the gaps that depend on each other, and the choices for them with their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.language.ngrams import ORDER, Floats
from pipeline.mojibake.lossy.lattice import Slot

MOST_ALTERNATIVES = 4  # alternatives that a gap keeps
LINE_END_SLOT = Slot(0, 0, ("\n",))  # a text is one line
MODEL_CONTEXT = ORDER - 1  # characters of context that the model conditions on


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


def choice_of_option(
    slot: Slot, picked: int, max_confidence: float, options: npt.NDArray[np.int64], weights: Floats
) -> GapChoice:
    """Return the choice of an option with its alternatives, at least one, however unlikely."""
    shares: dict[int, float] = dict.fromkeys((picked, 0, 1), 0.0)
    for option, weight in zip(options.tolist(), weights.tolist(), strict=True):
        if weight > 0:
            shares[option] = shares.get(option, 0.0) + weight
    others = sorted(shares.keys() - {picked}, key=lambda option: (-shares[option], option))[:MOST_ALTERNATIVES]
    ranked = ((slot.candidates[option], min(round(shares[option], 3), max_confidence)) for option in (picked, *others))
    return GapChoice(slot, tuple(ranked))
