"""Documents -> the graph of the archive: links from posts to posts, to works and to sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.citations.cited_works import Work
from pipeline.document import Document
from pipeline.urls.canonical import host_of

ARCHIVE_INTERNAL = "archive-internal"  # the kind of a link to another post of the archive


@dataclass(frozen=True, slots=True)
class Edge:
    """Links from a post to another post, a work or a site; `to` is a path, the key of a work, or a host."""

    path: PurePosixPath
    to: str
    kind: str  # post, work or site
    times: int


def edges_of(document: Document, cited: Iterable[Work], targets: Iterable[PurePosixPath | None]) -> Iterator[Edge]:
    """Yield the edges of a document to posts, to the works that it cites, and to the sites of its other links.

    `targets` are the posts that its links lead to, None for a link to no post.
    """
    posts: Counter[str] = Counter()
    sites: Counter[str] = Counter()
    works = {work.key: work for work in cited}
    of_works = {url for work in works.values() for _, url in work.links}
    for link, target in zip(document.links, targets, strict=True):
        if target:
            posts[str(target)] += 1
        elif link.kind not in {"image", "source", "other"} and link.url not in of_works and host_of(link.url):
            sites[host_of(link.url)] += 1
    for kind, counts in (("post", posts), ("work", Counter(dict.fromkeys(works, 1))), ("site", sites)):
        for to, times in counts.items():
            yield Edge(document.path, to, kind, times)
