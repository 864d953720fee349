"""Compare the confidence of reconstructed characters with how many of them are right.

usage: python benchmarks/confidence.py [LANGUAGES [RECIPES [DOCUMENTS]]]

The texts are those of ../shared/corpus, damaged by ../shared/eval/damage.py. For each range of confidence it prints how
many characters have it, their mean confidence, and the share that is right; then the expected calibration error (Guo et
al., 2017), and the share that is right of those with a confidence of at least 0.99, 0.9 and 0.5.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline import repair

SHARED = Path("../shared")
LANGUAGES = "zh,ja,ko,ru,he,fr"
RECIPES = "lossy-1252-ignore,lossy-1254-ignore,lossy-1252-fffd"
CHARACTERS = 6_000  # of each document
EDGES = (0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.01)
CLAIMS = (0.99, 0.9, 0.5)


def claims(truth: str, broken: str) -> Iterator[tuple[float, bool]]:
    """Yield the confidence of each reconstructed character, and whether it is right; nothing if the lengths differ."""
    repaired = repair(broken, min_confidence=0.0)
    if len(repaired.text) != len(truth):
        return
    shift = 0
    for change in repaired.changes:
        start = change.span[0] + shift
        shift += len(change.after) - len(change.before)
        if change.alternatives:
            yield change.confidence, truth[start : start + len(change.after)] == change.after


def main(languages: str, recipes: str, documents: int) -> None:
    """Damage and repair the texts, and print the table."""
    sys.path.insert(0, str(SHARED / "eval"))
    from damage import RECIPES as CHAINS  # noqa: PLC0415 - outside this repository
    from damage import damage  # noqa: PLC0415 - outside this repository

    found = []
    for language in languages.split(","):
        for path in sorted((SHARED / "corpus" / language).rglob("*.md"))[:documents]:
            truth = path.read_text("utf-8")[:CHARACTERS].replace("\u00ad", "")
            for recipe in recipes.split(","):
                try:
                    found += claims(truth, damage(truth, CHAINS.get(recipe, recipe)))
                except UnicodeError:
                    continue
    claimed, right = (np.array(column, float) for column in zip(*found, strict=True))
    error = 0.0
    for low, high in itertools.pairwise(EDGES):
        if (chosen := (claimed >= low) & (claimed < high)).any():
            said, was = claimed[chosen].mean(), right[chosen].mean()
            error += chosen.mean() * abs(said - was)
            print(f"{low:4} to {min(high, 1):4}  {chosen.sum():7}  claimed {said:.3f}  right {was:.3f}")
    print(f"expected calibration error {error:.4f}")
    for least in CLAIMS:
        if (chosen := claimed >= least).any():
            print(f"claims of {least} and more: right {right[chosen].mean():.4f}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(given + [LANGUAGES, RECIPES][len(given) :])[:2], int(given[2]) if len(given) > 2 else 2)  # noqa: PLR2004
