"""Path below a folder -> open file, never outside the folder: not through links, nor through races."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PurePosixPath

OUTSIDE_MESSAGE = "it leads outside the folder"
MOST_PATH_PARTS = 200  # parts of a path and its links; 64 folders (folder.DEEPEST) and 40 links (Linux) need fewer
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY
SUBFOLDER_FLAGS = FOLDER_FLAGS | os.O_NOFOLLOW
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY  # opening a pipe or a terminal does not block


class OutsideError(OSError):
    """A path, or a link in it, leads outside the folder; nothing outside was accessed."""


def open_below(root: Path, path: PurePosixPath) -> int:
    """Return a file descriptor of `path` below `root`, open for reading; the caller closes it.

    The kernel follows no links: each part is opened relative to the folder before it, and so are the parts of a link's
    target. `root` itself is trusted. Raises OutsideError, or another OSError if the path cannot be opened.
    """
    waiting = [*reversed(path.parts)]
    folders = [os.open(root, FOLDER_FLAGS)]
    try:
        for _ in range(MOST_PATH_PARTS):
            if not waiting:
                return folders.pop()
            part = waiting.pop()
            if part == "..":
                if len(folders) == 1:
                    raise OutsideError(errno.EPERM, OUTSIDE_MESSAGE)
                os.close(folders.pop())
                continue
            try:
                folders.append(_open_entry(part, SUBFOLDER_FLAGS if waiting else FILE_FLAGS, folders[-1]))
            except OSError:
                target = _link_target(part, folders[-1])
                if target is None:
                    raise
                if target.is_absolute():
                    target = _relative_to_root(root, target)
                    while len(folders) > 1:
                        os.close(folders.pop())
                waiting += reversed(target.parts)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    finally:
        for folder in folders:
            os.close(folder)


def stat_below(root: Path, path: PurePosixPath) -> os.stat_result:
    """Return the status of the file at `path` below `root`. Raises OSError as `open_below` does."""
    handle = open_below(root, path)
    try:
        return os.fstat(handle)
    finally:
        os.close(handle)


def read_below(root: Path, path: PurePosixPath, most: int) -> bytes:
    """Return the bytes of the regular file at `path` below `root`. Raises OSError, also above `most` bytes."""
    with os.fdopen(open_below(root, path), "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return file.read(most)


def _open_entry(part: str, flags: int, folder: int) -> int:
    """Open an entry of a folder. Raises OSError, also for an invalid name (one with U+0000)."""
    if part.startswith("/"):
        raise OutsideError(errno.EPERM, OUTSIDE_MESSAGE)
    try:
        return os.open(part, flags, dir_fd=folder)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error


def _link_target(part: str, folder: int) -> PurePosixPath | None:
    """Return the target of a link; None if the entry is not a link."""
    try:
        return PurePosixPath(os.readlink(part, dir_fd=folder))
    except (OSError, ValueError):
        return None


def _relative_to_root(root: Path, target: PurePosixPath) -> PurePosixPath:
    """Return an absolute path relative to `root`. Raises OutsideError if it does not begin with `root`."""
    for base in (root.absolute(), root.resolve()):
        if target.is_relative_to(base):
            return target.relative_to(base)
    raise OutsideError(errno.EPERM, OUTSIDE_MESSAGE)
