"""Image file -> data: address, if it is what it says and not too large."""

from __future__ import annotations

import base64
import io
import re
import warnings
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

from pipeline.document import Document

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)  # an address that is no file of the archive
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000  # 200 MB when decoded


def missing(root: Path, document: Document) -> list[str]:
    """Return the images of a document, archived below `root`, that are files of the archive and are not there."""
    folder = root / document.path.parent
    local = (link.written for link in document.links if link.kind == "image" and not ELSEWHERE.match(link.written))
    return [written for written in dict.fromkeys(local) if not _is_file(folder / unquote(written))]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, a NUL
        return False


def data_address(root: Path, path: Path) -> str:
    """Return the image at `path` as a data: address; empty if it is no image, too large, or lies outside `root`."""
    try:
        real = path.resolve()
        if not real.is_relative_to(root.resolve()) or not real.is_file() or real.stat().st_size > MAX_BYTES:
            return ""
        data = real.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as image:
                if image.width * image.height > MAX_PIXELS:
                    return ""
                kind = FORMATS[str(image.format)]
                image.verify()
    except Exception:  # noqa: BLE001 - a hostile file may fail in any way; all it loses is its picture
        return ""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
