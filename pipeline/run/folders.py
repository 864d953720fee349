"""The folders of an archive -> whether a run can use them, before any work."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.settings import SettingsError
from pipeline.store.atomic import errors_naming


def check_raw(raw: Path) -> None:
    """Raise SettingsError if raw/ is not a folder."""
    if raw.is_dir():
        return
    what = f"`{raw}` is a file, not a folder" if raw.exists() else f"no folder `{raw}`"
    what = f"`{raw}` is a broken link" if raw.is_symlink() and not raw.exists() else what
    message = f"raw: {what}; name the folder of your posts, or run `lacuna init`"
    raise SettingsError(message)


def check_folders(raw: Path, clean: Path, out: Path) -> None:
    """Raise SettingsError if raw/ is missing, or if a run would write into a folder that it reads."""
    check_raw(raw)
    for name, folder in (("clean", clean), ("out", out)):
        if folder.resolve().is_relative_to(raw.resolve()):
            message = f"{name}: `{folder}` is inside `{raw}`, which Lacuna never writes; name another folder"
            raise SettingsError(message)
        if raw.resolve().is_relative_to(folder.resolve()):
            message = f"{name}: `{raw}` is inside `{folder}`, which Lacuna writes; name another folder"
            raise SettingsError(message)
    if clean.resolve().is_relative_to(out.resolve()) or out.resolve().is_relative_to(clean.resolve()):
        message = f"out: one of `{out}` and `{clean}` is inside the other; name two separate folders"
        raise SettingsError(message)


def check_writable(*folders: Path, check: bool) -> None:
    """Raise OSError, before any work, if one of some folders is not writable; a check does not write there."""
    for folder in folders:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(folder))
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            with errors_naming(folder), tempfile.TemporaryFile(dir=folder):
                pass


class Locked(Exception):  # noqa: N818 - a condition, not a fault
    """Another run uses the same clean/; the message says which."""


@contextmanager
def locked(clean: Path, *, check: bool) -> Iterator[None]:
    """Hold the lock of clean/ and out/. A check writes nothing and needs no lock."""
    if check:
        yield
        return
    clean.mkdir(parents=True, exist_ok=True)
    file = clean / ".lock"
    try:
        with FileLock(file, timeout=0):
            with errors_naming(file):
                file.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
            yield
    except Timeout as error:
        message = f"{clean}: another run uses it ({file.read_text('utf-8', 'replace')}); wait for it or stop it"
        raise Locked(message) from error
