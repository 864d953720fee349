"""A post and an image target in it -> the bytes of the picture that the archive holds, checked, with their media type.

Nothing is asked from the web: a picture of the web is shown if `lacuna fetch-images` stored a copy.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import quote, unquote, urlencode

from pipeline.read.below import read_below
from pipeline.read.fetched_pictures import FETCHED_FOLDER, is_web_image
from pipeline.read.picture_paths import PictureFinder
from pipeline.read.readers import PICTURES_ENDING

MOST_SHOWN_BYTES = 20 * 2**20  # of a picture, as in the books
MOST_TARGET = 4_096  # characters of an image target
SIGNATURES = (  # the first bytes of what browsers show as a picture, by media type
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"BM....\0\0\0\0", re.DOTALL), "image/bmp"),
)
DRAWING_TYPE = "image/svg+xml"
_DRAWING_START = re.compile(rb"\s*+(?:\xef\xbb\xbf\s*+)?<(?:\?xml|!--|!DOCTYPE svg|svg)", re.IGNORECASE)


class ShownPicture(NamedTuple):
    """The bytes of a picture and their media type."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class PostPictures:
    """The pictures of one post. `source` is its path below `raw`, `post` that of its clean file below `clean`."""

    raw: Path
    clean: Path
    source: str
    post: str

    def url(self, written: str) -> str:
        """Return where the server has the picture at an image target; "" if the archive does not hold it."""
        return f"/pictures/{quote(self.post)}?{urlencode({'target': written})}" if self.picture(written) else ""

    def picture(self, written: str) -> ShownPicture | None:
        """Return the picture at an image target as written in the post; None if the archive does not hold it."""
        if len(written) > MOST_TARGET or "\0" in written:
            return None
        try:
            data = self._bytes(written)
        except OSError:
            return None
        return shown_picture(data) if data else None

    def _bytes(self, written: str) -> bytes | None:
        """Return the bytes of a file below raw/, of a picture inside a source, or of a copy. Raises OSError."""
        finder = PictureFinder(self.raw, self.clean / FETCHED_FOLDER)
        if is_web_image(written):
            return finder.fetched_bytes(written, MOST_SHOWN_BYTES)
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(self.post), unquote(written)))
        if PurePosixPath(beside).parent.name.endswith(PICTURES_ENDING):  # a run put it next to the clean file
            return read_below(self.clean, PurePosixPath(beside), MOST_SHOWN_BYTES)
        path = finder.found(PurePosixPath(self.source or self.post), written)
        return read_below(self.raw, path, MOST_SHOWN_BYTES) if path else None


def shown_picture(data: bytes) -> ShownPicture | None:
    """Return bytes as a picture that a browser shows; a drawing loses its scripts and links. None if they are none.

    >>> shown_picture(b"GIF89a...").media_type, shown_picture(b"<html>")
    ('image/gif', None)
    """
    for signature, media_type in SIGNATURES:
        if signature.match(data):
            return ShownPicture(data, media_type)
    if not _DRAWING_START.match(data):
        return None
    from pipeline.books.images.svg import sanitized_svg  # noqa: PLC0415 - few posts have drawings

    drawing = sanitized_svg(data, lambda inner: any(signature.match(inner) for signature, _ in SIGNATURES))
    return ShownPicture(drawing, DRAWING_TYPE) if drawing else None
