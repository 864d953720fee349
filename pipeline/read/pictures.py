"""Document -> the image files that it shows; whether they exist and have changed."""

from __future__ import annotations

import re
import stat
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from pipeline.document import Document
from pipeline.read.below import stat_below
from pipeline.read.folder import TRANSIENT_ERRORS, source_stamp

REMOTE_URL = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)  # a URL, not a file of the archive


def image_files(document: Document) -> list[str]:
    """Return the image files that a document shows, without repetition: paths below the archive's folder.

    >>> from pipeline.document import Link
    >>> image_files(Document(PurePosixPath("a/b.md"), "", links=(Link("my%20sea.png", "", "", "image", 1),)))
    ['a/my sea.png']
    """
    local = (link.written for link in document.links if link.kind == "image" and not REMOTE_URL.match(link.written))
    files = (normpath(document.path.parent / unquote(written)) for written in local)
    return list(dict.fromkeys(file for file in files if not file.startswith(("../", "/")) and "\0" not in file))


def image_stamp(root: Path, file: str) -> str:
    """Return a string that changes with the image at `file`, a path below `root`; empty if there is none.

    Raises OSError if the disk or the machine fails.
    """
    try:
        return source_stamp(stat_below(root, PurePosixPath(file)))
    except OSError as error:
        if error.errno in TRANSIENT_ERRORS:
            raise
        return ""


def missing_images(root: Path, document: Document) -> list[str]:
    """Return the image targets of a document that name files of the archive `root` which do not exist."""
    local = (link.written for link in document.links if link.kind == "image" and not REMOTE_URL.match(link.written))
    return [written for written in dict.fromkeys(local) if not _is_file(root, document.path.parent / unquote(written))]


def _is_file(root: Path, path: PurePosixPath) -> bool:
    try:
        return stat.S_ISREG(stat_below(root, path).st_mode)
    except OSError as error:
        if error.errno in TRANSIENT_ERRORS:
            raise
        return False
