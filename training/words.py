"""Corpus -> pipeline/language/model/words-*.npz: the most frequent words of a language.

usage: python -m training.words CORPUS training/plan.toml

It writes a list for each language of the plan with `words`, their number: frequencies are the mean of those in prose
and in the word list wordfreq. For a language with `marked_words`, their number, it writes the words of wordfreq that
have letters outside ASCII, which marks can stand for.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.language.vocabulary import WORD_PROBABILITY_STEP, split_words, word_hash
from pipeline.mojibake.marks.alphabet import lost_characters


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


def marked_words(corpus: Path, tag: str) -> dict[str, float]:
    """Return the words of wordfreq that have letters outside ASCII, all of the language, with relative frequencies."""
    own = set(lost_characters(tag))
    rows = [line.rpartition("\t") for line in (corpus / tag / "wordfreq.tsv").read_text("utf-8").splitlines()]
    total = sum(float(count) for _, _, count in rows)
    return {
        word: float(count) / total
        for word, _, count in rows
        if word.isalpha() and not word.isascii() and all(char.isascii() or char in own for char in word)
    }


def ranked(shares: dict[str, float], most: int) -> list[tuple[str, float]]:
    """Return the `most` frequent words with their relative frequencies, the most frequent first."""
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:most]


def write(tag: str, rows: Iterable[tuple[str, float]]) -> None:
    """Write a list of words: differences of their sorted hashes, split by bytes, and log-probabilities."""
    chances: dict[int, float] = {}
    for word, share in rows:
        chances.setdefault(word_hash(word), -math.log(share) / WORD_PROBABILITY_STEP)
    hashes = sorted(chances)
    stored = np.round([chances[one] for one in hashes]).astype(np.uint8)
    steps = np.diff(np.array(hashes, np.uint32), prepend=np.uint32(0))
    by_bytes = steps.astype("<u4").view(np.uint8).reshape(-1, 4).T.copy()  # equal bytes in a row compress well
    np.savez_compressed(MODEL_FOLDER / f"words-{tag}.npz", steps=by_bytes, chances=stored)
    print(tag, len(hashes), "words; the rarest of", f"{math.exp(-max(chances.values()) * WORD_PROBABILITY_STEP):.1e}")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for language in tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]:
        if "words" in language:
            write(language["tag"], ranked(counted(folder, language["tag"]), language["words"]))
        if "marked_words" in language:
            write(language["tag"], ranked(marked_words(folder, language["tag"]), language["marked_words"]))
