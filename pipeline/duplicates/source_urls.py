"""Source address -> the one under which its copies meet."""

from __future__ import annotations

import re

from pipeline.urls.canonical import canonical

ARCHIVED = re.compile(r"https?://web\.archive\.org/web/\d+\w*/(?=https?:)")


def same_page(address: str) -> str:
    """Return what is equal for the addresses of one page: no matter the scheme, `www.`, the fragment or the archive.

    >>> same_page("https://web.archive.org/web/2021/http://www.example.com/a/#top")
    '//example.com/a'
    """
    if not address:
        return ""
    _, _, rest = canonical(ARCHIVED.sub("", address)).partition("//")
    page = rest.partition("#")[0].removeprefix("www.").rstrip("/")
    return f"//{page}" if page else ""


def newer(address: str) -> int:
    """Return how new the form of an address is: 0 not known, 1 archived, 2 http, 3 https."""
    if ARCHIVED.match(address):
        return 1
    return 3 if address.startswith("https:") else 2 if address else 0
