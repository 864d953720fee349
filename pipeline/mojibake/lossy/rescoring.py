"""Uncertain choices -> the same, rescored: with the rest of the text, and with the context on both sides."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.language.archive_statistics import ArchiveStatistics, statistics_of
from pipeline.language.neural import LINE_EDGE
from pipeline.language.ngrams import Floats, LanguageModel
from pipeline.mojibake.lossy.beam_search import SearchLimits, choose_candidates
from pipeline.mojibake.lossy.gaps import GapChoice
from pipeline.mojibake.lossy.lattice import Slot

FINAL_CONFIDENCE = 0.7  # confidence from which a choice is final, and evidence for others: words and names recur
CERTAIN_CONFIDENCE = 0.99  # confidence from which the context does not change a choice
LEAST_PROBABILITY = 0.0005  # the probability of an option that is rounded to 0.000
RESCORING_ROUNDS = 2  # uncertain choices are the context of others
LINE_BREAK = chr(int(LINE_EDGE))

ChoiceRows = Sequence[Sequence[GapChoice]]


class ContextModel(Protocol):
    """A model that scores characters by their context on both sides."""

    @property
    def reach(self) -> int:
        """The number of characters of context on each side."""

    @property
    def score_weight(self) -> float:
        """The weight of its scores: it is not independent of the language model, which has the same training texts."""

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return the log-likelihood of options at indexes of a text, in nats; shape (places, most options of any)."""


def rescored_by_text(
    found: Sequence[Sequence[Slot]],
    chosen: ChoiceRows,
    model: LanguageModel,
    archive: ArchiveStatistics,
    how: SearchLimits,
) -> ChoiceRows:
    """Return the choices, the uncertain ones chosen again with the statistics of the certain text.

    Uncertain characters are not part of these statistics: they would be evidence for themselves.
    """
    left, known = [], []
    for row, choices in zip(found, chosen, strict=True):
        read = {
            (one.slot.start, one.slot.end): one.options[0][0] for one in choices if one.confidence >= FINAL_CONFIDENCE
        }
        final = (read.get((slot.start, slot.end)) for slot in row)
        left.append([slot._replace(candidates=(one,)) if one else slot for slot, one in zip(row, final, strict=True)])
        known.append("".join(slot.candidates[0] if len(slot.candidates) == 1 else "\0" for slot in left[-1]))
    own = statistics_of({"": "\n".join(known)})
    again = map(iter, choose_candidates(left, model.interpolated_with(archive, own), how))
    return [
        [choice if choice.confidence >= FINAL_CONFIDENCE else next(later) for choice in choices]
        for choices, later in zip(chosen, again, strict=True)
    ]


def rescored_by_context(
    found: Sequence[Sequence[Slot]], chosen: ChoiceRows, experts: Sequence[ContextModel], how: SearchLimits
) -> ChoiceRows:
    """Return the choices, the uncertain ones weighted by how well each option fits its context, by the experts.

    Experts score the first character of an option. Where the context is uncertain as well, all are softened.
    """
    every = list(itertools.chain.from_iterable(chosen))
    doubtful = [number for number, choice in enumerate(every) if choice.confidence < CERTAIN_CONFIDENCE]
    if not doubtful or not (experts or how.sharpness < 1):
        return chosen
    options = [[text for text, _ in every[number].options] for number in doubtful]
    letters = [[text[0] for text in row] for row in options]
    shares = np.zeros((len(options), max(map(len, options))))
    for row, number in zip(shares, doubtful, strict=True):
        row[: len(every[number].options)] = [max(share, LEAST_PROBABILITY) for _, share in every[number].options]
    for _ in range(RESCORING_ROUNDS):
        text, gaps = _lines_apart(found, every, max((expert.reach for expert in experts), default=0))
        fits = sum(expert.score_weight * expert.fit(text, gaps[doubtful], letters) for expert in experts)
        weights = (shares * np.exp(fits)) ** how.sharpness
        weights /= weights.sum(axis=1, keepdims=True)
        for number, texts, row in zip(doubtful, options, weights.tolist(), strict=True):
            every[number] = GapChoice(every[number].slot, by_probability(texts, row[: len(texts)], how.max_confidence))
    rest = iter(every)
    return [list(itertools.islice(rest, len(row))) for row in chosen]


def _lines_apart(
    found: Sequence[Sequence[Slot]], chosen: Sequence[GapChoice], reach: int
) -> tuple[str, npt.NDArray[np.int64]]:
    """Return the lines as chosen, `reach` apart so that none is context of another, and the indexes of their gaps."""
    choices = iter(chosen)
    parts: list[str] = []
    gaps, at = [], 0
    for row in found:
        for slot in row:
            known = len(slot.candidates) == 1
            if not known:
                gaps.append(at)
            parts.append(slot.candidates[0] if known else next(choices).options[0][0])
            at += len(parts[-1])
        parts.append(LINE_BREAK * reach)
        at += reach
    return "".join(parts), np.array(gaps)


def by_probability(
    options: Iterable[str], shares: Iterable[float], max_confidence: float
) -> tuple[tuple[str, float], ...]:
    """Return the options with their probabilities, the likeliest first, none above `max_confidence`.

    >>> by_probability(["e", "é"], [0.25, 0.75], 0.7)
    (('é', 0.7), ('e', 0.25))
    """
    ordered = sorted(zip(options, shares, strict=True), key=lambda option: -option[1])
    return tuple((text, min(round(share, 3), max_confidence)) for text, share in ordered)
