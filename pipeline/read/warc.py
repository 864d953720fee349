"""WARC and WACZ, what a crawler stored of a website -> one document, with a part for each page of it.

Pictures that the crawler stored are taken from the archive; nothing is requested.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.document import Document, SkipDocument, Source
from pipeline.markdown import matches_outside_code
from pipeline.read.decode_page import decode_page
from pipeline.read.html import PageMarkdown, SavedPage, document_of_page, front_matter, page_markdown
from pipeline.read.page_inlines import escaped
from pipeline.read.page_tree import LargePage
from pipeline.read.pandoc_formats import check_archive
from pipeline.read.readers import READER_VERSIONS, Reader
from pipeline.read.web_archive import MOST_PART_BYTES, PAGE_TYPES

MOST_RECORDS = 100_000  # of one archive
MOST_PAGES = 500  # of one archive; a larger one has to be split
MOST_RECORD_BYTES = 50 * 2**20  # of one page or picture; a larger one is left out
_ARCHIVE_STARTS = (b"WARC/", b"\x1f\x8b", b"PK\x03\x04")
_SAVED_NOTE = re.compile(r"\[\^(\d+)\]")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What a server sent for a URL: its media type, and its bytes without transfer and content encoding."""

    url: str
    kind: str
    data: bytes


def sniff_warc(data: bytes) -> bool:
    """Return whether bytes start as a WARC, packed or not, or as a WACZ."""
    return data.startswith(_ARCHIVE_STARTS)


def read_warc(source: Source) -> tuple[Document, Mapping[str, bytes]]:
    """Return the pages of a WARC or WACZ as one document, and the files of the pictures in it.

    Raises SkipDocument if there is no page in it, or more than the limits.
    """
    pages: dict[str, StoredResponse] = {}
    pictures: dict[str, tuple[str, bytes]] = {}
    size, seen = 0, set[bytes]()
    for one in _responses(source):
        size += len(one.data)
        if size > MOST_PART_BYTES or len(pages) > MOST_PAGES:
            message = f"is an archive of more than {MOST_PAGES} pages or {MOST_PART_BYTES // 2**20} MB; split it"
            raise SkipDocument(message)
        if one.kind in PAGE_TYPES:
            if hashlib.sha256(one.data).digest() not in seen:
                pages.setdefault(one.url, one)
            seen.add(hashlib.sha256(one.data).digest())
        else:
            pictures.setdefault(one.url, (one.kind, one.data))
    if not pages:
        message = "is an archive without a web page; crawl the site again, or add the file to `ignore`"
        raise SkipDocument(message)
    digest = hashlib.sha256(source.data).hexdigest()
    texts = [(url, _page_text(source, one.data)) for url, one in pages.items()]
    documents = [(url, replace(one, meta=replace(one.meta, sha256=digest))) for url, one in texts if one]
    if not documents:
        message = "is an archive whose pages are no text; crawl the site again, or add the file to `ignore`"
        raise SkipDocument(message)
    if len(documents) == 1:
        (url, document), *_ = documents
        return document_of_page(document, SavedPage(document.text, source.path.name, url, pictures))
    return _joined_pages(documents, pictures, source.path.name)


def _joined_pages(
    documents: list[tuple[str, Document]], pictures: Mapping[str, tuple[str, bytes]], name: str
) -> tuple[Document, Mapping[str, bytes]]:
    """Return the pages of one archive as a document with a part for each, and the files of their pictures."""
    parts: list[str] = []
    read: list[PageMarkdown] = []
    left_out: list[str] = []
    for number, (url, document) in enumerate(documents, 1):
        try:
            page = page_markdown(SavedPage(document.text, name, url, pictures))
        except LargePage:
            left_out.append(url)
            continue
        if page.text.strip():
            read.append(page)
            parts.append(_page_part(page, url, number))
    if not parts:
        message = "shows no text; a script may load it: save the pages from a browser, with SingleFile"
        raise SkipDocument(message)
    text = "\n\n".join(parts)
    made = replace(documents[0][1], text=f"{front_matter(read[0].meta)}{text}\n", changes=())
    if left_out:
        made = made.noted("read", f"pages that are too large to be read: {', '.join(left_out)}")
    return made, {file: data for page in read for file, data in page.files.items()}


def _page_part(page: PageMarkdown, url: str, number: int) -> str:
    """Return a page as a part of a document: its title, its URL, its text; numbers of notes are those of the part."""
    text = page.text
    for match in reversed(list(matches_outside_code(_SAVED_NOTE, text))):
        text = f"{text[: match.start()]}[^{number}-{match[1]}]{text[match.end() :]}"
    title = escaped(" ".join((page.meta.title or url).split()))
    return f"# {title}\n\n<{url}>\n\n{text}"


def _page_text(source: Source, data: bytes) -> Document | None:
    """Return a page as our own detector decodes it; None if it is no text."""
    try:
        document = decode_page(Source(source.path, data))
    except SkipDocument:
        return None
    return document


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


READER = Reader("warc", ("warc", "wacz"), sniff_warc, read_warc, READER_VERSIONS["warc"])
