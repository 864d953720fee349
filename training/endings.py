"""Corpus -> pipeline/language/model/endings-*.npz: log-linear models of word endings.

usage: python -m training.endings CORPUS training/plan.toml

It trains a model for each language of the plan with `endings`. The model predicts a word's last letter among the
letters that share its first byte in UTF-8 and whose second byte is a C1 control in Latin-1. Held-out sources are not
used.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from pipeline.language.endings import (
    ENDING_CONTEXT,
    ENDING_INDEX_BITS,
    ENDING_WEIGHT_STEP,
    WORD_OR_SIGN,
    feature_hashes,
    weight_indices,
)
from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.language.ngram_keys import codes_of
from training.texts import prose
from training.train import AT_ONCE

LOST = range(0x80, 0xA0)  # second bytes of the letters to predict: C1 controls in Latin-1
LEAST = 20  # words: a letter that ends fewer is not predicted
SEEN = 4  # words: a feature of fewer is ignored
ROUNDS = 2
BATCH = 512
RATE = 0.08  # learning rate of AdaGrad (Duchi, 2011)
SPARSE = 0.012  # the L1 penalty per step
PRUNED = 20  # steps between applications of the penalty
SLIGHT = 1e-3  # a smaller gradient is ignored
LEFT_OUT = 0.3  # dropout: share of features left out of each step (Srivastava, 2014)
TESTED = 20_000  # words to measure the model on


def ends(corpus: Path, tag: str) -> Iterator[tuple[np.ndarray, str]]:
    """Yield features and last letter of each word in a language's prose that ends in a letter to predict."""
    for text in prose(corpus / tag):
        for word in WORD_OR_SIGN.finditer(text):
            end = word.end()
            letter = text[end - 1].lower()
            data = letter.encode()
            if letter.isalpha() and len(data) == 2 and data[1] in LOST:
                yield (
                    feature_hashes(text[max(0, end - 1 - ENDING_CONTEXT) : end - 1], text[end : end + ENDING_CONTEXT]),
                    letter,
                )


def material(corpus: Path, tag: str) -> tuple[np.ndarray, torch.Tensor, torch.Tensor, str]:
    """Return the features of each word, which of them are used, the index of its last letter, and the letters.

    The shapes are (words, largest number of features), the same, and (words,).
    """
    features_of, letter_of = zip(*ends(corpus, tag), strict=True)
    letters = "".join(sorted(letter for letter, count in Counter[str](letter_of).items() if count >= LEAST))
    features = np.zeros((len(features_of), max(map(len, features_of))), np.uint64)
    for row, own in zip(features, features_of, strict=True):
        row[: len(own)] = own
    features = features[[letter in letters for letter in letter_of]]
    _, inverse, counts = np.unique(features, return_inverse=True, return_counts=True)
    used = torch.from_numpy((counts[inverse].reshape(features.shape) >= SEEN) & (features > 0))
    return features, used, torch.tensor([letters.index(letter) for letter in letter_of if letter in letters]), letters


def learn(corpus: Path, tag: str) -> None:
    """Train and write the model of a language."""
    torch.set_num_threads(1)
    seed = torch.Generator().manual_seed(0)
    features, used, right, letters = material(corpus, tag)
    codes, leads = codes_of(letters), torch.tensor([letter.encode()[0] for letter in letters])
    apart = torch.where(leads[:, None] == leads, 0.0, -np.inf)
    weights, squares = torch.zeros(1 << ENDING_INDEX_BITS), torch.full((1 << ENDING_INDEX_BITS,), 0.1)

    def scores(rows: torch.Tensor, looked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        places = torch.from_numpy(weight_indices(features[rows.numpy()], codes).astype(np.int64))
        return (weights[places] * looked[:, :, None]).sum(1) + apart[right[rows]], places

    order = torch.randperm(len(right), generator=seed)
    tested, order = order[:TESTED], order[TESTED:]
    for _ in range(ROUNDS):
        for step, rows in enumerate(order[torch.randperm(len(order), generator=seed)].split(BATCH)):
            looked = used[rows] & (torch.rand(used[rows].shape, generator=seed) > LEFT_OUT)
            fits, places = scores(rows, looked)
            gradient = torch.softmax(fits, 1)
            gradient[torch.arange(len(rows)), right[rows]] -= 1
            gradient = gradient[:, None, :] * looked[:, :, None]
            some = gradient.abs() > SLIGHT
            gradient, places = gradient[some], places[some]
            squares.index_add_(0, places, gradient**2)
            weights.index_add_(0, places, -RATE * gradient / squares[places].sqrt())
            if step % PRUNED == 0:
                shrunk = weights.abs() - SPARSE * RATE * PRUNED / squares.sqrt()
                weights = weights.sign() * shrunk.clamp(min=0)
    stored = np.clip(np.round(weights.numpy() * (1 - LEFT_OUT) / ENDING_WEIGHT_STEP), -127, 127).astype(np.int8)
    weights = torch.from_numpy(stored * np.float32(ENDING_WEIGHT_STEP))
    unseen = torch.cat([scores(rows, used[rows])[0] for rows in tested.split(BATCH)])
    loss, wrong = cross_entropy(unseen, right[tested]), (unseen.argmax(1) != right[tested]).float().mean()
    print(tag, letters, len(right), "words; of those unseen wrong", wrong.item(), "nats", loss.item())
    np.savez_compressed(MODEL_FOLDER / f"endings-{tag}.npz", letters=letters, weights=stored)


if __name__ == "__main__":
    plan = tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]
    with ProcessPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(learn, Path(sys.argv[1])), (one["tag"] for one in plan if one.get("endings"))))
