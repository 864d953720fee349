"""Corpus -> pipeline/language/model/context-*.npz: log-linear models of a lost character, by the words around it.

usage: python -m training.context CORPUS training/plan.toml

It trains a model for each language of the plan with `context`, the factor of its weights that was best on treebanks of
that language, on the words that are ambiguous without their letters
outside ASCII: `�r` is `år` or `är` in Swedish. How frequent each is in such texts is learnt as well, and not kept: the
word list knows it better.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.language.endings import ENDING_INDEX_BITS, ENDING_WEIGHT_STEP, weight_indices
from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.language.ngram_keys import codes_of
from pipeline.language.word_context import lost_letters, without_letters
from training.texts import read
from training.words import marked_words, ranked

LANGUAGES_AT_ONCE = 2  # one takes up to 2 GB
MOST_WORDS = 200_000  # words of the list that ambiguous words are looked for in
RARER = 2_000  # times: a letter that is rarer at a place of a word is not an option there
SEEN = 3  # examples: a feature of fewer is ignored
ROUNDS = 3
BATCH = 512
RATE = 0.08  # learning rate of AdaGrad (Duchi, 2011)
SPARSE = 0.006  # the L1 penalty per step
PRUNED = 20  # steps between applications of the penalty
LEFT_OUT = 0.3  # dropout: share of features left out of each step (Srivastava, 2014)
TESTED = 5_000  # examples to measure the model on

Priors = dict[tuple[str, int], dict[str, float]]


class Examples(NamedTuple):
    """Lost characters of ambiguous words: features, number of the word and place, and letter; then of each such place.

    `prior` are the log-probabilities of the letters at a place; minus infinity where a letter is not an option.
    """

    features: npt.NDArray[np.uint64]
    kinds: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    prior: npt.NDArray[np.float64]  # (kinds, letters)
    letters: str


def ambiguous_places(corpus: Path, tag: str) -> Priors:
    """Return the frequencies of the letters at each place of the words that are ambiguous without them."""
    found: Priors = {}
    for word, share in ranked(marked_words(corpus, tag), MOST_WORDS):
        bare = without_letters(word)
        for at, char in enumerate(word):
            if not char.isascii():
                row = found.setdefault((bare, at), {})
                row[char] = row.get(char, 0.0) + share
    for place, row in found.items():
        found[place] = {char: share for char, share in row.items() if share * RARER > max(row.values())}
    return {place: row for place, row in found.items() if len(row) > 1}


def examples(corpus: Path, tag: str) -> Examples:
    """Return the examples in the prose of a language."""
    priors = ambiguous_places(corpus, tag)
    letters = "".join(sorted({char for row in priors.values() for char in row}))
    numbers = {place: number for number, place in enumerate(priors)}
    rows = list(_occurrences(corpus, tag, priors))
    prior = np.full((len(priors), len(letters)), -np.inf)
    for place, row in priors.items():
        for char, share in row.items():
            prior[numbers[place], letters.index(char)] = np.log(share / sum(row.values()))
    features = np.array([one for one, _, _ in rows], np.uint64)
    kinds = np.array([numbers[place] for _, place, _ in rows])
    return Examples(features, kinds, np.array([letters.index(char) for _, _, char in rows]), prior, letters)


def _occurrences(corpus: Path, tag: str, priors: Priors) -> Iterator[tuple[list[int], tuple[str, int], str]]:
    """Yield features, word with place, and letter of each example."""
    listed = {file.stem for file in (corpus / tag).glob("*.tsv")}
    for text, _, source in read(corpus / tag):
        if source not in listed and not text.isascii():
            for one in lost_letters(text, [at for at, char in enumerate(text) if not char.isascii()]):
                char = text[one.place].lower()
                if char in priors.get((one.word, one.at), {}):
                    yield one.features, (one.word, one.at), char


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probabilities of each row of scores."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def learn(corpus: Path, tag: str, scale: float) -> None:
    """Train and write the model of a language, its weights multiplied by `scale`."""
    random = np.random.default_rng(0)
    features, kinds, right, prior, letters = examples(corpus, tag)
    codes = codes_of(letters)
    _, inverse, counts = np.unique(features, return_inverse=True, return_counts=True)
    used = counts[inverse].reshape(features.shape) >= SEEN
    weights, squares = np.zeros(1 << ENDING_INDEX_BITS), np.full(1 << ENDING_INDEX_BITS, 0.1)
    bias, bias_squares = np.zeros(prior.shape), np.full(prior.shape, 0.1)

    def scores(rows: npt.NDArray[np.int64], looked: npt.NDArray[np.bool_]) -> tuple[np.ndarray, np.ndarray]:
        places = weight_indices(features[rows], codes).astype(np.int64)
        own = prior[kinds[rows]] + bias[kinds[rows]]
        return own + (weights[places] * looked[:, :, None]).sum(axis=1), places

    order = random.permutation(len(right))
    tested, order = order[:TESTED], order[TESTED:]
    for _ in range(ROUNDS):
        random.shuffle(order)
        for step, start in enumerate(range(0, len(order), BATCH)):
            rows = order[start : start + BATCH]
            looked = used[rows] & (random.random(used[rows].shape) > LEFT_OUT)
            fits, places = scores(rows, looked)
            gradient = softmax(fits)
            gradient[np.arange(len(rows)), right[rows]] -= 1
            np.add.at(bias_squares, kinds[rows], gradient**2)
            np.add.at(bias, kinds[rows], -RATE * gradient / np.sqrt(bias_squares[kinds[rows]]))
            some = looked[:, :, None] & (np.abs(gradient) > 1e-3)[:, None, :]
            spread = np.broadcast_to(gradient[:, None, :], some.shape)[some]
            np.add.at(squares, places[some], spread**2)
            np.add.at(weights, places[some], -RATE * spread / np.sqrt(squares[places[some]]))
            if step % PRUNED == 0:
                shrunk = np.abs(weights) - SPARSE * RATE * PRUNED / np.sqrt(squares)
                weights = np.sign(weights) * np.maximum(shrunk, 0)
    stored = np.clip(np.round(weights * (1 - LEFT_OUT) * scale / ENDING_WEIGHT_STEP), -127, 127).astype(np.int8)
    weights = stored * ENDING_WEIGHT_STEP
    alone = prior[kinds[tested]] + bias[kinds[tested]]
    wrong = [float((one.argmax(1) != right[tested]).mean()) for one in (alone, scores(tested, used[tested])[0])]
    np.savez_compressed(MODEL_FOLDER / f"context-{tag}.npz", letters=letters, weights=stored)
    print(tag, letters, len(right), "letters; of those unseen wrong without and with neighbours", *wrong, flush=True)


if __name__ == "__main__":
    plan = tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]
    chosen = [(one["tag"], one["context"]) for one in plan if "context" in one]
    with ProcessPoolExecutor(LANGUAGES_AT_ONCE) as pool:
        list(pool.map(partial(learn, Path(sys.argv[1])), *zip(*chosen, strict=True)))
