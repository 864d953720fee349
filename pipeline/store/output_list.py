"""The list of the files that we wrote in a folder, kept in that folder: it survives a lost state and a killed run.

Each line is the SHA-256 of a file and its path below the folder. A line is added before the file is renamed into place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import count
from pathlib import Path, PurePosixPath

from pipeline.store.atomic import atomic_file, errors_naming

LIST_FILE = ".outputs"
ListedFile = tuple[str, str]  # path below the folder, SHA-256


class OutputList:
    """The list of one folder."""

    def __init__(self, root: Path) -> None:
        """Use the list in the folder `root`, which need not exist."""
        self.root, self.file = root, root / LIST_FILE

    def add(self, name: str, digest: str) -> None:
        """Add a file, before it is renamed into place."""
        self.root.mkdir(parents=True, exist_ok=True)
        line = b"\n" + _list_line(name, digest)  # the line break separates it from a line that a full disk truncated
        with errors_naming(self.file), self.file.open("ab") as file:
            file.write(line)

    def lines(self) -> Iterator[ListedFile]:
        """Yield the listed files, oldest first; lines with unsafe paths are ignored."""
        try:
            data = self.file.read_bytes()
        except FileNotFoundError:
            return
        for line in data.splitlines():
            digest, _, name = line.decode("utf-8", "replace").partition(" ")
            if is_safe_output_name(name):
                yield name, digest

    @cached_property
    def known(self) -> frozenset[ListedFile]:
        """The listed files, as first read."""
        return frozenset(self.lines())

    def size(self) -> int:
        """Return the size of the list in bytes."""
        return self.file.stat().st_size if self.file.exists() else 0

    def renew(self, written: Iterable[ListedFile]) -> None:
        """Write the list again, with only these files."""
        with atomic_file(self.root, self.file) as file:
            file.writelines(_list_line(*one) for one in written)


def _list_line(name: str, digest: str) -> bytes:
    return f"{digest} {name}\n".encode()


def is_safe_output_name(name: str) -> bool:
    """Return whether we may have written a path: it is below the folder and not hidden.

    >>> [is_safe_output_name(name) for name in ("posts/a.epub", "../a", "/a", "a/../../b", ".lock", "")]
    [True, False, False, False, False, False]
    """
    parts = PurePosixPath(name).parts
    return bool(parts) and not any(part.startswith((".", "/")) for part in parts)


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; empty if it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def name_for_edit(path: Path, digest: str) -> Path:
    """Return the name under which an edited text is saved: `a.md` -> `a.edited.md`, unless another text is there."""
    names = (path.with_name(f"{path.stem}.edited{f'-{at}' if at > 1 else ''}.md") for at in count(1))
    return next(one for one in names if not one.exists() or sha256_of_file(one) == digest)
