"""Corpus -> pipeline/language/model/words-*.npz: the most frequent words of languages with long words.

usage: python -m training.words CORPUS training/plan.toml

It writes a list for each language of the plan with `words`, their number. Frequencies are the mean of those in prose
and in the word list wordfreq.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.language.vocabulary import WORD_PROBABILITY_STEP, split_words, word_hash


def counted(corpus: Path, tag: str) -> dict[str, float]:
    """Return the words of a language with their relative frequencies."""
    prose, listed = Counter[str](), Counter[str]()
    for file in sorted((corpus / tag).glob("*.txt")):
        prose.update(split_words(file.read_text("utf-8")))
    for line in (corpus / tag / "wordfreq.tsv").read_text("utf-8").splitlines():
        text, _, count = line.rpartition("\t")
        for word in split_words(text):
            listed[word] += float(count)
    totals = prose.total(), listed.total()
    return {word: prose[word] / totals[0] / 2 + listed[word] / totals[1] / 2 for word in prose.keys() | listed.keys()}


def main(corpus: Path, tag: str, most: int) -> None:
    """Write the `most` frequent words: differences of their sorted hashes, split by bytes, and log-probabilities."""
    chances: dict[int, float] = {}
    ordered = sorted(counted(corpus, tag).items(), key=lambda item: (-item[1], item[0]))
    for word, share in islice(ordered, most):
        chances.setdefault(word_hash(word), -math.log(share) / WORD_PROBABILITY_STEP)
    hashes = sorted(chances)
    stored = np.round([chances[one] for one in hashes]).astype(np.uint8)
    steps = np.diff(np.array(hashes, np.uint32), prepend=np.uint32(0))
    by_bytes = steps.astype("<u4").view(np.uint8).reshape(-1, 4).T.copy()  # equal bytes in a row compress well
    np.savez_compressed(MODEL_FOLDER / f"words-{tag}.npz", steps=by_bytes, chances=stored)
    print(tag, len(hashes), "words; the rarest of", f"{ordered[len(hashes) - 1][1]:.1e}")


if __name__ == "__main__":
    for language in tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]:
        if "words" in language:
            main(Path(sys.argv[1]), language["tag"], language["words"])
