"""URL with escapes of quoted-printable mail -> the URL without them: `?a=3D1&b=3D2` -> `?a=1&b=2`."""

from __future__ import annotations

import re

_ESCAPED_PAIRS = re.compile(r"[^=]*+(?:=3D[^=&]*+(?:&[^=&]*+)?){2,}")


def without_quoted_printable(url: str) -> str:
    """Return the URL without escapes of quoted-printable if it has two parameters or more and each has `=3D`.

    One parameter is not proof: `?view=3D` shows the page in three dimensions.

    >>> without_quoted_printable("https://e.org/?a=3D1&b=3D2"), without_quoted_printable("https://e.org/?view=3D")
    ('https://e.org/?a=1&b=2', 'https://e.org/?view=3D')
    """
    if url.count("=3D") > 1 and _ESCAPED_PAIRS.fullmatch(url):
        return url.replace("=3D", "=")
    return url
