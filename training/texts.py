"""Folder of a language in the corpus -> its texts with weights, and which of them are held out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.language.ngram_keys import codes_of

BREAK = "\x00"  # separates texts: no n-gram contains it
MASS = {  # characters that the counts of a list are scaled to
    "libime": 15e6,
    "libpinyin": 15e6,
    "libkkc-data": 15e6,
    "pythainlp": 8e6,
}
HELD_OUT = (
    "calibre",
    "debian-handbook",
    "debian-faq",
    "evolution-common",
    "gnome-user-docs",
    "mediawiki",
    "apache2-doc",
)
HELD_OUT_CHARACTERS = 600_000  # per language
GRAIN = 2**16  # counts are multiples of 1 / GRAIN: their sums are exact in any order
TYPOGRAPHY = (  # of English: apostrophes, quotation marks, dashes
    (re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?= )"), "\u2019"),  # RIGHT SINGLE QUOTATION MARK
    (re.compile(r"(?<![^\s(\[])\"(?=\S)([^\"]*)(?<=\S)\""), "\u201c\\1\u201d"),  # LEFT and RIGHT DOUBLE QUOTATION MARK
    (re.compile(" (-|--) (?=[a-z])"), " \u2014 "),  # EM DASH
)


def read(folder: Path) -> Iterator[tuple[str, float, str]]:
    """Yield text, count and source of all texts in a language's folder: prose with count 1, lists scaled to a total."""
    for file in sorted(folder.glob("*.txt")):
        source = file.stem
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.strip():
                yield from ((f" {one} ", weight, source) for one, weight in written(line.strip(), folder.name))
    spaced = folder.name not in {"zh-Hans", "zh-Hant", "ja", "th"}
    for file in sorted(folder.glob("*.tsv")):
        source = file.stem
        rows = [line.rpartition("\t") for line in file.read_text("utf-8", "replace").splitlines()]
        counts = [(word, float(count)) for word, _, count in rows if word]
        scale = MASS.get(stem(source), 4e6) / sum(len(word) * count for word, count in counts)
        for word, count in counts:
            yield (f" {word} " if spaced else word), count * scale, source


def prose(folder: Path) -> Iterator[str]:
    """Yield the sentences in a language's folder, without word lists and held-out sources."""
    listed = {file.stem for file in folder.glob("*.tsv")}
    yield from (text for text, _, source in read(folder) if source not in listed and stem(source) not in HELD_OUT)


def written(line: str, language: str) -> Iterator[tuple[str, float]]:
    """Yield the variants of a line with their weights: English also with typographic quotes and dashes."""
    typeset = line
    for sign, proper in TYPOGRAPHY if language == "en" else ():
        typeset = sign.sub(proper, typeset)
    yield from [(line, 1.0)] if typeset == line else [(line, 0.5), (typeset, 0.5)]


def stem(source: str) -> str:
    """Return the name of a source without the suffix of OpenCC's conversion."""
    return source.removesuffix("-s2tw").removesuffix("-t2s")


def held_out(items: list[tuple[str, float, str]]) -> str:
    """Return the text to learn the weights on: as much of each held-out source, without converted ones."""
    by_source: dict[str, list[str]] = {source: [] for _, _, source in items if source in HELD_OUT}
    for text, _, source in items:
        if source in by_source:
            by_source[source].append(text)
    share = HELD_OUT_CHARACTERS // max(len(by_source), 1)
    return "".join("".join(text + BREAK for text in texts)[:share] + BREAK for texts in by_source.values())


class Texts:
    """The texts of a language as arrays: codes, with breaks between texts, and the weight of each character."""

    def __init__(self, items: list[tuple[str, float]]) -> None:
        """Encode texts with their weights."""
        self.codes = codes_of("".join(text + BREAK for text, _ in items))
        self.weights = np.repeat(
            np.array([max(round(weight * GRAIN), 1) / GRAIN for _, weight in items], np.float64),
            [len(text) + 1 for text, _ in items],
        )
