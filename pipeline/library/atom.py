"""Pages of the catalogue -> OPDS 1.2 (Atom); posts -> an Atom feed for news readers.

OPDS 1.2: https://specs.opds.io/opds-1.2. Atom: RFC 4287. Links are relative, so the folder can be served from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from pipeline.library.addresses import (
    ACQUISITION,
    ACQUISITION_TYPE,
    COVER,
    COVER_TYPE,
    JSON_TYPE,
    MEDIA_TYPES,
    NAVIGATION_TYPE,
    SMALL_COVER,
    book_suffix,
    book_url,
    cover_file,
)
from pipeline.library.entries import NO_TIME, CatalogueEntry
from pipeline.library.model import ROOT, FeedLink, FeedPage

NEWS = "feed"  # name of the Atom feed for news readers
ATOM_TYPE = "application/atom+xml"
MOST_NEWS = 100  # posts in that feed
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACES = 'xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/terms/"'


def feed_as_atom(page: FeedPage, identifier: str, author: str) -> bytes:
    """Return a page as an OPDS 1.2 feed; `identifier` is its URN, `author` the title of the archive."""
    own = ACQUISITION_TYPE if page.books else NAVIGATION_TYPE
    links = [
        ("self", page.name, own),
        ("start", ROOT, NAVIGATION_TYPE),
        ("up", page.up, NAVIGATION_TYPE),
        ("first", page.feed, own),
        ("previous", page.previous, own),
        ("next", page.next, own),
    ]
    lines = [f"{HEAD}<feed {NAMESPACES}>", *_feed_start(identifier, page.title, page.updated, author)]
    lines += [_link(rel, f"{quote(name)}.xml", kind) for rel, name, kind in links if name]
    lines.append(_link("alternate", f"{quote(page.name)}.json", JSON_TYPE))
    for link in page.links:
        lines += _navigation_entry(link, identifier)
    for book in page.books:
        lines += _book_entry(book)
    return _finished(lines)


def news_as_atom(posts: Sequence[CatalogueEntry], title: str, identifier: str, updated: str) -> bytes:
    """Return an Atom feed of posts, newest first: each links to the page that it was published at and to its EPUB."""
    lines = [f"{HEAD}<feed {NAMESPACES}>", *_feed_start(identifier, title, updated, title)]
    lines += [_link("self", f"{NEWS}.xml", ATOM_TYPE), _link("related", f"{ROOT}.xml", NAVIGATION_TYPE)]
    for post in posts:
        page = post.source if post.source.startswith(("https://", "http://")) else book_url(post.files[0])
        lines += ["  <entry>", *_metadata(post), "  " + _link("alternate", page, "" if page == post.source else None)]
        lines += ["  " + _link("enclosure", book_url(file), MEDIA_TYPES[book_suffix(file)]) for file in post.files]
        lines.append("  </entry>")
    return _finished(lines)


def _finished(lines: Sequence[str]) -> bytes:
    return "\n".join([*lines, "</feed>", ""]).encode()


def _feed_start(identifier: str, title: str, updated: str, author: str) -> Iterator[str]:
    yield f"  <id>{identifier}</id>"
    yield f"  <title>{escape(title)}</title>"
    yield f"  <updated>{updated}</updated>"
    yield f"  <author><name>{escape(author)}</name></author>"


def _link(rel: str, href: str, kind: str | None) -> str:
    typed = f' type="{kind}"' if kind else ""
    return f'  <link rel="{rel}" href={quoteattr(href)}{typed}/>'


def _navigation_entry(link: FeedLink, identifier: str) -> Iterator[str]:
    yield "  <entry>"
    yield f"    <id>{identifier}:{quote(link.name)}</id>"
    yield f"    <title>{escape(link.title)}</title>"
    yield f"    <updated>{link.updated}</updated>"
    yield f'    <content type="text">{escape(link.summary)}</content>'
    kind = ACQUISITION_TYPE if link.is_acquisition else NAVIGATION_TYPE
    yield "  " + _link("subsection", f"{quote(link.name)}.xml", kind)
    yield "  </entry>"


def _book_entry(book: CatalogueEntry) -> Iterator[str]:
    cover = quote(cover_file(book.name))
    yield "  <entry>"
    yield from _metadata(book)
    yield "  " + _link(COVER, cover, COVER_TYPE)
    yield "  " + _link(SMALL_COVER, cover, COVER_TYPE)
    for file in book.files:
        yield "  " + _link(ACQUISITION, book_url(file), MEDIA_TYPES[book_suffix(file)])
    yield "  </entry>"


def _metadata(book: CatalogueEntry) -> Iterator[str]:
    yield f"    <id>{book.identifier}</id>"
    yield f"    <title>{escape(book.title)}</title>"
    yield from (f"    <author><name>{escape(author)}</name></author>" for author in book.authors)
    yield f"    <updated>{book.updated}</updated>"
    if book.date:
        yield f"    <published>{book.date + NO_TIME[len(book.date) :]}T00:00:00Z</published>"
        yield f"    <dc:issued>{book.date}</dc:issued>"
    if book.language:
        yield f"    <dc:language>{escape(book.language)}</dc:language>"
    if book.site:
        yield f"    <dc:publisher>{escape(book.site)}</dc:publisher>"
    yield from (f"    <category term={quoteattr(one)} label={quoteattr(one)}/>" for one in book.subjects)
    yield f'    <content type="text">{escape(book.summary)}</content>'  # Atom requires it, or a link to a page
