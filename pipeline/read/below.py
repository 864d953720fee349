"""A path below a folder -> the open file: no link and no race leads out of the folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PurePosixPath

OUT = "it leads out of the folder"
MOST_STEPS = 200  # parts of a path and of the links in it; 64 folders (folder.DEEPEST) and 40 links (Linux) are fewer
FOLDER = os.O_RDONLY | os.O_DIRECTORY
SUBFOLDER = FOLDER | os.O_NOFOLLOW
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY  # a pipe or a terminal holds nobody up


class OutsideError(OSError):
    """A path, or a link in it, leads out of the folder; nothing out there was looked at."""


def open_below(root: Path, path: PurePosixPath) -> int:
    """Return a descriptor of what is at `path` below `root`, open for reading; the caller closes it.

    The kernel follows no link: each part is opened in the folder before it, and the target of a link is walked in the
    same way. `root` itself is trusted. Raises OutsideError, or another OSError where there is nothing to open.
    """
    waiting = [*reversed(path.parts)]
    folders = [os.open(root, FOLDER)]
    try:
        for _ in range(MOST_STEPS):
            if not waiting:
                return folders.pop()
            part = waiting.pop()
            if part == "..":
                if len(folders) == 1:
                    raise OutsideError(errno.EPERM, OUT)
                os.close(folders.pop())
                continue
            try:
                folders.append(_open(part, SUBFOLDER if waiting else FILE, folders[-1]))
            except OSError:
                target = _target(part, folders[-1])
                if target is None:
                    raise
                if target.is_absolute():
                    target = _relative(root, target)
                    while len(folders) > 1:
                        os.close(folders.pop())
                waiting += reversed(target.parts)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    finally:
        for folder in folders:
            os.close(folder)


def look(root: Path, path: PurePosixPath) -> os.stat_result:
    """Return the state of what is at `path` below `root`. Raises OSError as `open_below` does."""
    handle = open_below(root, path)
    try:
        return os.fstat(handle)
    finally:
        os.close(handle)


def data_of(root: Path, path: PurePosixPath, most: int) -> bytes:
    """Return the bytes of the regular file at `path` below `root`. Raises OSError, also for more than `most` bytes."""
    with os.fdopen(open_below(root, path), "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return file.read(most)


def _open(part: str, flags: int, folder: int) -> int:
    """Open an entry of a folder. Raises OSError, also for what cannot be a name: one with a NUL."""
    if part.startswith("/"):
        raise OutsideError(errno.EPERM, OUT)
    try:
        return os.open(part, flags, dir_fd=folder)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error


def _target(part: str, folder: int) -> PurePosixPath | None:
    """Return where a link leads; None if the entry is no link."""
    try:
        return PurePosixPath(os.readlink(part, dir_fd=folder))
    except (OSError, ValueError):
        return None


def _relative(root: Path, target: PurePosixPath) -> PurePosixPath:
    """Return an absolute path as one below `root`. Raises OutsideError where it is not written as one."""
    for base in (root.absolute(), root.resolve()):
        if target.is_relative_to(base):
            return target.relative_to(base)
    raise OutsideError(errno.EPERM, OUT)
