"""Context on both sides -> scores of the characters between: a small neural network, for languages with one."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.language.model_files import model_arrays
from pipeline.language.ngram_keys import Codes, codes_of
from pipeline.language.ngrams import Floats

LINE_EDGE = np.uint64(0)  # the code of a position beyond the ends of a line
PLACES_AT_ONCE = 1024  # places to compute at once
UNKNOWN_CHARACTER_SCORE = -9.0  # nats: the score of a character that the network does not know


@dataclass(frozen=True, slots=True)
class RescoringNetwork:
    """A feed-forward network over the characters on both sides of a place (after Bengio et al., 2003).

    The embeddings of `reach` characters on each side go through two hidden layers, which predict an embedding. A
    candidate's score is the dot product of its embedding and the predicted one, plus a bias.
    """

    reach: int
    known: Codes  # the characters with an embedding, sorted; the first is `LINE_EDGE`
    vectors: Floats  # shape (known, width)
    rarity: Floats  # the bias of each character: shape (known,)
    layers: tuple[tuple[Floats, Floats], ...]  # weights and biases of each layer
    score_weight: ClassVar[float] = 0.5  # the exponent of its probabilities, as n-grams saw the same texts

    def fit(self, text: str, places: npt.NDArray[np.int64], options: Sequence[Sequence[str]]) -> Floats:
        """Return the score of each option, a character, at `places` of `text`; the characters there are ignored.

        Scores are natural logarithms up to a constant per place. Shape: (places, largest number of options).
        """
        reach = np.arange(-self.reach, self.reach + 1)
        padded = self._rows(np.pad(codes_of(text), self.reach, constant_values=LINE_EDGE))
        around = places[:, None] + self.reach + reach[reach != 0]
        wanted = np.concatenate(
            [
                self._wanted(padded[around[start : start + PLACES_AT_ONCE]])
                for start in range(0, len(places), PLACES_AT_ONCE)
            ]
        )
        rows = np.zeros((len(places), max(map(len, options))), np.int64)
        for row, characters in zip(rows, options, strict=True):
            row[: len(characters)] = self._rows(codes_of("".join(characters)))
        fits = np.einsum("pow,pw->po", self.vectors[rows], wanted) + self.rarity[rows]
        return np.where(rows > 0, fits, UNKNOWN_CHARACTER_SCORE).astype(np.float32)

    def _wanted(self, around: npt.NDArray[np.int64]) -> Floats:
        """Return the embedding that the network predicts from the rows around each place."""
        first, second, last = self.layers
        hidden = _gelu(self.vectors[around].reshape(len(around), -1) @ first[0] + first[1])
        hidden += _gelu(_layer_norm(hidden) @ second[0] + second[1])
        return np.asarray(_layer_norm(hidden) @ last[0] + last[1], np.float32)

    def _rows(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Return the row of each character's embedding; 0 for a character without one."""
        rows = np.minimum(np.searchsorted(self.known, codes), len(self.known) - 1)
        return np.where(self.known[rows] == codes, rows, 0)


def _gelu(values: Floats) -> Floats:
    """Return the Gaussian error linear units of `values`, with the tanh approximation (Hendrycks and Gimpel, 2016)."""
    bent = values + 0.044715 * values * values * values
    return np.asarray(values * (1 + np.tanh(math.sqrt(2 / math.pi) * bent)) / 2, np.float32)


def _layer_norm(values: Floats) -> Floats:
    """Return `values` with layer normalization: each row has mean 0 and variance 1 (Ba et al., 2016)."""
    shifted = values - values.mean(axis=1, keepdims=True)
    return np.asarray(shifted / np.sqrt((shifted**2).mean(axis=1, keepdims=True) + 1e-5), np.float32)


@functools.cache
def rescoring_network(language: str) -> RescoringNetwork | None:
    """Return the network of a language, by its BCP 47 tag; None if there is none."""
    found = model_arrays(f"neighbours-{language}")
    if found is None:
        return None
    weights = [found[f"weights{number}"] * found[f"scale{number}"] for number in range(4)]
    vectors, *layers = (one.astype(np.float32) for one in weights)
    biases = (found[f"bias{number}"] for number in range(1, 4))
    reach = layers[0].shape[0] // vectors.shape[1] // 2
    return RescoringNetwork(
        reach, found["known"].astype(np.uint64), vectors, found["bias0"], tuple(zip(layers, biases, strict=True))
    )
