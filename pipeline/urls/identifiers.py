"""Canonical URL -> the persistent identifiers of its target: `arxiv:1703.00522`, `doi:10.1145/3292500`."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote, urlsplit

from pipeline.urls.canonical import LONGEST_URL
from pipeline.urls.hosts import FORGES, IDENTIFIER_READERS, find_dois
from pipeline.urls.identifier_syntax import parse_uri


@lru_cache(maxsize=1024)  # a link asks twice, and the posts of a site have many links to the same pages
def identifiers(url: str) -> tuple[str, ...]:
    """Return the identifiers in a canonical URL as `scheme:value`, the most specific first; none for most pages.

    Values have the form of their registries: DOIs in lower case, ISBNs as 13 digits, arXiv identifiers with versions.

    >>> identifiers("https://arxiv.org/abs/1910.01526v2"), identifiers("https://github.com/a/b/tree/main/c")
    (('arxiv:1910.01526v2',), ('github:a/b',))
    """
    if len(url) > LONGEST_URL:
        return ()
    scheme, _, rest = url.partition(":")
    if not rest.startswith("//"):
        return tuple(parse_uri(scheme, unquote(rest)))
    try:
        parts = urlsplit(url)
        name = host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ()
    if parts.scheme not in {"http", "https"}:
        return ()
    while host and (host not in IDENTIFIER_READERS or (host in FORGES and host != name)):
        host = host.partition(".")[2]
    found = IDENTIFIER_READERS.get(host, find_dois)(unquote(parts.path), parts.query)
    return tuple(dict.fromkeys(found))
