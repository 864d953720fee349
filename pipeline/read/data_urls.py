"""`data:` URL of an image -> its type and its bytes."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_DATA_URL = re.compile(r"data:(image/[\w.+-]+)((?:;[\w=.-]+)*?)(;base64)?,(.*)\Z", re.IGNORECASE | re.DOTALL)


class DataImage(NamedTuple):
    """The image in a `data:` URL: its media type in lower case, and its bytes."""

    kind: str
    data: bytes


def image_of_data_url(url: str, most: int) -> DataImage | None:
    """Return the image in a `data:` URL; None if it has none, is broken, or clearly longer than `most` bytes.

    >>> image_of_data_url("data:image/gif;base64,R0lGODlh", 100)
    DataImage(kind='image/gif', data=b'GIF89a')
    """
    match = _DATA_URL.match(url)
    if not match or len(match[4]) > 2 * most:
        return None
    try:
        data = unquote_to_bytes(match[4])
        data = base64.b64decode(re.sub(rb"\s", b"", data) + b"==") if match[3] else data
    except (binascii.Error, ValueError):
        return None
    return DataImage(match[1].lower(), data) if data else None
