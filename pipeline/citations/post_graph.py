"""Documents -> which post leads to which, and to what else: where an address stands in the archive."""

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

INTERNAL = "archive-internal"  # the kind of a link that leads to another post of the archive


@dataclass(slots=True)
class Homes:
    """Where the posts of an archive are to be had: each address of one, and each path, leads to the path of the post.

    What repeats another post leads to that one. An address that two posts claim leads to the first.
    """

    posts: dict[str, PurePosixPath] = field(default_factory=dict)  # by canonical address, and by path

    def post(self, link: Link, path: PurePosixPath) -> PurePosixPath | None:
        """Return the post that a link of the document at `path` leads to; None if it leads elsewhere.

        The link to a post's own source counts as its source, not as a link between posts.
        """
        if link.kind in {"image", "source"} or "unsafe" in link.notes:
            return None
        target = self.posts.get(link.url) or self.posts.get(page_url(link.url))
        if not target and "://" not in link.url:
            beside = posixpath.normpath(path.parent / unquote(urldefrag(link.written)[0]))
            target = self.posts.get(beside)
        return None if target == path else target


def homes(outcomes: Iterable[Outcome]) -> Homes:
    """Return where the posts of an archive are to be had."""
    found = Homes()
    for outcome in outcomes:
        if isinstance(outcome, Cleaned | Duplicate):
            path = outcome.path if isinstance(outcome, Cleaned) else outcome.of
            address = canonical_url(outcome.document.meta.source_url)
            for name in filter(None, (address, page_url(address), str(outcome.path))):
                found.posts.setdefault(name, path)
    return found


@dataclass(frozen=True, slots=True)
class Edge:
    """A post leads to a post, a work or a site, so many times; `to` is a path, the key of a work, or a host."""

    path: PurePosixPath
    to: str
    kind: str  # post, work or site
    times: int


@dataclass(frozen=True, slots=True)
class Graph:
    """The archive as a graph: its posts (path, title, address), the works they cite, and who leads to what."""

    posts: tuple[tuple[str, str, str], ...] = ()
    works: tuple[Work, ...] = ()
    edges: tuple[Edge, ...] = ()

    @property
    def between(self) -> list[Edge]:
        """The edges from post to post."""
        return [edge for edge in self.edges if edge.kind == "post"]

    @property
    def orphans(self) -> list[str]:
        """The paths of the posts that no other leads to, and that lead to none."""
        related = {name for edge in self.between for name in (str(edge.path), edge.to)}
        return [path for path, _, _ in self.posts if path not in related]

    @property
    def shared(self) -> list[tuple[str, int]]:
        """The sites that several posts lead to, and how many do; the most shared first."""
        posts = Counter(edge.to for edge in self.edges if edge.kind == "site")  # each post leads there once
        return [(host, count) for host, count in posts.most_common() if count > 1]


def edges(document: Document, cited: Iterable[Work], known: Homes) -> Iterator[Edge]:
    """Yield where a document that cites some works leads: posts, the works, the sites of all other links; each once."""
    posts: Counter[str] = Counter()
    sites: Counter[str] = Counter()
    works = {work.key: work for work in cited}
    of_works = {address for work in works.values() for _, address in work.links}
    for link in document.links:
        if target := known.post(link, document.path):
            posts[str(target)] += 1
        elif link.kind not in {"image", "source", "other"} and link.url not in of_works and host_of(link.url):
            sites[host_of(link.url)] += 1
    for kind, counts in (("post", posts), ("work", Counter(dict.fromkeys(works, 1))), ("site", sites)):
        for to, times in counts.items():
            yield Edge(document.path, to, kind, times)
