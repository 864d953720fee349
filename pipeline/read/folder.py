"""raw/ -> Sources: every file below a folder, in order; nothing is followed out of it, nothing is waited for."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.document import Source, Unfit

DOCUMENT_SUFFIXES = {".md", ".markdown", ".txt"}
KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A path below the folder: its size in bytes, a stamp that changes when it does, why it cannot be read."""

    path: PurePosixPath
    size: int = 0
    stamp: str = ""
    problem: str = ""
    ignored: bool = False


def stamp(state: os.stat_result) -> str:
    """Return what changes when a file does: its size in bytes, and when it and its entry changed, in nanoseconds."""
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"


def scan(root: Path, ignore: tuple[str, ...] = ()) -> Iterator[Found]:
    """Yield what stands below `root` in the order of paths, but for hidden files; what matches `ignore` says so."""
    yield from _scan(root.resolve(), PurePosixPath(), ignore)


def _scan(root: Path, folder: PurePosixPath, ignore: tuple[str, ...]) -> Iterator[Found]:
    try:
        with os.scandir(root / folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Found(folder, problem=f"is a folder that cannot be opened: {error.strerror}; check its permissions")
        return
    for entry in ordered:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if path.suffix in DOCUMENT_SUFFIXES:
                yield Found(path, problem="is a folder, not a document; what is in it is read by itself")
            yield from _scan(root, path, ignore)
        else:
            found = _found(root, path, entry)
            yield replace(found, ignored=any(fnmatch.fnmatchcase(str(path), pattern) for pattern in ignore))


def _found(root: Path, path: PurePosixPath, entry: os.DirEntry[str]) -> Found:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(str(path)).decode("utf-8", "backslashreplace")
        return Found(PurePosixPath(shown), problem="has a name that is not valid UTF-8; rename it")
    try:
        if entry.is_symlink() and not Path(entry).resolve().is_relative_to(root):
            return Found(
                path, problem="is a symbolic link out of the folder and is not followed; put the file itself there"
            )
        state = entry.stat()
    except OSError as error:
        return Found(path, problem=f"cannot be looked at: {error.strerror}; is it a broken link?")
    except RuntimeError:  # of Path.resolve before Python 3.13
        return Found(path, problem="is a symbolic link that leads back to itself; delete it")
    if stat.S_ISREG(state.st_mode):
        return Found(path, state.st_size, stamp(state))
    kind = KINDS.get(stat.S_IFMT(state.st_mode), "a link to a folder")
    return Found(path, problem=f"is {kind}, not a file, and is not read; move it out")


def read(root: Path, found: Found, max_bytes: int) -> Source:
    """Return the bytes of a file that `scan` found. Raises Unfit where it cannot be read or is over `max_bytes`."""
    if found.problem:
        raise Unfit(found.problem)
    if found.size > max_bytes:
        message = f"is {found.size:,} bytes long, more than max_bytes = {max_bytes:,}; split it or raise the setting"
        raise Unfit(message)
    if not found.size:
        message = "is empty; archive it again or delete it"
        raise Unfit(message)
    try:
        handle = os.open((root / found.path).resolve(), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            data = file.read(found.size + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}; check its permissions"
        raise Unfit(message) from error
    if len(data) > found.size:
        message = "grew while it was read; run again when it is whole"
        raise Unfit(message)
    return Source(found.path, data)
