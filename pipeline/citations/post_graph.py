"""Documents -> the graph of the archive: links from posts to posts, to works and to sites."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urldefrag

from pipeline.citations.cited_works import Work
from pipeline.document import Document, Link
from pipeline.urls.canonical import host_of, page_url

ARCHIVE_INTERNAL = "archive-internal"  # the kind of a link to another post of the archive


@dataclass(frozen=True, slots=True)
class PostIndex:
    """The posts of an archive: `home` returns the path of the post that a URL, a path or a wiki page name belongs to.

    A duplicate is listed as the post that is kept. A name of two posts belongs to the first.
    """

    home: Callable[[str], PurePosixPath | None]

    def post(self, link: Link, path: PurePosixPath) -> PurePosixPath | None:
        """Return the path of the post that a link in the document at `path` leads to; None if it is no other post.

        A link to the document's own source is not a link between posts.
        """
        target = next((found for name in _names_of_target(link, path) if (found := self.home(name))), None)
        return None if target == path else target


def names_of_post(path: PurePosixPath, url: str) -> tuple[str, ...]:
    """Return the names that links may call a post by, from its path and its canonical source URL.

    >>> names_of_post(PurePosixPath("notes/My page.md"), "")
    ('notes/My page.md', '[[my page]]')
    """
    return tuple(dict.fromkeys(filter(None, (url, page_url(url), str(path), _page_name(path)))))


def names_looked_up(document: Document) -> tuple[str, ...]:
    """Return the names of posts that the links of a document may lead to."""
    return tuple(dict.fromkeys(name for link in document.links for name in _names_of_target(link, document.path)))


def _names_of_target(link: Link, path: PurePosixPath) -> Iterator[str]:
    """Yield the names that the target of a link in the document at `path` may have, the likeliest first."""
    if link.kind in {"image", "source"} or "unsafe" in link.notes:
        return
    yield from dict.fromkeys((link.url, page_url(link.url)))
    if "://" not in link.url:
        name = unquote(urldefrag(link.written.strip("[]"))[0])
        yield posixpath.normpath(path.parent / name)
        if link.written.startswith("[["):
            yield _page_name(name)


def name_hash(name: str) -> int:
    """Return a 64-bit hash of a name, for look-ups."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _page_name(path: str | PurePosixPath) -> str:
    """Return the name by which a wiki link names a post: `notes/My page.md` -> `[[my page]]`."""
    return f"[[{PurePosixPath(path).name.removesuffix('.md').casefold()}]]"


@dataclass(frozen=True, slots=True)
class Edge:
    """Links from a post to another post, a work or a site; `to` is a path, the key of a work, or a host."""

    path: PurePosixPath
    to: str
    kind: str  # post, work or site
    times: int


def edges_of(document: Document, cited: Iterable[Work], known: PostIndex) -> Iterator[Edge]:
    """Yield the edges of a document to posts, to the works that it cites, and to the sites of its other links."""
    posts: Counter[str] = Counter()
    sites: Counter[str] = Counter()
    works = {work.key: work for work in cited}
    of_works = {url for work in works.values() for _, url in work.links}
    for link in document.links:
        if target := known.post(link, document.path):
            posts[str(target)] += 1
        elif link.kind not in {"image", "source", "other"} and link.url not in of_works and host_of(link.url):
            sites[host_of(link.url)] += 1
    for kind, counts in (("post", posts), ("work", Counter(dict.fromkeys(works, 1))), ("site", sites)):
        for to, times in counts.items():
            yield Edge(document.path, to, kind, times)
