"""How far to trust an archive: pipeline/language/model/trust.npy, learnt on texts that the model has not seen.

usage: python -m training.trust CORPUS    (with the model for which these were put aside)

Of each held-out source stretches are the archive, as long as a post, some posts and a hundred, and what follows each is
to be foretold. Prints the bits a character outside ASCII without an archive and with one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.language.archive_statistics import archive_of
from pipeline.language.model_files import MODEL
from pipeline.language.ngram_keys import MULTIPLIER, codes_of
from pipeline.language.ngrams import BUCKETS, CJK, ORDER, SEEN, VARIETIES, language_model
from training.train import HELD_OUT

ALPHABETS = ("ru", "uk", "el", "he", "ar", "hi", "th", "vi", "pl", "tr")
ARCHIVES = (6_000, 24_000, 240_000)  # characters
STRETCHES = 12  # of a source at most
FORETOLD = 20_000  # characters at most; a third of the archive's length
HALF = 100  # times: what a context seen so often is trusted before anything is learnt
ROUNDS, RATE, DECAY, SLOWER = 120, 0.3, 0.9, 0.99  # of the descent (Kingma and Ba, 2015)
SUREST = 12.0  # the logarithm of the highest odds


class Seen(NamedTuple):
    """What is known of each character outside ASCII of a text: its chance, and what an archive says of it.

    By order, shape (ORDER, characters): the cell of the trust for its context, and its share of what stands there.
    """

    chance: np.ndarray
    cells: np.ndarray
    shares: np.ndarray


def seen(text: str, archive: str, language: str) -> Seen:
    """Return what a language's model and an archive know of `text`."""
    known = archive_of({"": archive})
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
        cells.append(np.minimum(np.frexp(context)[1], SEEN - 1) * BUCKETS + kinds[order - 1] // VARIETIES)
        shares.append(count[1:] / np.maximum(context, 1))
        before = np.concatenate([[np.float32(0)], count])
    foreign = np.array([char > "\x7f" for char in text])
    return Seen(chance[foreign].astype(float), np.stack(cells)[:, foreign], np.stack(shares)[:, foreign].astype(float))


def texts(corpus: Path, languages: Sequence[str]) -> Iterator[Seen]:
    """Yield what is known of the held-out texts."""
    files = ((language, corpus / language / f"{source}.txt") for language in languages for source in HELD_OUT)
    for language, file in files:
        whole = file.read_text("utf-8") if file.exists() else ""
        for size in ARCHIVES:
            ahead = min(size // 3, FORETOLD)
            for start in range(0, len(whole) - size - ahead, max(len(whole) // STRETCHES, size + ahead)):
                cut = start + size
                yield seen(whole[cut : cut + ahead], whole[start:cut], language)


def told(odds: np.ndarray, known: Seen) -> tuple[float, np.ndarray]:
    """Return the bits that a text takes, and how these change with the logarithms of the odds."""
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
        slope[order] = np.bincount(known.cells[order], change, SEEN * BUCKETS).reshape(SEEN, BUCKETS)
        behind = behind * (1 - weight)
    return -float(np.log2(chances[-1]).sum()), slope


def weights(odds: np.ndarray) -> np.ndarray:
    """Return the trust of logarithms of odds: none in a context that the archive never saw."""
    trust = 1 / (1 + np.exp(-odds))
    trust[:, 0] = 0
    return trust


def learnt(known: Sequence[Seen]) -> np.ndarray:
    """Return the trust that makes the texts likeliest: shape (ORDER, SEEN, BUCKETS); prints how likely."""
    size = sum(len(one.chance) for one in known)
    odds = np.zeros((ORDER, SEEN, BUCKETS)) + np.log(2.0 ** np.arange(SEEN) / HALF)[:, None]
    mean, square = np.zeros_like(odds), np.zeros_like(odds)
    print("without", round(-sum(float(np.log2(one.chance).sum()) for one in known) / size, 4), "of", size)
    for turn in range(1, ROUNDS + 1):
        every = [told(odds, one) for one in known]
        slope = np.sum([slope for _, slope in every], axis=0) / size
        mean = DECAY * mean + (1 - DECAY) * slope
        square = SLOWER * square + (1 - SLOWER) * slope**2
        step = mean / (1 - DECAY**turn) / (np.sqrt(square / (1 - SLOWER**turn)) + 1e-9)
        odds = np.clip(odds - RATE * step, -SUREST, SUREST)
    print("with", round(sum(bits for bits, _ in every) / size, 4), flush=True)
    return weights(odds)


def main(corpus: Path) -> None:
    """Write how far archives of alphabets and of Chinese, Japanese and Korean are trusted."""
    both = [learnt(list(texts(corpus, languages))) for languages in (ALPHABETS, CJK)]
    np.save(MODEL / "trust.npy", np.stack(both).astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
