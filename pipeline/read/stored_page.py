"""A page or a chapter as a container stores it <-> bytes that can be read alone, with the pictures that it shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from html import unescape
from typing import Literal
from urllib.parse import urljoin

import msgspec

from pipeline.document import Document, SkipDocument, Source
from pipeline.read.decode_page import decode_page
from pipeline.read.exports.feed_post import post_of_feed
from pipeline.read.exports.ghost_post import post_of_ghost
from pipeline.read.exports.wordpress_post import post_of_wordpress
from pipeline.read.html import SavedPage, document_of_page
from pipeline.read.readers import PictureFiles

_VALUE = re.compile(r"""["']([^"'<>]{1,4000})["']|=([^\s"'<>]{1,4000})""")
_BASE = re.compile(r"""<base\b[^>]{0,200}?\bhref\s*=\s*["']?([^\s"'>]+)""", re.IGNORECASE)
ITEM_FORMS = {"wordpress": post_of_wordpress, "feed": post_of_feed, "ghost": post_of_ghost}
StoredPictures = Mapping[str, tuple[str, bytes]]  # URL -> media type, bytes


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page: its bytes, its URL, its pictures by URL. Without `extract`, all of it is its article.

    `fields` are what the container says of it, as front matter. `form` says what the bytes are: "" HTML,
    else XML or JSON of an export.
    """

    data: bytes
    url: str = ""
    pictures: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    extract: bool = True
    fields: dict[str, str] = field(default_factory=dict)
    form: Literal["", "wordpress", "feed", "ghost"] = ""


def packed_page(page: StoredPage) -> bytes:
    """Return a page as bytes; equal pages have equal bytes."""
    return msgspec.msgpack.encode(replace(page, pictures=dict(sorted(page.pictures.items()))))


def read_stored_page(source: Source) -> tuple[Document, PictureFiles]:
    """Return a page that `packed_page` packed as a document, and the files of its pictures.

    Raises SkipDocument if it is not text, or too large.
    """
    try:
        page = msgspec.msgpack.decode(source.data, type=StoredPage)
    except msgspec.MsgspecError as error:
        message = "is not a part of an archive file; read the archive file"
        raise SkipDocument(message) from error
    document = decode_page(Source(source.path, page.data))
    document = replace(document, meta=replace(document.meta, sha256=hashlib.sha256(source.data).hexdigest()))
    if page.form:
        post = ITEM_FORMS[page.form](document.text)
        document = reduce(lambda made, note: made.noted("read", note), post.notes, document)
        return document_of_page(document, SavedPage(post.html, source.path.name, extract=False, fields=post.fields))
    saved = SavedPage(document.text, source.path.name, page.url, page.pictures, page.extract, page.fields)
    return document_of_page(document, saved)


def pictures_shown(data: bytes, url: str, pictures: StoredPictures) -> dict[str, tuple[str, bytes]]:
    """Return those of some pictures whose URLs are in the attributes of a page; relative ones begin at its base.

    >>> pictures_shown(b'<img src="/a.png">', "https://e.org/b", {"https://e.org/a.png": ("image/png", b"")})
    {'https://e.org/a.png': ('image/png', b'')}
    """
    if not pictures:
        return {}
    text = data.decode("utf-8", "replace")
    base = next((urljoin(url, found) for found in _BASE.findall(text)), url)
    written: set[str] = set()
    for match in _VALUE.finditer(text):
        value = unescape(match[1] or match[2]).strip()
        written.update((value, *(one.rstrip(",") for one in value.split())))
    shown = {}
    for one in written:
        try:
            complete = urljoin(base, one)
        except ValueError:
            continue
        if complete in pictures:
            shown[complete] = pictures[complete]
    return shown
