"""Image file of the archive -> image for a book, verified, within size limits, scaled for the reading device."""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from pipeline.books.images.svg import sanitized_svg
from pipeline.read.folder import TRANSIENT_ERRORS
from pipeline.read.pictures import picture_bytes

IMAGE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO", "MPO", "PPM", "JPEG2000")
SHOWN_FORMATS = ("PNG", "JPEG", "GIF")  # that every reader shows; EPUB's other core format, WebP, many do not
PHOTOGRAPH_FORMATS = ("JPEG", "MPO", "WEBP", "AVIF", "JPEG2000")
ORIENTATION = 0x0112  # the EXIF tag that says how a photograph is turned
GZIP_START = b"\x1f\x8b"
SVG_START = 4096  # bytes within which a drawing begins, after its comments
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

    name: str  # a hash of the bytes, the width in pixels unless it is a drawing, the suffix of the format
    data: bytes


def verified_picture(root: Path, path: Path, pictures: PictureOptions) -> Picture | None:
    """Return the image at `path` for a book, or None if it is not a valid image, too large, or outside `root`.

    Raises OSError where the machine fails.
    """
    try:
        data = picture_bytes(root, PurePosixPath(path.relative_to(root)), MAX_BYTES)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in TRANSIENT_ERRORS:
            raise
        return None
    return verified_image(data, pictures)


def verified_image(data: bytes, pictures: PictureOptions) -> Picture | None:
    """Return image bytes for a book, or None if they are not a valid image, or too large.

    Formats are those of `IMAGE_FORMATS` and SVG, whatever the file's name says. Formats that readers may not show
    become PNG or JPEG, transparent images get a white ground, and turned photographs are turned upright.
    """
    try:
        if data[:2] == GZIP_START:  # an .svgz file
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, MAX_BYTES)
        if b"<svg" in data[:SVG_START] or b":svg" in data[:SVG_START]:
            drawing = sanitized_svg(data, lambda inner: is_valid_image(inner) is not None)
            return _named_picture(drawing, "svg") if drawing else None
        kind = is_valid_image(data)
        if kind is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=(kind,)) as image:
                if _needs_conversion(image, pictures):
                    data, kind = _converted(image, pictures)
    except Exception as error:  # a hostile file can raise anything; the book then shows a missing image
        if isinstance(error, OSError) and error.errno in TRANSIENT_ERRORS:
            raise
        return None
    return _named_picture(data, kind)


def _named_picture(data: bytes, kind: str) -> Picture:
    digest = hashlib.sha256(data).hexdigest()[:32]
    if kind == "svg":
        return Picture(f"{digest}.svg", data)
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        return Picture(f"{digest}-{image.width}.{kind.lower()}", data)


def is_valid_image(data: bytes) -> str | None:
    """Return the format of a raster image if it is valid and within the limits. Raises what Pillow raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            kind = str(image.format)
            image.verify()
            return kind


def _needs_conversion(image: Image.Image, pictures: PictureOptions) -> bool:
    """Return whether readers would not show an image as it is meant, or it is larger or more colourful than wanted."""
    return (
        image.format not in SHOWN_FORMATS
        or image.width > pictures.width
        or pictures.grey
        or image.mode in {"CMYK", "YCCK", "LAB"}
        or image.getexif().get(ORIENTATION, 1) != 1
        or (image.has_transparency_data and getattr(image, "n_frames", 1) == 1)
    )


def _converted(image: Image.Image, pictures: PictureOptions) -> tuple[bytes, str]:
    """Return an image re-encoded for a device, and its format: JPEG for photographs, PNG for all else."""
    upright = ImageOps.exif_transpose(image)
    transparent = upright.has_transparency_data
    photograph = image.format in PHOTOGRAPH_FORMATS and not transparent
    if transparent:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        ground.alpha_composite(upright)
        upright = ground
    elif upright.mode.startswith("I") or upright.mode == "F":  # 16 bits or more: `convert` would cut them off
        upright = _as_bytes(upright)
    converted = upright.convert("RGB")
    if converted.width > pictures.width:
        converted = converted.resize(
            (pictures.width, max(1, converted.height * pictures.width // converted.width)), Image.Resampling.LANCZOS
        )
    if pictures.grey:
        converted = converted.convert("L")
    output = io.BytesIO()
    kind = "JPEG" if photograph else "PNG"
    converted.save(output, kind, quality=JPEG_QUALITY, optimize=True)
    return output.getvalue(), kind


def _as_bytes(image: Image.Image) -> Image.Image:
    """Return an image of more than 8 bits a pixel as one of 8 bits, its darkest value black and its lightest white."""
    least, most = image.getextrema()
    scale = 255 / (float(most) - float(least) or 1)  # type: ignore[arg-type]
    return image.convert("F").point(lambda value: value * scale - float(least) * scale).convert("L")  # type: ignore[arg-type]
