"""Bytes -> a file, wholly or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial"  # the folder, in the root that the file belongs to, where a file grows before it takes its place


@contextmanager
def replacing(root: Path, path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path`, below `root`, when the block ends well.

    The bytes are on the disk before the name is, and the name before this returns: a power cut leaves the old file or
    the new one.
    """
    partial = root / PARTIAL
    partial.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=partial)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        path.parent.mkdir(parents=True, exist_ok=True)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def write(root: Path, path: Path, data: bytes) -> None:
    """Write `data` to `path`, below `root`."""
    with replacing(root, path) as file:
        file.write(data)


def sweep(root: Path) -> None:
    """Remove what interrupted writes left below `root`. Only the holder of the lock may."""
    shutil.rmtree(root / PARTIAL, ignore_errors=True)


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
