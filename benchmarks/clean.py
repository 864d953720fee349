"""Repair the text files of a machine, which are sound, and list those that repair changes.

usage: python benchmarks/clean.py MEGABYTES FOLDER...    (for instance: 20 /usr/share /usr/lib/python3)

Reads text files in UTF-8 that are not all ASCII, from 200 to 400,000 bytes, sorted by name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline import repair

KINDS = {".md", ".txt", ".rst", ".html", ".htm", ".po", ".desktop", ".xml", ".json", ".py", ".js", ".tex", ".org"}
SIZES = range(200, 400_001)


def texts(folders: list[str]) -> Iterator[tuple[Path, bytes]]:
    """Yield the text files below some folders, with their bytes."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix not in KINDS or path.is_symlink() or not path.is_file() or path.stat().st_size not in SIZES:
                continue
            data = path.read_bytes()
            try:
                data.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if not data.isascii():
                yield path, data


def main() -> None:
    """Print each file that repair changes, then their number."""
    limit, read, files, changed = float(sys.argv[1]) * 1e6, 0, 0, 0
    for path, data in texts(sys.argv[2:]):
        files, read = files + 1, read + len(data)
        if repair(data).text.encode() != data:
            changed += 1
            print("changed:", path)
        if read >= limit:
            break
    print(f"{changed} of {files} files changed, {read / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
