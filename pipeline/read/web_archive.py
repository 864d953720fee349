"""MHTML (`.mhtml`, `.mht`): a page and its pictures in one file, as browsers save it -> the page, read as HTML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from pipeline.document import Document, SkipDocument, Source
from pipeline.read.decode_page import decode_page
from pipeline.read.html import SavedPage, document_of_page
from pipeline.read.readers import READER_VERSIONS, Reader

MOST_ARCHIVE_PARTS = 5_000  # of one archive
MOST_PART_BYTES = 200 * 2**20  # of all parts together
_HEAD = re.compile(rb"\A\s*(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){1,40}", re.DOTALL)
_MULTIPART = re.compile(rb"^content-type:\s*(?:multipart/|text/html)", re.IGNORECASE | re.MULTILINE)


def sniff_mhtml(data: bytes) -> bool:
    """Return whether bytes start as a message of MIME with a page in it."""
    head = _HEAD.match(data[:16384])
    return head is not None and _MULTIPART.search(head[0]) is not None and b"mime-version" in head[0].lower()


def read_mhtml(source: Source) -> tuple[Document, Mapping[str, bytes]]:
    """Return the page of an MHTML archive; the bytes of its text go to our own detector.

    Raises SkipDocument if there is no page in it, or more than the limits.
    """
    try:
        parts = [part for part in message_from_bytes(source.data, policy=compat32).walk() if not part.is_multipart()]
    except RecursionError as error:
        message = "is an archive with parts nested too deep; save the page again"
        raise SkipDocument(message) from error
    contents = [(part, _content(part)) for part in parts[: MOST_ARCHIVE_PARTS + 1]]
    if len(parts) > MOST_ARCHIVE_PARTS or sum(len(data) for _, data in contents) > MOST_PART_BYTES:
        limit = f"{MOST_ARCHIVE_PARTS:,} parts or {MOST_PART_BYTES // 2**20} MB"
        message = f"is an archive of more than {limit}; save the page again"
        raise SkipDocument(message)
    page = next(((part, data) for part, data in contents if part.get_content_type() in PAGE_TYPES and data), None)
    if page is None:
        message = "is an archive without a web page; save the page again"
        raise SkipDocument(message)
    url = _header(page[0], "Content-Location")
    document = decode_page(Source(source.path, page[1]))
    document = replace(document, meta=replace(document.meta, sha256=_sha256(source)))
    folder = "" if url.startswith(("http://", "https://")) else url.rpartition("/")[0] + "/" * ("/" in url)
    known: dict[str, tuple[str, bytes]] = {}
    for part, data in contents:
        if part.get_content_maintype() == "image":
            place = _header(part, "Content-Location")
            beside = place.removeprefix(folder) if folder else ""  # as Word writes it: file:///C:/x/page.files/1.png
            for name in (place, _cid(part), beside):
                if name:
                    known.setdefault(name, (part.get_content_type(), data))
    url = url if url.startswith(("http://", "https://")) else ""
    return document_of_page(document, SavedPage(document.text, source.path.name, url, known))


PAGE_TYPES = {"text/html", "application/xhtml+xml"}


def _content(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _header(part: Message, name: str) -> str:
    return re.sub(r"\r?\n[ \t]*", "", str(part.get(name) or "")).strip()


def _cid(part: Message) -> str:
    identifier = _header(part, "Content-ID").strip("<>")
    return f"cid:{identifier}" if identifier else ""


def _sha256(source: Source) -> str:
    return hashlib.sha256(source.data).hexdigest()


READER = Reader("mhtml", ("mhtml", "mht", "html", "htm"), sniff_mhtml, read_mhtml, READER_VERSIONS["mhtml"])
