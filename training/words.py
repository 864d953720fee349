"""The commonest words of a language: pipeline/language/model/words-*.npz, for languages whose words are long.

usage: python -m training.words CORPUS training/plan.toml

For each language of the plan that says how many `words` are told: those of its prose and its list of words, which
count alike.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.language.model_files import MODEL
from pipeline.language.vocabulary import GRAIN, hash_of, words_of


def counted(corpus: Path, tag: str) -> dict[str, float]:
    """Return the words of a language and the share of each."""
    prose, listed = Counter[str](), Counter[str]()
    for file in sorted((corpus / tag).glob("*.txt")):
        prose.update(words_of(file.read_text("utf-8")))
    for line in (corpus / tag / "wordfreq.tsv").read_text("utf-8").splitlines():
        text, _, count = line.rpartition("\t")
        for word in words_of(text):
            listed[word] += float(count)
    totals = prose.total(), listed.total()
    return {word: prose[word] / totals[0] / 2 + listed[word] / totals[1] / 2 for word in prose.keys() | listed.keys()}


def main(corpus: Path, tag: str, most: int) -> None:
    """Write the commonest words of a language: the steps between their hashes, byte by byte, and their chances."""
    chances: dict[int, float] = {}
    ordered = sorted(counted(corpus, tag).items(), key=lambda item: (-item[1], item[0]))
    for word, share in islice(ordered, most):
        chances.setdefault(hash_of(word), -math.log(share) / GRAIN)
    hashes = sorted(chances)
    told = np.round([chances[one] for one in hashes]).astype(np.uint8)
    steps = np.diff(np.array(hashes, np.uint32), prepend=np.uint32(0))
    by_bytes = steps.astype("<u4").view(np.uint8).reshape(-1, 4).T.copy()  # half of them are alike
    np.savez_compressed(MODEL / f"words-{tag}.npz", steps=by_bytes, chances=told)
    print(tag, len(hashes), "words; the rarest of", f"{ordered[len(hashes) - 1][1]:.1e}")


if __name__ == "__main__":
    for language in tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]:
        if "words" in language:
            main(Path(sys.argv[1]), language["tag"], language["words"])
