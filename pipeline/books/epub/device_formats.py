"""EPUB -> AZW3 (Kindle) or KEPUB (Kobo), converted by calibre if it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

DEVICE_SUFFIXES = {"azw3": "azw3", "kepub": "kepub.epub"}  # format -> the file suffix that the device expects
CALIBRE_CONVERTER = "ebook-convert"
MOST_CONVERSION_SECONDS = 600  # a book of 287 posts takes 40


def converter_path() -> str | None:
    """Return the path of calibre's converter, or None if it is not installed."""
    return shutil.which(CALIBRE_CONVERTER)


def converted_for_device(epub: bytes, form: str) -> bytes | RuntimeError:
    """Return an EPUB converted to `form` (azw3; kepub needs calibre 8), or the error.

    calibre writes the current time into the file, so its bytes differ between runs.
    """
    if (command := converter_path()) is None:
        return RuntimeError(f"`formats` needs calibre's {CALIBRE_CONVERTER}, which is not installed")
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
            ran = subprocess.run(  # noqa: S603 - a book of Lacuna, a tool that the settings ask for
                [command, source, target],
                capture_output=True,
                check=False,
                env=environment,
                timeout=MOST_CONVERSION_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return RuntimeError(f"{CALIBRE_CONVERTER} took longer than {MOST_CONVERSION_SECONDS} s")
        if ran.returncode or not target.exists():
            output = (ran.stderr or ran.stdout).decode("utf-8", "replace").strip().splitlines() or ["no error message"]
            return RuntimeError(f"{CALIBRE_CONVERTER} failed: {output[-1]}")
        return target.read_bytes()
