"""Folder -> its files and their bytes. It never leaves the folder, and pipes or devices never block it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from pipeline.document import RetryLater, SkipDocument, Source
from pipeline.read.below import FOLDER_FLAGS, SUBFOLDER_FLAGS, OutsideError, open_below, stat_below
from pipeline.read.exports.substack_table import fields_in_table, stat_of_table
from pipeline.read.kinds import FileKind
from pipeline.read.posts import TOP_OF_RAW, FolderPlace, PostRules
from pipeline.read.repositories import evidence_name

DOCUMENT_SUFFIXES = {".md", ".markdown", ".txt"}
DEEPEST_FOLDER = 64  # levels of folders: each takes an open file of the process, which may have only 256 (macOS)
SPECIAL_FILES = {
    stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"
}  # fmt: skip
TRANSIENT_ERRORS = {
    errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.ETIMEDOUT, errno.ESTALE,
    errno.ENOTCONN, errno.ENODEV, errno.ENXIO,
}  # of a disk, a network or the machine; all other errors concern the file  # fmt: skip
_TABLE_MARK = " with "  # in the stamp of a file with a table
CHANGED_MESSAGE = "changed while it was read; run again"


class FoundFile(NamedTuple):
    """A file: its path below the folder, its size in bytes, a stamp that changes with it, why it cannot be read."""

    name: str  # the path as text: to make paths of all files takes longer than to look at them
    size: int = 0
    stamp: str = ""
    problem: str = ""
    passing: bool = False  # whether the problem may be gone at the next run
    passed_over: str = ""  # the kind of what is not a post
    drafts: bool = False  # whether it is a post even if its front matter says that it is a draft

    @property
    def path(self) -> PurePosixPath:
        """The path below the folder."""
        return PurePosixPath(self.name)


_Entry = tuple[os.DirEntry[str], bool]  # an entry of a folder, and whether it is a folder


@dataclass(frozen=True, slots=True)
class _OpenFolder:
    """An open folder of `scan_folder`: its path, its file descriptor, the entries still to visit, its place."""

    path: PurePosixPath
    prefix: str  # of the paths of its entries
    handle: int
    entries: Iterator[_Entry]
    place: FolderPlace | None  # None if a program wrote all that is in it


def source_stamp(state: os.stat_result, table: os.stat_result | None = None) -> str:
    """Return a string that changes with the file: size in bytes, times of its last changes in nanoseconds.

    It changes with the `table` too that has its title and date.
    """
    stamp = f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
    return f"{stamp}{_TABLE_MARK}{source_stamp(table)}" if table else stamp


def scan_folder(root: Path, rules: PostRules | None = None) -> Iterator[FoundFile]:
    """Yield the entries below `root` in the order of their paths; by default all but hidden ones.

    With `rules`, what is not a post is `passed_over`, and some folders are as a whole. No entry stops the scan. Memory
    grows with the largest folder, not with the tree. Raises OSError only if `root` itself cannot be listed.
    """
    levels = [_open_folder(PurePosixPath(), os.open(root, FOLDER_FLAGS), rules, TOP_OF_RAW)]
    try:
        while levels:
            entry, is_folder = next(levels[-1].entries, (None, False))
            if entry is None:
                os.close(levels.pop().handle)
            elif rules is None and entry.name.startswith("."):
                continue
            elif is_folder:
                yield from _enter_folder(levels, entry, rules)
            elif found := _found_file(root, levels[-1], entry, rules):
                yield found
    finally:
        for level in levels:
            os.close(level.handle)


def _open_folder(path: PurePosixPath, handle: int, rules: PostRules | None, place: FolderPlace) -> _OpenFolder:
    """Return the folder that is open as `handle`, its entries sorted. Closes `handle` if it raises OSError."""
    try:
        with os.scandir(handle) as entries:
            ordered = [(entry, _is_folder(entry)) for entry in sorted(entries, key=attrgetter("name"))]
    except OSError:
        os.close(handle)
        raise
    prefix = f"{path}/" if path.parts else ""
    return _OpenFolder(path, prefix, handle, iter(ordered), _place_of(ordered, rules, place) if rules else place)


def _place_of(entries: list[_Entry], rules: PostRules, place: FolderPlace) -> FolderPlace | None:
    """Return what the names in a folder say about it."""
    evidence = [known for entry, folder in entries if (known := evidence_name(entry.name, folder=folder))]
    return rules.look(place, evidence, [entry.name for entry, folder in entries if not folder])


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _enter_folder(levels: list[_OpenFolder], entry: os.DirEntry[str], rules: PostRules | None) -> Iterator[FoundFile]:
    """Open a folder and add it to `levels`; yield its problem if there is one, or that it is passed over."""
    path = levels[-1].path / entry.name
    place = rules.enter(levels[-1].place or TOP_OF_RAW, path) if rules else TOP_OF_RAW
    if place is None:
        yield FoundFile(str(path), passed_over=FileKind.FOLDER)
        return
    if not is_unicode_name(entry.name):
        shown = _printable_path(levels[-1], entry.name)
        yield FoundFile(shown, problem="is a folder with a name that is not valid UTF-8; rename it")
    elif len(levels) > DEEPEST_FOLDER:
        yield FoundFile(str(path), problem=f"is a folder inside {DEEPEST_FOLDER} others, and is not read; move it up")
    else:
        try:
            handle = os.open(entry.name, SUBFOLDER_FLAGS, dir_fd=levels[-1].handle)
            folder = _open_folder(path, handle, rules, place)
        except FileNotFoundError:  # deleted since its folder was listed
            return
        except OSError as error:
            problem = f"is a folder that cannot be opened: {error.strerror}; check its permissions"
            yield FoundFile(str(path), problem=problem, passing=error.errno in TRANSIENT_ERRORS)
            return
        if folder.place is None:
            os.close(handle)
            yield FoundFile(str(path), passed_over=FileKind.FOLDER)
            return
        levels.append(folder)
        if path.suffix in DOCUMENT_SUFFIXES and not folder.place.documents:
            yield FoundFile(str(path), problem="is a folder, not a document; the files in it are read")


def _found_file(root: Path, level: _OpenFolder, entry: os.DirEntry[str], rules: PostRules | None) -> FoundFile | None:
    """Return a file, its problem or its kind; None if it is hidden or was deleted."""
    printable = is_unicode_name(entry.name)
    path = level.prefix + entry.name if printable else _printable_path(level, entry.name)
    place = level.place or TOP_OF_RAW
    kind = rules.kind_of_file(place, path) if rules else ""
    if kind:
        return FoundFile(path, passed_over=kind) if kind != FileKind.HIDDEN else None
    if not printable:
        return FoundFile(path, problem="has a name that is not valid UTF-8; rename it")
    return _stated_file(root, path, entry, drafts=rules is not None and rules.takes_drafts(place, path))


def _stated_file(root: Path, path: str, entry: os.DirEntry[str], *, drafts: bool) -> FoundFile | None:
    """Return a file with its size and stamp, or its problem; None if it was deleted since its folder was listed."""
    link = entry.is_symlink()
    try:
        state = stat_below(root, PurePosixPath(path)) if link else entry.stat(follow_symlinks=False)
    except OutsideError:
        problem = "is a symbolic link out of the folder, which is not followed; copy what it leads to, or delete it"
        return FoundFile(path, problem=problem)
    except OSError as error:
        if error.errno == errno.ENOENT and not link:
            return None
        problem = f"cannot be looked at: {error.strerror}; check its permissions"
        problem = f"is a broken link: {error.strerror}; correct it or delete it" if link else problem
        return FoundFile(path, problem=problem, passing=error.errno in TRANSIENT_ERRORS)
    if stat.S_ISREG(state.st_mode):
        table = stat_of_table(root, path)
        if table and not state.st_size:  # an empty draft
            return FoundFile(path, passed_over=FileKind.DRAFT)
        return FoundFile(path, state.st_size, source_stamp(state, table), drafts=drafts)
    kind = SPECIAL_FILES.get(stat.S_IFMT(state.st_mode), "a link to a folder")
    return FoundFile(path, problem=f"is {kind}, not a file; move it out of the folder")


def is_unicode_name(name: str) -> bool:
    """Return whether a file name is valid Unicode; Python decodes an invalid byte as a lone surrogate."""
    try:
        return name.isascii() or bool(name.encode())
    except UnicodeEncodeError:
        return False


def _printable_path(level: _OpenFolder, name: str) -> str:
    r"""Return a printable path for a name that is not valid UTF-8: an invalid byte becomes `\xff`.

    It is never the path of another entry.
    """
    shown = os.fsencode(name).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    while _exists_in(level, shown):
        shown += "\\"
    return level.prefix + shown


def _exists_in(level: _OpenFolder, name: str) -> bool:
    try:
        os.stat(name, dir_fd=level.handle, follow_symlinks=False)
    except OSError:  # a name that is too long raises too
        return False
    return True


def read_source(root: Path, found: FoundFile, max_bytes: int) -> Source:
    """Return the bytes of a file that `scan_folder` found.

    Raises SkipDocument if it cannot be read or has more than `max_bytes`; RetryLater if it changed since the scan or
    the disk fails.
    """
    if found.problem:
        raise RetryLater(found.problem) if found.passing else SkipDocument(found.problem)
    if found.size > max_bytes:
        message = f"is {found.size:,} bytes long, more than max_bytes = {max_bytes:,}; split it or raise the setting"
        raise SkipDocument(message)
    if not found.size:
        message = "is empty (0 bytes); download it again or delete it"
        raise SkipDocument(message)
    try:
        with os.fdopen(open_below(root, found.path), "rb") as file:
            before = _stamp_of_file(file)
            stamp = found.stamp.partition(_TABLE_MARK)[0]
            data = file.read(found.size + 1) if before == stamp else b""
            after = _stamp_of_file(file)
    except (FileNotFoundError, IsADirectoryError, OutsideError) as error:
        raise RetryLater(CHANGED_MESSAGE) from error
    except OSError as error:
        passing = error.errno in TRANSIENT_ERRORS
        message = f"cannot be read: {error.strerror}; check {'the disk' if passing else 'its permissions'}"
        raise (RetryLater if passing else SkipDocument)(message) from error
    if len(data) != found.size or after != stamp:
        raise RetryLater(CHANGED_MESSAGE)
    return Source(found.path, data, fields=fields_in_table(root, found.name))


def _stamp_of_file(file: BinaryIO) -> str:
    """Return the stamp of an open file; empty if it is not a regular file."""
    state = os.fstat(file.fileno())
    return source_stamp(state) if stat.S_ISREG(state.st_mode) else ""
