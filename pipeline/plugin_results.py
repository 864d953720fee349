"""What a step or a reader of another package returned -> the same, if it has the types that the data model requires."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from pipeline.document import Document, SkipDocument


def checked_document(who: str, path: PurePosixPath, returned: object) -> Document:
    """Return the document at `path` that `who` returned. Raises SkipDocument if it is something else.

    `who` is for the message: "the step `x`".
    """
    if not isinstance(returned, Document) or not isinstance(returned.text, str):
        raise _fault_of(who, f"returned {type(returned).__name__}, not a document with a text")
    if returned.path != path:
        raise _fault_of(who, f"changed the path to {str(returned.path)!r}")
    return returned


def checked_reading(who: str, path: PurePosixPath, returned: object) -> tuple[Document, Mapping[str, bytes]]:
    """Return the document at `path` and the pictures that a reader returned. Raises SkipDocument for others."""
    document, pictures = returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, {})  # noqa: PLR2004
    return checked_document(who, path, document), _checked_files(who, pictures)


def checked_parts(who: str, returned: object) -> Mapping[str, bytes]:
    """Return the parts of a container that a reader returned. Raises SkipDocument if a name leads elsewhere."""
    parts = _checked_files(who, returned)
    for name in parts:
        if not _is_part_name(name):
            raise _fault_of(who, f"named a part {name!r}, which is no path below the container")
    return parts


def _checked_files(who: str, returned: object) -> Mapping[str, bytes]:
    if not isinstance(returned, Mapping) or not all(
        isinstance(name, str) and isinstance(data, bytes) for name, data in returned.items()
    ):
        raise _fault_of(who, "returned no table of bytes by name")
    return returned


def _is_part_name(name: str) -> bool:
    r"""Return whether a text is a path below a folder, as it is written.

    >>> [_is_part_name(name) for name in ("a/b.md", "../a", "/a", "a//b", ".", "", "a\0")]
    [True, False, False, False, False, False, False]
    """
    path = PurePosixPath(name)
    below = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return below and str(path) == name and "\0" not in name and _is_valid_unicode(name)


def _is_valid_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fault_of(who: str, what: str) -> SkipDocument:
    return SkipDocument(f"{who} {what}; report it to its author")
