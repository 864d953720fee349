"""Link of a post -> link of its chapter: a safe URL or another post, never a URL that does not exist."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, safe_url
from pipeline.citations.post_index import PostTarget, fragment_of, target_key
from pipeline.read.pictures import REMOTE_URL

SOURCE_SUFFIXES = (".md", ".markdown", ".mdx", ".rst", ".org", ".tex", ".ipynb")  # of files that a site does not serve


def sanitized_link(
    target: tuple[str, str], inner: list[Node], base: str, posts: Mapping[str, PostTarget]
) -> Iterator[Node]:
    """Yield a link with the contents `inner`, or only these if it leads nowhere.

    A link to another post keeps the post's path and the place in it as attributes, for books that contain the post; its
    URL is the post's source URL, or empty. A relative URL is resolved against `base`, the source URL of the document.
    """
    written, title = target
    key = target_key(written)
    wiki, post = key.startswith("[["), posts.get(key)
    attributes = NO_ATTRIBUTES
    if written.startswith("#") or key == "[[]]":
        url = f"#{fragment_of(written)}"
    elif post:
        attributes = ["", [], [["post", post.path], ["part", fragment_of(written)]]]
        own = safe_url(post.url)
        fragment = "" if wiki else written.partition("#")[2]
        url = safe_url(written) or (safe_url(f"{own}#{fragment}") if own and fragment else own)
    else:
        url = "" if wiki or not written.strip() else safe_url(_with_scheme(written), _base_of(written, base))
    if url or post:
        yield {"t": "Link", "c": [attributes, inner, [url, title]]}
    else:
        yield from inner


def _with_scheme(written: str) -> str:
    """Return a URL that begins with `www.` with a scheme, so that it is not resolved as a file.

    >>> _with_scheme("www.e.org/a"), _with_scheme("a.md")
    ('http://www.e.org/a', 'a.md')
    """
    return f"http://{written}" if written[:4].lower() == "www." else written


def _base_of(written: str, base: str) -> str:
    """Return the URL that a relative URL is resolved against; "" for a source file of a page that is none itself.

    `b.md` next to https://e.org/a is a file of the author's folder, which the site publishes under another URL.

    >>> _base_of("b.md", "https://e.org/a"), _base_of("b.md", "https://e.org/a.md"), _base_of("b", "https://e.org/a")
    ('', 'https://e.org/a.md', 'https://e.org/a')
    """
    suffix = posixpath.splitext(written.partition("#")[0].partition("?")[0])[1].lower()
    if REMOTE_URL.match(written) or suffix not in SOURCE_SUFFIXES:
        return base
    try:
        same = urlsplit(base).path.lower().endswith(suffix)
    except ValueError:
        same = False
    return base if same else ""
