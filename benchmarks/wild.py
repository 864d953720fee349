"""Repair real broken files, and compare the damaged lines with the versions that people fixed, by kind of damage.

usage: python benchmarks/wild.py [FOLDER]    (default: ../shared/wild)

A line of a fixed file counts as damaged if it is not all ASCII and not in the broken file, decoded as UTF-8. A line is
right if repair gives exactly the fixed one; lines that people also rewrote cannot be right. The last column is ftfy, on
the broken file decoded as UTF-8. Then it prints how many of the files without a fixed version repair changes.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path, PurePosixPath

import ftfy

from pipeline import repair
from pipeline.document import SkipDocument, Source
from pipeline.read.decode import decode


def lines_of(text: str) -> Counter[str]:
    """Return how often each line is in `text`."""
    return Counter(line.rstrip() for line in text.split("\n"))


def repaired(data: bytes) -> str:
    """Return the text of `data` after decoding and repair; empty if the file is skipped."""
    try:
        return repair(data).text
    except SkipDocument:
        return ""


def main() -> None:
    """Print a row for each kind of damage, then one for each kind of file without a fixed version."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/wild")
    damaged, ours, peer, files = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    with (folder / "index.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            kind = f"{row['kind']} {row['codec']}" if row["kind"] == "mojibake-utf8" else row["kind"]
            before = (folder / "before" / row["file"]).read_bytes()
            after = decode(Source(PurePosixPath(row["file"]), (folder / "after" / row["file"]).read_bytes())).text
            shown = before.decode("utf-8", "replace")
            lost = Counter({line: n for line, n in lines_of(after).items() if not line.isascii()}) - lines_of(shown)
            files[kind] += 1
            damaged[kind] += lost.total()
            ours[kind] += (lost & lines_of(repaired(before))).total()
            peer[kind] += (lost & lines_of(ftfy.fix_encoding(shown))).total()
    print(f"{'kind':28} {'files':>5} {'damaged lines':>14} {'lacuna':>8} {'ftfy':>8}")
    for kind, n in sorted(damaged.items()):
        print(f"{kind:28} {files[kind]:5} {n:14} {ours[kind] / n:8.3f} {peer[kind] / n:8.3f}")
    changed, every = Counter[str](), Counter[str]()
    for path in sorted((folder / "alone").iterdir()):
        kind = path.name.partition("__")[0]
        every[kind] += 1
        changed[kind] += bool(repair(path.read_bytes()).changes)
    print(*(f"{kind}: {changed[kind]} of {n} files changed" for kind, n in sorted(every.items())), sep="\n")


if __name__ == "__main__":
    main()
