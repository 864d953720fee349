"""Packages that the tables name -> texts by language: CORPUS/LANGUAGE/NAME.txt, or .tsv where counts differ."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from training import readers, readers_alphabets
from training.fetch import Source, fetch, members

TABLES = ("cjk.toml", "alphabets.toml")
WITHOUT_SPACES = {"zh-Hans", "zh-Hant", "ja", "ko"}
SHARE = 0.3  # of a line's letters that are those of its script; less is mostly names and commands


def sources(folder: Path) -> Iterator[Source]:
    """Yield the sources of all tables."""
    for table in TABLES:
        for row in tomllib.loads((folder / table).read_text("utf-8"))["source"]:
            yield Source(**row | {"members": tuple(row["members"])})


def texts(source: Source, cache: Path) -> Iterator[tuple[str, float]]:
    """Yield text and count of what a source holds, each text once."""
    read = getattr(readers, source.reader, None) or getattr(readers_alphabets, source.reader)
    found = (item for name, data in members(fetch(source, cache), source.members) for item in read(name, data))
    if source.language not in WITHOUT_SPACES:
        yield from readers_alphabets.clean(source.language, found)
        return
    seen: set[str] = set()
    for text, count in found:
        letters = [char for char in text if char.isalpha()]
        if text not in seen and sum(char > "\u2e80" for char in letters) > SHARE * len(letters):
            seen.add(text)
            yield text, count


def main(cache: Path, corpus: Path) -> None:
    """Fetch every source into `cache` and write its texts below `corpus`."""
    cache.mkdir(parents=True, exist_ok=True)
    for source in sources(Path(__file__).parent):
        found = list(texts(source, cache))
        folder = corpus / source.language
        folder.mkdir(parents=True, exist_ok=True)
        if all(count == 1 for _, count in found):
            lines = [" ".join(text.split()) for text, _ in found]
        else:
            lines = [f"{text}\t{count:g}" for text, count in found]
        suffix = "tsv" if lines and "\t" in lines[0] else "txt"
        (folder / f"{source.name}.{suffix}").write_text("\n".join(lines) + "\n", "utf-8")
        print(source.language, source.name, len(lines), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
