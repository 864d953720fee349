"""Choices in doubt -> made again: with what the rest of the text says, and with what stands on both sides of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.language.archive_statistics import Archive, archive_of
from pipeline.language.neural import BREAK
from pipeline.language.ngrams import Floats, LanguageModel
from pipeline.mojibake.lossy.beam_search import Choice, Search, choose
from pipeline.mojibake.lossy.lattice import Slot

SETTLED = 0.7  # letters so sure are not asked again, but tell the others: words and names come again in a text
CLEAR = 0.99  # letters so sure are not told by their neighbours
LEAST = 0.0005  # the share of what is told as 0.000
ROUNDS = 2  # letters in doubt are neighbours of others
ALONE = chr(int(BREAK))

Choices = Sequence[Sequence[Choice]]


class Expert(Protocol):
    """What tells how well characters fit into what stands around them."""

    @property
    def reach(self) -> int:
        """How many characters on each side it looks at."""

    @property
    def heed(self) -> float:
        """The power that what it tells counts by: it has learnt from the same texts as the counts."""

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return how well options fit at places of a text: natural logarithms, shape (places, most options of any)."""


def asked_again(
    found: Sequence[Sequence[Slot]], chosen: Choices, model: LanguageModel, archive: Archive, how: Search
) -> Choices:
    """Return the choices, those in doubt made again with what the rest of the text says.

    What is asked again does not tell: a letter would speak for itself.
    """
    left, known = [], []
    for row, choices in zip(found, chosen, strict=True):
        read = {(one.slot.start, one.slot.end): one.options[0][0] for one in choices if one.surety >= SETTLED}
        told = (read.get((slot.start, slot.end)) for slot in row)
        left.append([slot._replace(candidates=(one,)) if one else slot for slot, one in zip(row, told, strict=True)])
        known.append("".join(slot.candidates[0] if len(slot.candidates) == 1 else "\0" for slot in left[-1]))
    own = archive_of({"": "\n".join(known)})
    again = map(iter, choose(left, model.beside(archive, own), how))
    return [
        [choice if choice.surety >= SETTLED else next(later) for choice in choices]
        for choices, later in zip(chosen, again, strict=True)
    ]


def looked_around(found: Sequence[Sequence[Slot]], chosen: Choices, experts: Sequence[Expert], how: Search) -> Choices:
    """Return the choices, those in doubt weighed by how well experts find that each option fits between its neighbours.

    Experts look at the first character of an option. Where the neighbours are guesses as well, all are softened.
    """
    every = list(itertools.chain.from_iterable(chosen))
    doubtful = [number for number, choice in enumerate(every) if choice.surety < CLEAR]
    if not doubtful or not (experts or how.sharpness < 1):
        return chosen
    options = [[text for text, _ in every[number].options] for number in doubtful]
    letters = [[text[0] for text in told] for told in options]
    shares = np.zeros((len(options), max(map(len, options))))
    for row, number in zip(shares, doubtful, strict=True):
        row[: len(every[number].options)] = [max(share, LEAST) for _, share in every[number].options]
    for _ in range(ROUNDS):
        text, gaps = _laid_out(found, every, max((expert.reach for expert in experts), default=0))
        fits = sum(expert.heed * expert.fit(text, gaps[doubtful], letters) for expert in experts)
        weights = (shares * np.exp(fits)) ** how.sharpness
        weights /= weights.sum(axis=1, keepdims=True)
        for number, told, row in zip(doubtful, options, weights.tolist(), strict=True):
            every[number] = Choice(every[number].slot, weighed(told, row[: len(told)], how.surest))
    rest = iter(every)
    return [list(itertools.islice(rest, len(row))) for row in chosen]


def _laid_out(
    found: Sequence[Sequence[Slot]], chosen: Sequence[Choice], reach: int
) -> tuple[str, npt.NDArray[np.int64]]:
    """Return the lines as they are read, so far apart that none is beside another, and where their gaps stand."""
    choices = iter(chosen)
    parts: list[str] = []
    gaps, at = [], 0
    for row in found:
        for slot in row:
            sure = len(slot.candidates) == 1
            if not sure:
                gaps.append(at)
            parts.append(slot.candidates[0] if sure else next(choices).options[0][0])
            at += len(parts[-1])
        parts.append(ALONE * reach)
        at += reach
    return "".join(parts), np.array(gaps)


def weighed(options: Iterable[str], shares: Iterable[float], surest: float) -> tuple[tuple[str, float], ...]:
    """Return the options with their shares, the likeliest first, none above `surest`."""
    ordered = sorted(zip(options, shares, strict=True), key=lambda option: -option[1])
    return tuple((text, min(round(share, 3), surest)) for text, share in ordered)
