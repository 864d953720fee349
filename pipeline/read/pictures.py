"""Document -> the image files that it shows; whether they exist and have changed."""

from __future__ import annotations

import functools
import os
import re
import stat
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from pipeline.document import Document, Source
from pipeline.read.below import read_below, stat_below
from pipeline.read.folder import TRANSIENT_ERRORS, source_stamp
from pipeline.read.readers import PictureFiles, pictures_inside, source_of_picture

REMOTE_URL = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)  # a URL, not a file of the archive
MOST_SOURCE_BYTES = 2**30  # of a source with pictures in it; the setting max_bytes is lower


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
    state = _state_of(root, PurePosixPath(file))
    return source_stamp(state) if state else ""


def missing_images(root: Path, document: Document) -> list[str]:
    """Return the image targets of a document that name files of the archive `root` which do not exist."""
    local = (link.written for link in document.links if link.kind == "image" and not REMOTE_URL.match(link.written))
    return [written for written in dict.fromkeys(local) if not _is_file(root, document.path.parent / unquote(written))]


def _is_file(root: Path, path: PurePosixPath) -> bool:
    state = _state_of(root, path)
    return state is not None and stat.S_ISREG(state.st_mode)


def _state_of(root: Path, path: PurePosixPath) -> os.stat_result | None:
    """Return the status of an image file, or of the source that it is inside of; None if there is neither."""
    for file in (path, source_of_picture(path)):
        try:
            if file:
                return stat_below(root, file)
        except OSError as error:
            if error.errno in TRANSIENT_ERRORS:
                raise
    return None


def picture_bytes(root: Path, path: PurePosixPath, most: int) -> bytes:
    """Return the bytes of an image: of the file at `path`, else of the picture of that name inside its source.

    Raises OSError, also above `most` bytes.
    """
    source = source_of_picture(path)
    try:
        return read_below(root, path, most)
    except OSError:
        if not source:
            raise
        data = _pictures_of_source(Source(source, read_below(root, source, MOST_SOURCE_BYTES))).get(path.name)
        if data is None or len(data) > most:
            raise
        return data


@functools.lru_cache(maxsize=2)  # a document shows several pictures of its source
def _pictures_of_source(source: Source) -> PictureFiles:
    return pictures_inside(source)
