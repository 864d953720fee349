"""Documents -> the graph of the archive: links from posts to posts, to works and to sites."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urldefrag

from pipeline.citations.cited_works import Work
from pipeline.document import Cleaned, Document, Duplicate, Link, Outcome
from pipeline.urls.canonical import canonical_url, host_of, page_url

ARCHIVE_INTERNAL = "archive-internal"  # the kind of a link to another post of the archive


@dataclass(slots=True)
class PostIndex:
    """The posts of an archive by canonical source URL and by path.

    A duplicate is listed as the post that is kept. A URL of two posts belongs to the first.
    """

    posts: dict[str, PurePosixPath] = field(default_factory=dict)  # canonical URL or path -> path of the post

    def post(self, link: Link, path: PurePosixPath) -> PurePosixPath | None:
        """Return the path of the post that a link in the document at `path` leads to; None if it is no other post.

        A link to the document's own source is not a link between posts.
        """
        if link.kind in {"image", "source"} or "unsafe" in link.notes:
            return None
        target = self.posts.get(link.url) or self.posts.get(page_url(link.url))
        if not target and "://" not in link.url:
            name = unquote(urldefrag(link.written.strip("[]"))[0])
            target = self.posts.get(posixpath.normpath(path.parent / name))
            if not target and link.written.startswith("[["):
                target = self.posts.get(_page_name(name))
        return None if target == path else target


def post_index(outcomes: Iterable[Outcome]) -> PostIndex:
    """Return the posts of an archive by source URL and by path."""
    index = PostIndex()
    for outcome in outcomes:
        if isinstance(outcome, Cleaned | Duplicate):
            path = outcome.path if isinstance(outcome, Cleaned) else outcome.of
            url = canonical_url(outcome.document.meta.source_url)
            for name in filter(None, (url, page_url(url), str(outcome.path), _page_name(outcome.path))):
                index.posts.setdefault(name, path)
    return index


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


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph of the archive: its posts (path, title, URL), the works they cite, and its edges."""

    posts: tuple[tuple[str, str, str], ...] = ()
    works: tuple[Work, ...] = ()
    edges: tuple[Edge, ...] = ()

    @property
    def between(self) -> list[Edge]:
        """The edges between posts."""
        return [edge for edge in self.edges if edge.kind == "post"]

    @property
    def orphans(self) -> list[str]:
        """The paths of the posts without edges to or from other posts."""
        related = {name for edge in self.between for name in (str(edge.path), edge.to)}
        return [path for path, _, _ in self.posts if path not in related]

    @property
    def shared(self) -> list[tuple[str, int]]:
        """The sites that several posts link to, with the number of these posts, highest first."""
        posts = Counter(edge.to for edge in self.edges if edge.kind == "site")  # one edge per post and site
        return [(host, count) for host, count in posts.most_common() if count > 1]


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
