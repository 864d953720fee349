"""Source URL -> a key that is equal for all URLs of one page."""

from __future__ import annotations

import re

from pipeline.urls.canonical import canonical

ARCHIVED = re.compile(r"https?://web\.archive\.org/web/\d+\w*/(?=https?:)")


def same_page(url: str) -> str:
    """Return a key that is equal for all URLs of one page; scheme, `www.`, fragment and web archive do not count.

    >>> same_page("https://web.archive.org/web/2021/http://www.example.com/a/#top")
    '//example.com/a'
    """
    if not url:
        return ""
    _, _, rest = canonical(ARCHIVED.sub("", url)).partition("//")
    page = rest.partition("#")[0].removeprefix("www.").rstrip("/")
    return f"//{page}" if page else ""


def newer(url: str) -> int:
    """Return how recent the form of a URL is: 0 no URL, 1 web archive, 2 http, 3 https."""
    if ARCHIVED.match(url):
        return 1
    return 3 if url.startswith("https:") else 2 if url else 0
