"""The list of the files that we wrote below a folder, in that folder: it outlives the state, and a killed run.

A line is the SHA-256 of a file's bytes and its path below the folder. A line is added before a file takes its place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.store.atomic import naming, replacing

NAME = ".outputs"
Written = tuple[str, str]  # path below the folder, SHA-256


class OutputList:
    """The list of one folder."""

    def __init__(self, root: Path) -> None:
        """Take the list of `root`, which need not exist."""
        self.root, self.file = root, root / NAME

    def add(self, name: str, digest: str) -> None:
        """Note that a file of these bytes is about to take its place."""
        self.root.mkdir(parents=True, exist_ok=True)
        with naming(self.file), self.file.open("ab") as file:
            file.write(b"\n" + _line(name, digest))  # a line that a full disk cut off before does not take this one in

    def lines(self) -> Iterator[Written]:
        """Yield what the list holds, oldest first; lines that name no file of ours are passed over."""
        try:
            data = self.file.read_bytes()
        except FileNotFoundError:
            return
        for line in data.splitlines():
            digest, _, name = line.decode("utf-8", "replace").partition(" ")
            if is_safe(name):
                yield name, digest

    @cached_property
    def known(self) -> frozenset[Written]:
        """What the list held when it was first asked for."""
        return frozenset(self.lines())

    def renew(self, written: Iterable[Written]) -> None:
        """Write the list again, with only what there is."""
        with replacing(self.root, self.file) as file:
            file.writelines(_line(*one) for one in written)


def _line(name: str, digest: str) -> bytes:
    return f"{digest} {name}\n".encode()


def is_safe(name: str) -> bool:
    """Tell whether a path, below a folder, is one that we may have written: it stays there, and is not hidden.

    >>> [is_safe(name) for name in ("posts/a.epub", "../a", "/a", "a/../../b", ".lock", "")]
    [True, False, False, False, False, False]
    """
    parts = PurePosixPath(name).parts
    return bool(parts) and not any(part.startswith((".", "/")) for part in parts)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; empty if it is no file, or none that can be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
