"""Image file -> picture for a book, if it is what it says and not too large; in the size and colours of a device."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from pipeline.read.below import data_of
from pipeline.read.folder import PASSING

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
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
