"""Names of books and feeds -> relative URLs and media types, as OPDS requires."""

from __future__ import annotations

from urllib.parse import quote

NAVIGATION_TYPE = "application/atom+xml;profile=opds-catalog;kind=navigation"
ACQUISITION_TYPE = "application/atom+xml;profile=opds-catalog;kind=acquisition"
JSON_TYPE = "application/opds+json"
COVER_TYPE = "image/jpeg"
ACQUISITION = "http://opds-spec.org/acquisition/open-access"
COVER = "http://opds-spec.org/image"
SMALL_COVER = "http://opds-spec.org/image/thumbnail"
MEDIA_TYPES = {  # suffix -> media type (IANA), in the order of links: e-readers take the first
    ".epub": "application/epub+zip",
    ".pdf": "application/pdf",
    ".azw3": "application/vnd.amazon.mobi8-ebook",
    ".kepub.epub": "application/kepub+zip",  # not registered; the one that calibre uses
}


def book_suffix(file: str) -> str:
    """Return the suffix that names the format of a book; empty for other files.

    >>> book_suffix("editions/Sea 1.2.kepub.epub"), book_suffix("report.html")
    ('.kepub.epub', '')
    """
    return max((suffix for suffix in MEDIA_TYPES if file.endswith(suffix)), key=len, default="")


def book_url(file: str) -> str:
    """Return the URL of a file below out/, relative to a feed.

    >>> book_url("posts/a b.epub")
    '../posts/a%20b.epub'
    """
    return f"../{quote(file)}"


def cover_file(name: str) -> str:
    """Return the file of a book's small cover, below the folder of the feeds.

    >>> cover_file("posts/a b")
    'covers/posts/a b.jpg'
    """
    return f"covers/{name}.jpg"
