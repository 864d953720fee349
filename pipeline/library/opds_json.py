"""Pages of the catalogue -> OPDS 2.0 (JSON). The draft: https://drafts.opds.io/opds-2.0."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from pipeline.library.addresses import (
    ACQUISITION,
    ACQUISITION_TYPE,
    COVER_TYPE,
    JSON_TYPE,
    MEDIA_TYPES,
    NAVIGATION_TYPE,
    book_suffix,
    book_url,
    cover_file,
)
from pipeline.library.entries import COVER_SIZE, CatalogueEntry
from pipeline.library.model import ROOT, FeedPage

BOOK_KIND = "http://schema.org/Book"


def feed_as_json(page: FeedPage) -> bytes:
    """Return a page as an OPDS 2.0 feed."""
    named = [
        ("self", page.name),
        ("start", ROOT),
        ("up", page.up),
        ("first", page.feed),
        ("previous", page.previous),
        ("next", page.next),
    ]
    links = [_link(name, rel=rel) for rel, name in named if name]
    other = ACQUISITION_TYPE if page.books else NAVIGATION_TYPE
    links.append({"rel": "alternate", "href": f"{quote(page.name)}.xml", "type": other})
    feed: dict[str, Any] = {"metadata": {"title": page.title, "modified": page.updated}, "links": links}
    if page.links:
        feed["navigation"] = [_link(link.name, rel="subsection", title=link.title) for link in page.links]
    if page.books:
        feed["publications"] = [_publication(book) for book in page.books]
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _link(name: str, **more: str) -> dict[str, str]:
    return {**more, "href": f"{quote(name)}.json", "type": JSON_TYPE}


def _series(book: CatalogueEntry) -> dict[str, Any]:
    return {"name": book.series} | ({"position": float(book.position)} if book.position else {})


def _publication(book: CatalogueEntry) -> dict[str, Any]:
    metadata = {
        "@type": BOOK_KIND,
        "identifier": book.identifier,
        "title": book.title,
        "author": [{"name": author} for author in book.authors],
        "language": book.language,
        "modified": book.updated,
        "published": book.date if len(book.date) == len("2021-03-01") else "",
        "publisher": book.site,
        "subject": [*book.subjects],
        "description": book.summary,
        "belongsTo": {"series": _series(book)} if book.series else {},
    }
    width, height = COVER_SIZE
    return {
        "metadata": {name: value for name, value in metadata.items() if value},
        "links": [
            {"rel": ACQUISITION, "href": book_url(file), "type": MEDIA_TYPES[book_suffix(file)]} for file in book.files
        ],
        "images": [{"href": quote(cover_file(book.name)), "type": COVER_TYPE, "width": width, "height": height}],
    }
