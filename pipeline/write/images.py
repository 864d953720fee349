"""Image file -> picture for a book, if it is what it says and not too large; in the size and colours of a device."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from PIL import Image, ImageOps

from pipeline.document import Document
from pipeline.read.below import data_of, look
from pipeline.read.folder import PASSING, stamp

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)  # an address that is no file of the archive
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000  # 200 MB when decoded
MAX_TOGETHER = 256 * 2**20  # bytes of all pictures of a book; pandoc holds them at once when it writes an EPUB
QUALITY = 85  # of a JPEG that is written anew: Pillow's documentation sees no gain above 95, and 75 shows on faces


@dataclass(frozen=True, slots=True)
class Pictures:
    """How a device shows pictures: at most so wide (pixels), and whether only in greys."""

    width: int = 1600
    grey: bool = False


USUAL = Pictures()


def pictures_of(document: Document) -> list[str]:
    """Return the picture files that a document shows, each once: paths below the folder it is archived in.

    >>> from pipeline.document import Link
    >>> pictures_of(Document(PurePosixPath("a/b.md"), "", links=(Link("my%20sea.png", "", "", "image", 1),)))
    ['a/my sea.png']
    """
    local = (link.written for link in document.links if link.kind == "image" and not ELSEWHERE.match(link.written))
    files = (normpath(document.path.parent / unquote(written)) for written in local)
    return list(dict.fromkeys(file for file in files if not file.startswith(("../", "/")) and "\0" not in file))


def picture_stamp(root: Path, file: str) -> str:
    """Return what changes when the picture `file`, a path below `root`, does; empty if there is none.

    Raises OSError where the disk or the machine fails.
    """
    try:
        return stamp(look(root, PurePosixPath(file)))
    except OSError as error:
        if error.errno in PASSING:
            raise
        return ""


def missing(root: Path, document: Document) -> list[str]:
    """Return the images of a document, archived below `root`, that are files of the archive and are not there."""
    local = (link.written for link in document.links if link.kind == "image" and not ELSEWHERE.match(link.written))
    return [written for written in dict.fromkeys(local) if not _is_file(root, document.path.parent / unquote(written))]


def _is_file(root: Path, path: PurePosixPath) -> bool:
    try:
        return stat.S_ISREG(look(root, path).st_mode)
    except OSError as error:
        if error.errno in PASSING:
            raise
        return False


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture as a book holds them, and its name there, which is that of its content."""

    name: str
    data: bytes


def picture(root: Path, path: Path, pictures: Pictures) -> Picture | None:
    """Return the image at `path` as a picture; None if it is no image, too large, or lies outside `root`."""
    try:
        data = data_of(root, PurePosixPath(path.relative_to(root)), MAX_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    return None
                kind = str(image.format)
                image.verify()
            with Image.open(io.BytesIO(data), formats=(kind,)) as image:
                if image.width > pictures.width or pictures.grey or kind == "WEBP":  # many readers show no WebP
                    data, kind = _fitted(image, pictures)
    except Exception as error:  # a hostile file may fail in any way; all it loses is its picture
        if isinstance(error, OSError) and error.errno in PASSING:
            raise
        return None
    return Picture(f"{hashlib.sha256(data).hexdigest()[:32]}.{kind.lower()}", data)


def _fitted(image: Image.Image, pictures: Pictures) -> tuple[bytes, str]:
    """Return an image written anew for a device, and its format: photographs as JPEG, all else as PNG."""
    photograph = image.format == "JPEG" or (image.format == "WEBP" and not image.has_transparency_data)
    made = ImageOps.exif_transpose(image).convert("RGB" if photograph else "RGBA")
    if made.width > pictures.width:
        made = made.resize(
            (pictures.width, max(1, made.height * pictures.width // made.width)), Image.Resampling.LANCZOS
        )
    if pictures.grey:
        made = made.convert("L" if photograph else "LA")
    written = io.BytesIO()
    kind = "JPEG" if photograph else "PNG"
    made.save(written, kind, quality=QUALITY, optimize=True)
    return written.getvalue(), kind
