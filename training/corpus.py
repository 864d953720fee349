"""Packages listed in the tables -> texts by language: CORPUS/LANGUAGE/NAME.txt, or .tsv for texts with counts.

usage: python -m training.corpus CACHE CORPUS
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from opencc import OpenCC

from training import readers, readers_alphabets, readers_messages
from training.fetch import Source, described, fetch, fits, members

TABLES = ("cjk.toml", "alphabets.toml")
READERS = vars(readers_messages) | vars(readers_alphabets) | vars(readers)
WITHOUT_SPACES = {"zh-Hans", "zh-Hant", "ja", "ko"}
SHARE = 0.3  # of a line's letters in CJK scripts; lines with less are mostly names and commands
CONVERTED = {"s2tw": "zh-Hant", "t2s": "zh-Hans"}  # OpenCC's configurations, and the language of their output
PIECE = 20_000  # lines to convert with OpenCC at a time
Counts = dict[str, float]


def sources(folder: Path) -> Iterator[Source]:
    """Yield the sources of all tables."""
    for table in TABLES:
        for row in tomllib.loads((folder / table).read_text("utf-8"))["source"]:
            yield Source(**row | {"members": tuple(row["members"])})


def texts(rows: list[Source], cache: Path) -> dict[str, Counts]:
    """Return the texts that `rows` select from one package archive, by language: each text once, with its count."""
    found: dict[str, Counts] = {}
    for name, data in members(fetch(rows[0], cache), {pattern for row in rows for pattern in row.members}):
        for row in rows:
            if fits(name, row.members):
                counts = found.setdefault(row.language, {})
                for text, count in kept(row.language, READERS[row.reader](name.removesuffix(".gz"), data)):
                    counts[text] = count if count == 1 else counts.get(text, 0) + count
    return found


def descriptions(cache: Path) -> dict[str, Counts]:
    """Return the descriptions of the packages in descriptions.txt by language: each text once, with its count."""
    found: dict[str, Counts] = {}
    for language, data in described(Path(__file__).with_name("descriptions.txt"), cache):
        found.setdefault(language, {}).update(kept(language, readers.metadata("", data)))
    return found


def kept(language: str, found: Iterable[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Yield the texts of a reader that are in the language, each on one line."""
    for text, count in found:
        line = " ".join(text.split())
        if is_wide(line) if language in WITHOUT_SPACES else count != 1 or readers_alphabets.is_in(language, line):
            yield line, count


def is_wide(text: str) -> bool:
    """Return whether enough letters of `text` are Chinese, Japanese or Korean."""
    letters = [char for char in text if char.isalpha()]
    return sum(char > "\u2e80" for char in letters) > SHARE * len(letters)


def plain(name: str) -> str:
    """Return a file name for a package's name.

    >>> plain("@scope/name")
    'scope-name'
    """
    return name.removeprefix("@").replace("/", "-")


def written(corpus: Path, language: str, name: str, counts: Counts) -> None:
    """Write texts to the file for their language and package, with their counts unless all are 1."""
    folder = corpus / language
    folder.mkdir(parents=True, exist_ok=True)
    if any(count != 1 for count in counts.values()):
        suffix, lines = "tsv", [f"{text}\t{count:g}" for text, count in counts.items()]
    else:
        suffix, lines = "txt", [text for text in counts if len(text) > 1]
    (folder / f"{plain(name)}.{suffix}").write_text("\n".join(lines) + "\n", "utf-8")
    print(language, name, len(lines), flush=True)


def written_again(corpus: Path, language: str, name: str, configuration: str) -> None:
    """Write a Chinese source converted by OpenCC as a source in the other script."""
    convert = OpenCC(configuration).convert
    (source,) = (corpus / language).glob(f"{name}.t??")
    lines = source.read_text("utf-8").splitlines()
    text = "\n".join(convert("\n".join(lines[at : at + PIECE])) for at in range(0, len(lines), PIECE))
    folder = corpus / CONVERTED[configuration]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-{configuration}{source.suffix}").write_text(text + "\n", "utf-8")


def without_english(corpus: Path) -> None:
    """Remove lines that the English corpus contains from the other languages with alphabets."""
    english = {line for file in corpus.glob("en/*.txt") for line in file.read_text("utf-8").splitlines()}
    for file in sorted(corpus.glob("*/*.txt")):
        if file.parent.name not in {"en", *WITHOUT_SPACES}:
            lines = file.read_text("utf-8").splitlines()
            file.write_text("".join(line + "\n" for line in lines if line not in english), "utf-8")


def main(cache: Path, corpus: Path) -> None:
    """Fetch every source into `cache` and write its texts below `corpus`."""
    cache.mkdir(parents=True, exist_ok=True)
    by_archive = sorted(sources(Path(__file__).parent), key=lambda one: one.archive)
    for _, package in groupby(by_archive, key=lambda one: one.archive):
        rows = list(package)
        for language, counts in texts(rows, cache).items():
            written(corpus, language, rows[0].name, counts)
        for row in rows:
            if row.converted:
                written_again(corpus, row.language, row.name, row.converted)
    for language, counts in descriptions(cache).items():
        written(corpus, language, "descriptions", counts)
    written_again(corpus, "zh-Hans", "descriptions", "s2tw")
    without_english(corpus)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
