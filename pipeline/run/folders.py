"""The folders of an archive -> whether a run can use them, before any work."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

from pipeline.settings import SettingsError


def check_folders(raw: Path, clean: Path, out: Path) -> None:
    """Raise SettingsError if raw/ is missing, or if a run would write into a folder that it reads."""
    if not raw.is_dir():
        message = f"raw: no folder `{raw}`; name the folder of your posts"
        raise SettingsError(message)
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


def check_writable(folder: Path, *, check: bool) -> None:
    """Raise OSError, before any work, if `folder` is not writable; a check does not write there."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(folder))
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
