"""Source path -> file name: safe on every file system, stable, readable."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from pathvalidate import sanitize_filename

LONGEST = 120  # bytes of UTF-8: room for a mark, a suffix and a temporary name within the usual 255
_OURS = re.compile(r"-[0-9a-f]{16}\Z|\.edited(?:-\d+)?\Z", re.IGNORECASE)  # how a clash and a saved edit end
LONGEST_PATH = 600  # bytes: what is left of the 1,024 of macOS for the archive's own folder, a mark and a suffix
RESERVED = {"readme"}  # clean/ and out/ have one of their own
OUTPUTS = (".md", ".epub", ".pdf", ".jsonl", ".csv")  # of files in clean/ and out/posts/: no folder is called so


def safe_name(path: PurePosixPath) -> str:
    """Return the path below clean/ and out/, without suffix; a mark of the whole path is added where it was changed.

    >>> safe_name(PurePosixPath("2021/a post.txt"))
    '2021/a post'
    >>> safe_name(PurePosixPath("x.md/y.md"))
    'x.md_/y-6066cedd'
    """
    parts = [*path.parts[:-1], path.stem if path.suffix else path.name]
    safe = [*map(_safe_folder, parts[:-1]), _safe(parts[-1])]
    if len("/".join(safe).encode()) > LONGEST_PATH:
        safe = safe[-1:]
    name = "/".join(safe)
    ours = name.casefold() in RESERVED or _OURS.search(name)
    return name if safe == parts and not ours else marked(name, path)


def marked(name: str, path: PurePosixPath, digits: int = 8) -> str:
    """Return `name` with the first hexadecimal digits of the path's SHA-256, to keep it apart from others."""
    return f"{name}-{hashlib.sha256(str(path).encode()).hexdigest()[:digits]}"


def _safe_folder(part: str) -> str:
    """Return a folder's name that is safe, and that no output has: `x.md` is where the post x.txt goes."""
    safe = _safe(part)
    return f"{safe}_" if safe.casefold().endswith(OUTPUTS) else safe


def _safe(part: str) -> str:
    """Return a path's part without characters that some file system or shell refuses, cut to size."""
    clean = "".join(
        "_" if unicodedata.category(char)[0] == "C" else char for char in unicodedata.normalize("NFC", part)
    )
    clean = str(sanitize_filename(clean, replacement_text="_", platform="universal", fs_encoding="utf-8"))
    clean = clean.lstrip("-.~ ").rstrip(". ") or "_"
    return clean.encode()[:LONGEST].decode("utf-8", "ignore").rstrip(". ")
