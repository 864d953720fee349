"""Source URL -> a key that is equal for all URLs of one page."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.urls.canonical import canonical_url

WAYBACK_PREFIX = re.compile(r"https?://web\.archive\.org/web/\d\w*+/(?=https?:)")


@lru_cache(maxsize=1 << 12)
def page_key(url: str) -> str:
    """Return a key that is equal for all URLs of one page; scheme, `www.`, fragment and web archive do not count.

    >>> page_key("https://web.archive.org/web/2021/http://www.example.com/a/#top")
    '//example.com/a'
    """
    if not url:
        return ""
    _, _, rest = canonical_url(WAYBACK_PREFIX.sub("", url)).partition("//")
    page = rest.partition("#")[0].removeprefix("www.").rstrip("/")
    return f"//{page}" if page else ""


def url_recency(url: str) -> int:
    """Return how recent the form of a URL is: 0 no URL, 1 web archive, 2 http, 3 https."""
    if WAYBACK_PREFIX.match(url):
        return 1
    return 3 if url.startswith("https:") else 2 if url else 0
