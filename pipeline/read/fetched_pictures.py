"""Remote image of a post -> the name of its copy in clean/.images, where `fetch-images` stores it."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urljoin, urlsplit

from pipeline.urls.canonical import DEFAULT_PORTS, LONGEST_URL, absolute_url
from pipeline.urls.normalization import normalized_escapes

FETCHED_FOLDER = ".images"  # in clean/
_HASH_DIGITS = 32  # 128 bits of SHA-256
_COMPLETE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//|\[\[)", re.IGNORECASE)
_WEB_TARGET = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)


def is_web_image(written: str) -> bool:
    """Return whether an image target is a URL of the web, with or without its scheme.

    >>> is_web_image("HTTP://e.org/a.png"), is_web_image("//e.org/a.png"), is_web_image("img/a.png")
    (True, True, False)
    """
    return _WEB_TARGET.match(written) is not None


def web_image_url(written: str) -> str:
    """Return the URL to request for an image target, without its fragment; "" if there is none.

    The query stays as written: a server may need all of it.

    >>> web_image_url("//e.org/日 1.png?utm_source=x#top"), web_image_url("ftp://e.org/a.png")
    ('https://e.org/%E6%97%A5%201.png?utm_source=x', '')
    """
    try:
        parts = urlsplit(absolute_url(written) if len(written) <= LONGEST_URL else "")
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            return ""
    except ValueError:
        return ""
    path, query = map(normalized_escapes, (parts.path, parts.query))
    return parts._replace(path=path, query=query, fragment="").geturl()


def url_beside_page(written: str, page: str) -> str:
    """Return the URL of an image that a page at the URL `page` names by a relative target; "" if there is none.

    >>> url_beside_page("../img/a.png", "https://e.org/blog/walk"), url_beside_page("[[a.png]]", "https://e.org/")
    ('https://e.org/img/a.png', '')
    """
    if not is_web_image(page) or _COMPLETE.match(written):
        return ""
    try:
        return web_image_url(urljoin(web_image_url(page), written))
    except ValueError:
        return ""


def fetched_name(url: str) -> str:
    """Return the file name of the copy of an image: a hash of the URL that `web_image_url` returns.

    >>> fetched_name("https://e.org/a.png")
    '4702d2316f48165aa2bf05493dbf6734'
    """
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
