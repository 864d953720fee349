"""Source path -> output file name: safe on every file system, stable, readable."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from pathvalidate import sanitize_filename

MOST_NAME_BYTES = 120  # bytes of UTF-8: leaves room for a hash, a suffix and a temporary name within the usual 255
_RESERVED_ENDING = re.compile(
    r"-[0-9a-f]{16}\Z|\.edited(?:-\d+)?\Z", re.IGNORECASE
)  # endings of clashing names and of saved edits
MOST_PATH_BYTES = 600  # bytes: leaves room for the archive's folder, a hash and a suffix within the 1,024 of macOS
RESERVED_NAMES = {"readme"}  # clean/ and out/ have a README already
DUPLICATES_FOLDER = "duplicates"  # below clean/: the clean files of duplicates and of older versions
OUTPUT_SUFFIXES = (
    ".md",
    ".epub",
    ".pdf",
    ".jsonl",
    ".csv",
)  # suffixes of files in clean/ and out/posts/; no folder name ends so


def safe_name(path: PurePosixPath) -> str:
    """Return the output path below clean/ and out/, without suffix; a changed path gets a hash of the source path.

    >>> safe_name(PurePosixPath("2021/a post.txt"))
    '2021/a post'
    >>> safe_name(PurePosixPath("x.md/y.md"))
    'x.md_/y-6066cedd'
    >>> safe_name(PurePosixPath("duplicates/y.md")).partition("-")[0]
    'duplicates_/y'
    """
    parts = [*path.parts[:-1], path.stem if path.suffix else path.name]
    safe = [*map(_safe_folder, parts[:-1]), _safe_part(parts[-1])]
    if len(safe) > 1 and safe[0].casefold() == DUPLICATES_FOLDER:
        safe[0] += "_"
    if len("/".join(safe).encode()) > MOST_PATH_BYTES:
        safe = safe[-1:]
    name = "/".join(safe)
    ours = name.casefold() in RESERVED_NAMES or _RESERVED_ENDING.search(name)
    return name if safe == parts and not ours else with_path_hash(name, path)


def with_path_hash(name: str, path: PurePosixPath, digits: int = 8) -> str:
    """Return `name` with the first hexadecimal digits of the path's SHA-256, which makes it unique."""
    return f"{name}-{hashlib.sha256(str(path).encode()).hexdigest()[:digits]}"


def _safe_folder(part: str) -> str:
    """Return a safe folder name that no output has: `x.md` -> `x.md_`, because the post `x.txt` becomes `x.md`."""
    safe = _safe_part(part)
    return f"{safe}_" if safe.casefold().endswith(OUTPUT_SUFFIXES) else safe


def is_safe_folder(name: str) -> bool:
    """Return whether a folder below clean/ can have this name as it is."""
    return bool(name) and _safe_folder(name) == name


def _safe_part(part: str) -> str:
    """Return a part of a path without characters that a file system or shell rejects, cut to LONGEST bytes."""
    clean = "".join(
        "_" if unicodedata.category(char)[0] == "C" else char for char in unicodedata.normalize("NFC", part)
    )
    clean = str(sanitize_filename(clean, replacement_text="_", platform="universal", fs_encoding="utf-8"))
    clean = clean.lstrip("-.~ ").rstrip(". ") or "_"
    return clean.encode()[:MOST_NAME_BYTES].decode("utf-8", "ignore").rstrip(". ")
