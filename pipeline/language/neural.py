"""What a character is, told by those on both sides of it: a small neural network, for languages that have one."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import Codes, codes_of
from pipeline.language.ngrams import Floats, stored

BREAK = np.uint64(0)  # the code of what stands beyond the ends of a line
BLOCK = 1024  # places looked at at once
UNKNOWN = -9.0  # nats: how well a character fits that the network has not learnt


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A feed-forward network over the characters around a place (after Bengio et al., 2003, and both ways).

    A character is a vector; those of `reach` characters on each side make, in two layers, the vector that is wanted.
    """

    reach: int
    known: Codes  # of the characters that have a vector, in order; 0, what is beyond a line, is the first
    vectors: Floats  # shape (known, width)
    rarity: Floats  # shape (known,)
    layers: tuple[tuple[Floats, Floats], ...]  # the weights and the biases of each
    heed: ClassVar[float] = 0.5  # the power that it counts by beside counts of the same texts; 0.4 to 1 are as good

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return how well options, characters, fit at places of a text: natural logarithms, but for a constant a place.

        The shape is (places, most options of any). The characters at the places are not looked at.
        """
        reach = np.arange(-self.reach, self.reach + 1)
        padded = self._rows(np.pad(codes_of(text), self.reach, constant_values=BREAK))
        around = places[:, None] + self.reach + reach[reach != 0]
        wanted = np.concatenate(
            [self._wanted(padded[around[start : start + BLOCK]]) for start in range(0, len(places), BLOCK)]
        )
        rows = np.zeros((len(places), max(map(len, options))), np.int64)
        for row, told in zip(rows, options, strict=True):
            row[: len(told)] = self._rows(codes_of("".join(told)))
        fits = np.einsum("pow,pw->po", self.vectors[rows], wanted) + self.rarity[rows]
        return np.where(rows > 0, fits, UNKNOWN).astype(np.float32)

    def _wanted(self, around: npt.NDArray[np.int64]) -> Floats:
        """Return the vector that the neighbours of each place want there."""
        first, second, last = self.layers
        hidden = _gelu(self.vectors[around].reshape(len(around), -1) @ first[0] + first[1])
        hidden += _gelu(_normal(hidden) @ second[0] + second[1])
        return np.asarray(_normal(hidden) @ last[0] + last[1], np.float32)

    def _rows(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Return the row of the vector of each character, 0 for one that has none."""
        rows = np.minimum(np.searchsorted(self.known, codes), len(self.known) - 1)
        return np.where(self.known[rows] == codes, rows, 0)


def _gelu(values: Floats) -> Floats:
    """Return the Gaussian error linear units of values, by tanh (Hendrycks and Gimpel, 2016)."""
    bent = values + 0.044715 * values * values * values
    return np.asarray(values * (1 + np.tanh(math.sqrt(2 / math.pi) * bent)) / 2, np.float32)


def _normal(values: Floats) -> Floats:
    """Return each row shifted and scaled to a mean of 0 and a variance of 1 (Ba et al., 2016)."""
    shifted = values - values.mean(axis=1, keepdims=True)
    return np.asarray(shifted / np.sqrt((shifted**2).mean(axis=1, keepdims=True) + 1e-5), np.float32)


@functools.cache
def neighbours(language: str) -> Neighbours | None:
    """Return the network of a language, by its tag; None where there is none."""
    found = stored(f"neighbours-{language}")
    if found is None:
        return None
    weights = [found[f"weights{number}"] * found[f"scale{number}"] for number in range(4)]
    vectors, *layers = (one.astype(np.float32) for one in weights)
    biases = (found[f"bias{number}"] for number in range(1, 4))
    reach = layers[0].shape[0] // vectors.shape[1] // 2
    return Neighbours(
        reach, found["known"].astype(np.uint64), vectors, found["bias0"], tuple(zip(layers, biases, strict=True))
    )
