"""EPUB -> the formats of Kindle and Kobo, by calibre where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SUFFIXES = {"azw3": "azw3", "kepub": "kepub.epub"}  # as the devices want files to be named
TOOL = "ebook-convert"
MAX_SECONDS = 600  # a book of 287 posts takes 40


def tool() -> str | None:
    """Return where calibre's converter is; None where it is not installed."""
    return shutil.which(TOOL)


def converted(epub: bytes, form: str) -> bytes | RuntimeError:
    """Return a book in `form` (azw3; kepub, from calibre 8 on), or why there is none.

    calibre marks a file with the time: unlike ours, its bytes differ from one making to the next.
    """
    if (command := tool()) is None:
        return RuntimeError(f"`formats` wants calibre's {TOOL}, which is not installed")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "book.epub"), Path(folder, f"book.{form}")
        source.write_bytes(epub)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": folder,
            "QT_QPA_PLATFORM": "offscreen",
        }
        try:
            ran = subprocess.run(  # noqa: S603 - our own book, a tool that the settings ask for
                [command, source, target], capture_output=True, check=False, env=environment, timeout=MAX_SECONDS
            )
        except subprocess.TimeoutExpired:
            return RuntimeError(f"{TOOL} took longer than {MAX_SECONDS} s")
        if ran.returncode or not target.exists():
            said = (ran.stderr or ran.stdout).decode("utf-8", "replace").strip().splitlines() or ["nothing"]
            return RuntimeError(f"{TOOL} failed and said: {said[-1]}")
        return target.read_bytes()
