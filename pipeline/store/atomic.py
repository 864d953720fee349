"""Bytes -> a file, wholly or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial"  # the folder, in the root that the file belongs to, where a file grows before it takes its place


@contextmanager
def replacing(root: Path, path: Path, before: Callable[[str], None] = lambda _digest: None) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path`, below `root`, when the block ends well.

    The bytes are on the disk before the name is, and the name before this returns: a power cut leaves the old file or
    the new one. `before` is called with the SHA-256 of the bytes before they take their place. Raises OSError, which
    names `path`, where it cannot be written.
    """
    with naming(path):
        partial = root / PARTIAL
        partial.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=partial)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                file.seek(0)
                before(hashlib.file_digest(file, "sha256").hexdigest())
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            path.parent.mkdir(parents=True, exist_ok=True)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the system name `path`, whatever file or none it names: writing to an open one names none."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno or 0, error.strerror or str(error), str(path)) from error


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
