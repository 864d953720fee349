"""A post that a scan found -> its bytes: those of a file, or of a part of a container."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pipeline.document import RetryLater, SkipDocument, Source
from pipeline.plugin_results import checked_parts
from pipeline.read.below import stat_below
from pipeline.read.folder import CHANGED_MESSAGE, FoundFile, read_source
from pipeline.read.readers import NoPostsInside, Reader, container_of, folder_of_parts, reader_of

MOST_CONTAINER_BYTES = 300 * 2**20  # of a container; `max_bytes` limits each part


def read_found(root: Path, found: FoundFile, max_bytes: int, readers: tuple[Reader, ...] = ()) -> Source:
    """Return the bytes of a post that `scan_folder` found, or of a part of a container that it found.

    Raises SkipDocument, RetryLater as `read_source` does.
    """
    container = container_of(found.path)
    if container is None or exists_below(root, found.path):
        return read_source(root, found, max_bytes)
    data = _parts_of(root, found._replace(name=str(container), drafts=False), readers).get(
        str(found.path.relative_to(folder_of_parts(container)))
    )
    if data is None:
        raise RetryLater(CHANGED_MESSAGE)
    if len(data) > max_bytes:
        message = f"is {len(data):,} bytes long, more than max_bytes = {max_bytes:,}; raise the setting"
        raise SkipDocument(message)
    return Source(found.path, data, part=True)


def parts_found(root: Path, found: FoundFile, readers: tuple[Reader, ...] = ()) -> tuple[str, ...]:
    """Return the names of the parts of a container, in order. Raises SkipDocument, RetryLater as `read_source` does."""
    return tuple(_parts_of(root, found._replace(drafts=False), readers))


@functools.lru_cache(maxsize=1)  # a process reads the parts of one container after the other
def _parts_of(root: Path, found: FoundFile, readers: tuple[Reader, ...]) -> Mapping[str, bytes]:
    source = read_source(root, found, MOST_CONTAINER_BYTES)
    try:
        reader = reader_of(source, readers)
        if reader is None or reader.parts is None:
            raise RetryLater(CHANGED_MESSAGE)
        return checked_parts(f"the reader `{reader.name}`", reader.parts(source))
    except NoPostsInside:
        return {}


def file_of_post(root: Path, path: PurePosixPath) -> PurePosixPath:
    """Return the file below `root` that a post is in: its own, or the container that it is a part of."""
    container = container_of(path)
    return path if container is None or exists_below(root, path) else container


def exists_below(root: Path, path: PurePosixPath) -> bool:
    """Return whether a file or a folder is at a path below `root`."""
    try:
        stat_below(root, path)
    except OSError:
        return False
    return True
