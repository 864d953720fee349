"""Bytes -> a file, written completely or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL_FOLDER = ".partial"  # folder for temporary files, in the root folder of the final file


@contextmanager
def atomic_file(root: Path, path: Path, before: Callable[[str], None] = lambda _digest: None) -> Iterator[BinaryIO]:
    """Open a file that replaces `path`, below `root`, when the block ends without an exception.

    The bytes are synced to disk before the rename, and the rename before this returns: after a power cut there is the
    old file or the new one. `before` is called with the SHA-256 of the bytes before the rename. Raises OSError with
    `path` as its file name where writing fails.
    """
    with errors_naming(path):
        partial = root / PARTIAL_FOLDER
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
        _fsync_folder(path.parent)


@contextmanager
def errors_naming(path: Path) -> Iterator[None]:
    """Make every OSError in the block name `path`: an error from writing to an open file names no file."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno or 0, error.strerror or str(error), str(path)) from error


def write_atomically(root: Path, path: Path, data: bytes) -> None:
    """Write `data` to `path`, below `root`, atomically."""
    with atomic_file(root, path) as file:
        file.write(data)


def write_group(root: Path, files: Sequence[tuple[Path, bytes]], before: Callable[[Path, str], None]) -> None:
    """Write several files below `root`, each atomically; each folder is synced once, which saves most of the time.

    `before` is called with each path and the SHA-256 of its bytes, after the bytes of all are on disk and before the
    rename. Raises OSError with the path as its file name where writing fails.
    """
    partial = root / PARTIAL_FOLDER
    written: list[Path] = []
    try:
        for path, data in files:
            with errors_naming(path):
                partial.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(dir=partial)
                written.append(Path(name))
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fchmod(file.fileno(), 0o644)
                    os.fsync(file.fileno())
        for (path, data), temporary in zip(files, written, strict=True):
            with errors_naming(path):
                before(path, hashlib.sha256(data).hexdigest())
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(path)
    except BaseException:
        for temporary in written:
            temporary.unlink(missing_ok=True)
        raise
    for folder in sorted({path.parent for path, _ in files}):
        with errors_naming(folder):
            _fsync_folder(folder)


def remove_partial_files(root: Path) -> None:
    """Remove the temporary files of interrupted writes below `root`. Only the holder of the lock may call this."""
    shutil.rmtree(root / PARTIAL_FOLDER, ignore_errors=True)


def _fsync_folder(folder: Path) -> None:
    """Sync a folder to disk, and so the names in it; Windows cannot."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
