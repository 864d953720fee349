"""How far to trust an archive: the TRUST of pipeline/evidence/ngrams.py, learnt on texts that the model has not seen.

usage: python -m training.trust CORPUS

Of each held-out source the beginning is the archive, long or short, and what follows is to be foretold. Prints the
bits a character outside ASCII that each round of a search, order by order, comes to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.evidence.archive import archive_of
from pipeline.evidence.ngrams import MULTIPLIER, ORDER, TRUST, codes_of, language_model
from training.train import HELD_OUT

LANGUAGES = ("zh-Hans", "ja", "ko", "ru", "el", "he")
ARCHIVES = (24_000, 240_000)  # characters: a few posts, a hundred
FORETOLD = 20_000  # characters at most; a fifth of the archive's length
STEPS = (0.1, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 10.0)
ROUNDS = 3


class Seen(NamedTuple):
    """What is known of each character outside ASCII of a text: its chance, and its contexts and itself in an archive.

    The shape of the counts is (ORDER, characters).
    """

    chance: np.ndarray
    contexts: np.ndarray
    counts: np.ndarray


def seen(text: str, archive: str, language: str) -> Seen:
    """Return what a language's model and an archive know of `text`."""
    known = archive_of({"": archive})
    codes = codes_of(" " + text)
    hashes = np.zeros(len(codes) + 1, np.uint64)
    before = np.full(len(codes) + 1, known.total, np.float32)
    contexts, counts = [], []
    for order in range(1, ORDER + 1):
        hashes = np.concatenate([[np.uint64(0)], hashes[:-1] * MULTIPLIER + codes])
        limit = np.minimum(before[:-1], before[1:])
        limit[: order - 1] = 0
        count = np.minimum(known.look(hashes[1:], order, limit), limit)
        contexts.append(before[1:-1])
        counts.append(count[1:])
        before = np.concatenate([[np.float32(0)], count])
    foreign = np.array([char > "\x7f" for char in text])
    chance = np.exp(language_model(language).score(text).astype(float))
    return Seen(chance[foreign], np.stack(contexts)[:, foreign], np.stack(counts)[:, foreign])


def texts(corpus: Path) -> Iterator[Seen]:
    """Yield what is known of the held-out texts."""
    for language in LANGUAGES:
        for source in HELD_OUT:
            file = corpus / language / f"{source}.txt"
            whole = file.read_text("utf-8") if file.exists() else ""
            for size in ARCHIVES:
                if len(whole) >= ARCHIVES[0]:
                    cut = min(size, len(whole) * 4 // 5)
                    yield seen(whole[cut : cut + min(cut // 4, FORETOLD)], whole[:cut], language)


def bits(known: list[Seen], trust: list[float]) -> float:
    """Return the bits a character that the texts take."""
    total = size = 0.0
    for chance, contexts, counts in known:
        mixed = chance
        for context, count, half in zip(contexts, counts, trust[1:], strict=True):
            weight = context / (context + half)
            mixed = weight * (count / np.maximum(context, 1)) + (1 - weight) * mixed
        total -= float(np.log2(mixed).sum())
        size += len(mixed)
    return total / size


def main(corpus: Path) -> None:
    """Search for the counts that make the held-out texts likeliest."""
    known, trust = list(texts(corpus)), list(TRUST)
    print("as it is", round(bits(known, trust), 4), trust)
    for _ in range(ROUNDS):
        for order in range(1, ORDER + 1):
            rivals = [[*trust[:order], trust[order] * step, *trust[order + 1 :]] for step in STEPS]
            trust = min(rivals, key=lambda rival: bits(known, rival))
        print("learnt", round(bits(known, trust), 4), [round(one, 1) for one in trust], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
