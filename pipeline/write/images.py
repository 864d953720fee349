"""Image file -> data: address, if it is what it says and not too large."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path

from PIL import Image

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000  # 200 MB when decoded


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
