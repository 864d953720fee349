"""Time the repair of sound posts, and `ftfy.fix_encoding`, by folder.

usage: python benchmarks/clean_speed.py FOLDER...    (for instance: ../shared/corpus/??)

The texts of a folder are cut at paragraphs into posts of SIZES characters, in turn. Both get each post three times; the
lowest CPU time counts. `repair` decodes the bytes of the post; ftfy gets it decoded.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ftfy

from pipeline import repair

SIZES = (1_000, 3_000, 9_000)
MOST_POSTS = 150  # of a folder
ROUNDS = 3


def posts(folder: Path) -> Iterator[str]:
    """Yield posts made of the paragraphs of the text files in a folder."""
    sizes = itertools.cycle(SIZES)
    for file in sorted(path for path in folder.rglob("*") if path.suffix in {".md", ".txt"} and path.is_file()):
        post, size = "", next(sizes)
        for paragraph in file.read_text("utf-8", errors="ignore").split("\n\n"):
            post += f"{paragraph}\n\n"
            if len(post) >= size:
                yield post
                post, size = "", next(sizes)


def cpu_seconds(function: Callable[[Any], object], texts: Sequence[object]) -> float:
    """Return the lowest CPU time of ROUNDS rounds over some texts."""
    used = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            function(text)
        used.append(time.process_time() - start)
    return min(used)


def main() -> None:
    """Print the speeds and their ratio for each folder, then for all."""
    total = [0.0, 0.0, 0]
    for folder in map(Path, sys.argv[1:]):
        texts = list(itertools.islice(posts(folder), MOST_POSTS))
        written = [text.encode() for text in texts]
        size = sum(map(len, written))
        ours, theirs = cpu_seconds(repair, written), cpu_seconds(ftfy.fix_encoding, texts)
        total = [total[0] + ours, total[1] + theirs, total[2] + size]
        show(folder.name, ours, theirs, size)
    show("all", *total)


def show(name: str, ours: float, theirs: float, size: float) -> None:
    """Print a line of figures."""
    if ours and theirs:
        print(
            f"{name:<10} {size / ours / 1e6:6.1f} MB/s, ftfy {size / theirs / 1e6:5.1f} MB/s: {theirs / ours:.2f} times"
        )


if __name__ == "__main__":
    main()
