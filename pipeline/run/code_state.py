"""Settings -> a digest of the code that a run would use: while it is the same, what was computed from code is too."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pipeline
from pipeline.settings import Settings
from pipeline.store.packing import digest_of_values

_DATA_SUFFIXES = (".py", ".toml", ".json", ".txt", ".lua", ".typ", ".css")  # the manifest stands for the model's files


def code_state(settings: Settings) -> str:
    """Return the digest of the settings, of Lacuna's files, and of the names and versions of all installed packages.

    To compute it is much faster than to import the steps, which know their versions.
    """
    profile = Path(settings.profile)
    rules = profile.read_bytes() if profile.suffix == ".toml" and profile.is_file() else b""
    return digest_of_values(repr(settings), sys.version, rules, _files_digest(), sorted(_installed()))


def _files_digest() -> str:
    """Return the SHA-256 of Lacuna's files that are not models."""
    digest = hashlib.sha256()
    folder = Path(pipeline.__file__).parent
    for file in sorted(file for file in folder.rglob("*") if file.suffix in _DATA_SUFFIXES):
        digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _installed() -> Iterator[str]:
    """Yield the names of the folders that say which packages are installed, such as `click-8.4.2.dist-info`."""
    for place in sys.path:
        folder = Path(place)
        if place and folder.is_dir():
            yield from (one.name for one in folder.iterdir() if one.suffix in {".dist-info", ".egg-info"})
