"""WARC and WACZ, what a crawler stored of a website -> its pages, each with the pictures that it shows.

Pictures that the crawler stored are taken from the archive; nothing is requested.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.document import SkipDocument, Source
from pipeline.read.html import sniff_html
from pipeline.read.pandoc_formats import MOST_UNPACKED, check_archive
from pipeline.read.part_names import name_of_url, unique_name
from pipeline.read.readers import READER_VERSIONS, Reader
from pipeline.read.stored_page import StoredPage, packed_page, pictures_shown, read_stored_page
from pipeline.read.web_archive import PAGE_TYPES

MOST_RECORDS = 100_000  # of one archive
MOST_PAGES = 5_000  # of one archive; a larger one has to be split
MOST_RECORD_BYTES = 50 * 2**20  # of one page or picture; a larger one is left out
_ARCHIVE_STARTS = (b"WARC/", b"\x1f\x8b", b"PK\x03\x04")
_TAG_OR_ENTITY = re.compile(rb"<[^<>]*>|&[#\w]+;")
_SHOWN_LETTER = re.compile(rb"[\w\x80-\xff]")
_PICTURE = re.compile(rb"<(?:img|picture|svg)\b")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What a server sent for a URL: its media type, and its bytes without transfer and content encoding."""

    url: str
    kind: str
    data: bytes


def sniff_warc(data: bytes) -> bool:
    """Return whether bytes start as a WARC, packed or not, or as a WACZ."""
    return data.startswith(_ARCHIVE_STARTS)


def pages_of_warc(source: Source) -> dict[str, bytes]:
    """Return the pages of a WARC or WACZ by the name of their URL; of equal pages the first, and none without text.

    Raises SkipDocument if there is no page in it, or more than the limits.
    """
    pages: dict[str, StoredResponse] = {}
    pictures: dict[str, tuple[str, bytes]] = {}
    size, seen = 0, set[bytes]()
    for one in _responses(source):
        size += len(one.data)
        if size > MOST_UNPACKED or len(pages) > MOST_PAGES:
            message = f"is an archive of more than {MOST_PAGES:,} pages or {MOST_UNPACKED // 2**20} MB; split it"
            raise SkipDocument(message)
        if one.kind not in PAGE_TYPES:
            pictures.setdefault(one.url, (one.kind, one.data))
        elif (digest := hashlib.sha256(one.data).digest()) not in seen:
            seen.add(digest)
            if sniff_html(one.data) and _shows_something(one.data):
                pages.setdefault(one.url, one)
    if not pages:
        message = "is an archive without a web page; crawl the site again, or add the file to `ignore`"
        raise SkipDocument(message)
    taken: set[str] = set()
    return {
        unique_name(name_of_url(url), url, taken): packed_page(
            StoredPage(one.data, url, pictures_shown(one.data, url, pictures))
        )
        for url, one in pages.items()
    }


def _shows_something(data: bytes) -> bool:
    """Return whether a page has text or pictures; many responses are frames that only hold scripts.

    >>> _shows_something(b"<title>Ad</title><body><script>x()</script>"), _shows_something(b"<body><p>a")
    (False, True)
    """
    plain = data.replace(b"\0", b"").lower()
    for name in (b"script", b"style", b"title"):
        first, *others = plain.split(b"<" + name)
        plain = first + b"".join(one.partition(b"</" + name)[2].partition(b">")[2] for one in others)
    return _PICTURE.search(plain) is not None or _SHOWN_LETTER.search(_TAG_OR_ENTITY.sub(b"", plain)) is not None


def _responses(source: Source) -> Iterator[StoredResponse]:
    """Yield the pages and pictures of an archive. One that is cut off ends where it is cut."""
    if not source.data.startswith(b"PK"):
        yield from _responses_of_warc(source.data)
        return
    check_archive(source.data, "wacz")
    with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("archive/") and name.endswith((".warc", ".warc.gz")):
                yield from _responses_of_warc(archive.read(name))


def _responses_of_warc(data: bytes) -> Iterator[StoredResponse]:
    from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415 - needs the extra `html`
    from warcio.exceptions import ArchiveLoadFailed  # noqa: PLC0415 - the same

    try:
        for number, record in enumerate(ArchiveIterator(io.BytesIO(data))):
            if number > MOST_RECORDS:
                return
            if record.rec_type in {"response", "resource"} and (one := _response_of(record)):
                yield one
    except (ArchiveLoadFailed, EOFError, OSError, ValueError, zlib.error):
        return


def _response_of(record: Any) -> StoredResponse | None:  # noqa: ANN401 - warcio has no types
    """Return a record as a response; None for failures, and for what is neither a page nor a picture."""
    headers = record.http_headers
    if headers is not None and headers.get_statuscode() != "200":
        return None
    written = (
        headers.get_header("Content-Type") if headers is not None else record.rec_headers.get_header("Content-Type")
    )
    kind = str(written or "").partition(";")[0].strip().lower()
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    if not url.startswith(("http://", "https://")) or not (kind in PAGE_TYPES or kind.startswith("image/")):
        return None
    data = record.content_stream().read(MOST_RECORD_BYTES + 1)
    return StoredResponse(url, kind, data) if data and len(data) <= MOST_RECORD_BYTES else None


READER = Reader("warc", ("warc", "wacz"), sniff_warc, read_stored_page, READER_VERSIONS["warc"], pages_of_warc)
