"""Image file of the archive -> image for a book, verified, within size limits, scaled for the reading device."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from pipeline.read.folder import TRANSIENT_ERRORS
from pipeline.read.pictures import picture_bytes

IMAGE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_BYTES = 20 * 2**20  # of one file
MAX_PIXELS = 50_000_000  # of one image; 200 MB when decoded
MAX_TOGETHER = 256 * 2**20  # bytes of all images of a book; pandoc keeps all of them in memory to write an EPUB
JPEG_QUALITY = 85  # of re-encoded JPEGs; Pillow's documentation advises against more than 95, and 75 shows on faces


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How to convert images for a reading device."""

    width: int = 1600  # pixels; wider images are scaled down
    grey: bool = False  # convert to shades of grey


DEFAULT_PICTURE_OPTIONS = PictureOptions()


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file in a book."""

    name: str  # a hash of the bytes, with the suffix of the format
    data: bytes


def verified_picture(root: Path, path: Path, pictures: PictureOptions) -> Picture | None:
    """Return the image at `path` for a book, or None if it is no valid image, too large, or outside `root`.

    Formats are PNG, JPEG, GIF and WebP, whatever the file's name says. Raises OSError where the machine fails.
    """
    try:
        data = picture_bytes(root, PurePosixPath(path.relative_to(root)), MAX_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    return None
                kind = str(image.format)
                image.verify()
            with Image.open(io.BytesIO(data), formats=(kind,)) as image:
                if image.width > pictures.width or pictures.grey or kind == "WEBP":  # which many readers cannot show
                    data, kind = _reencoded(image, pictures)
    except Exception as error:  # a hostile file can raise anything; the book then shows a missing-image box
        if isinstance(error, OSError) and error.errno in TRANSIENT_ERRORS:
            raise
        return None
    return Picture(f"{hashlib.sha256(data).hexdigest()[:32]}.{kind.lower()}", data)


def _reencoded(image: Image.Image, pictures: PictureOptions) -> tuple[bytes, str]:
    """Return an image re-encoded for a device, and its format: JPEG for JPEG and opaque WebP, PNG for all else."""
    photograph = image.format == "JPEG" or (image.format == "WEBP" and not image.has_transparency_data)
    converted = ImageOps.exif_transpose(image).convert("RGB" if photograph else "RGBA")
    if converted.width > pictures.width:
        converted = converted.resize(
            (pictures.width, max(1, converted.height * pictures.width // converted.width)), Image.Resampling.LANCZOS
        )
    if pictures.grey:
        converted = converted.convert("L" if photograph else "LA")
    output = io.BytesIO()
    kind = "JPEG" if photograph else "PNG"
    converted.save(output, kind, quality=JPEG_QUALITY, optimize=True)
    return output.getvalue(), kind
