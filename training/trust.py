"""Corpus -> pipeline/language/model/trust.npy: the weights of an archive's n-grams next to the model's.

usage: python -m training.trust CORPUS    (after `python -m training.train ... aside`)

Parts of each held-out source serve as archives, as long as one post, a few posts and a hundred posts. The weights
minimize the cross-entropy of the text that follows. It prints bits per character outside ASCII, without an archive and
with one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.language.archive_statistics import statistics_of
from pipeline.language.model_meta import CJK_TAGS, MODEL_FOLDER
from pipeline.language.ngram_keys import MULTIPLIER, codes_of
from pipeline.language.ngrams import ARCHIVE_BUCKETS, COUNT_BUCKETS, ORDER, VARIETIES, language_model
from training.texts import HELD_OUT

ALPHABETS = ("ru", "uk", "el", "he", "ar", "hi", "th", "vi", "pl", "tr")
ARCHIVES = (6_000, 24_000, 240_000)  # characters
STRETCHES = 12  # largest number of archives per source
FORETOLD = 20_000  # largest number of characters to predict; at most a third of the archive's length
HALF = 100  # occurrences of a context whose initial odds are 1
ROUNDS, RATE, DECAY, SLOWER = 120, 0.3, 0.9, 0.99  # of the gradient descent with Adam (Kingma and Ba, 2015)
SUREST = 12.0  # the largest logarithm of odds


class Seen(NamedTuple):
    """For each character outside ASCII of a text: its probability by the model, and by an archive.

    By order, shape (ORDER, characters): the index of its context's weight, and its frequency in that context.
    """

    chance: np.ndarray
    cells: np.ndarray
    shares: np.ndarray


def seen(text: str, archive: str, language: str) -> Seen:
    """Return the probabilities of `text` by a language's model and by an archive."""
    known = statistics_of({"": archive})
    codes = codes_of(" " + text)
    hashes = np.zeros(len(codes) + 1, np.uint64)
    before = np.full(len(codes) + 1, known.total, np.float32)
    chance, kinds = language_model(language).probabilities(text)
    cells, shares = [], []
    for order in range(1, ORDER + 1):
        hashes = np.concatenate([[np.uint64(0)], hashes[:-1] * MULTIPLIER + codes])
        limit = np.minimum(before[:-1], before[1:])
        limit[: order - 1] = 0
        count = np.minimum(known.lookup(hashes[1:], order, limit), limit)
        context = before[1:-1]
        cells.append(
            np.minimum(np.frexp(context)[1], ARCHIVE_BUCKETS - 1) * COUNT_BUCKETS + kinds[order - 1] // VARIETIES
        )
        shares.append(count[1:] / np.maximum(context, 1))
        before = np.concatenate([[np.float32(0)], count])
    foreign = np.array([char > "\x7f" for char in text])
    return Seen(chance[foreign].astype(float), np.stack(cells)[:, foreign], np.stack(shares)[:, foreign].astype(float))


def texts(corpus: Path, languages: Sequence[str]) -> Iterator[Seen]:
    """Yield the probabilities of the held-out texts with their archives."""
    files = ((language, corpus / language / f"{source}.txt") for language in languages for source in HELD_OUT)
    for language, file in files:
        whole = file.read_text("utf-8") if file.exists() else ""
        for size in ARCHIVES:
            ahead = min(size // 3, FORETOLD)
            for start in range(0, len(whole) - size - ahead, max(len(whole) // STRETCHES, size + ahead)):
                cut = start + size
                yield seen(whole[cut : cut + ahead], whole[start:cut], language)


def bits_of(odds: np.ndarray, known: Seen) -> tuple[float, np.ndarray]:
    """Return the bits that a text takes, and their gradient by the logarithms of the odds."""
    chances, steps = [known.chance], []
    for order in range(ORDER):
        weight = weights(odds)[order].ravel()[known.cells[order]]
        gain = known.shares[order] - chances[-1]
        chances.append(chances[-1] + weight * gain)
        steps.append((weight, gain))
    slope = np.zeros_like(odds)
    behind = -1 / chances[-1]
    for order, (weight, gain) in reversed(list(enumerate(steps))):
        change = behind * gain * weight * (1 - weight)
        slope[order] = np.bincount(known.cells[order], change, ARCHIVE_BUCKETS * COUNT_BUCKETS).reshape(
            ARCHIVE_BUCKETS, COUNT_BUCKETS
        )
        behind = behind * (1 - weight)
    return -float(np.log2(chances[-1]).sum()), slope


def weights(odds: np.ndarray) -> np.ndarray:
    """Return the weights for logarithms of odds; 0 for contexts that the archive does not have."""
    trust = 1 / (1 + np.exp(-odds))
    trust[:, 0] = 0
    return trust


def learnt(known: Sequence[Seen]) -> np.ndarray:
    """Return the best weights, shape (`ORDER`, `ARCHIVE_BUCKETS`, `COUNT_BUCKETS`); print their cross-entropy."""
    size = sum(len(one.chance) for one in known)
    odds = np.zeros((ORDER, ARCHIVE_BUCKETS, COUNT_BUCKETS)) + np.log(2.0 ** np.arange(ARCHIVE_BUCKETS) / HALF)[:, None]
    mean, square = np.zeros_like(odds), np.zeros_like(odds)
    print("without", round(-sum(float(np.log2(one.chance).sum()) for one in known) / size, 4), "of", size)
    for turn in range(1, ROUNDS + 1):
        every = [bits_of(odds, one) for one in known]
        slope = np.sum([slope for _, slope in every], axis=0) / size
        mean = DECAY * mean + (1 - DECAY) * slope
        square = SLOWER * square + (1 - SLOWER) * slope**2
        step = mean / (1 - DECAY**turn) / (np.sqrt(square / (1 - SLOWER**turn)) + 1e-9)
        odds = np.clip(odds - RATE * step, -SUREST, SUREST)
    print("with", round(sum(bits for bits, _ in every) / size, 4), flush=True)
    return weights(odds)


def main(corpus: Path) -> None:
    """Write the weights of archives: for alphabets, and for Chinese, Japanese and Korean."""
    both = [learnt(list(texts(corpus, languages))) for languages in (ALPHABETS, CJK_TAGS)]
    np.save(MODEL_FOLDER / "trust.npy", np.stack(both).astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
