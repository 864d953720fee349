"""A WordPress export (WXR, `.xml`) -> its posts and pages, each with the pictures and blocks that it refers to.

Menus, revisions and what plugins store are left out, and so are comments. Drafts are parts whose status says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pipeline.document import SkipDocument, Source
from pipeline.read.exports.wordpress_content import GALLERY, REUSED_BLOCK
from pipeline.read.exports.wordpress_post import thumbnail_of, title_of, value
from pipeline.read.exports.xml_items import (
    MOST_ITEMS,
    XmlField,
    as_bytes_of_ascii,
    declaration_of,
    first_element,
    items_of,
    xml_fields,
)
from pipeline.read.part_names import PART_SUFFIX, readable_name, unique_name
from pipeline.read.readers import READER_VERSIONS, Reader
from pipeline.read.stored_page import StoredPage, packed_page, read_stored_page

_NEVER_POSTS = re.compile(
    r"attachment|revision|nav_menu_item|wp_\w+|custom_css|customize_changeset|oembed_cache|user_request|elementor_\w+"
    r"|acf-\w+|jp_\w+|feedback|product_variation|shop_\w+"
)
_ADDRESS_OF_NO_PAGE = re.compile(r"[?&]post_type=")  # of what a website has no page for
_THROWN_AWAY = {"auto-draft", "trash"}
_AUTHOR_BYTES = re.compile(rb"<wp:author>.*?</wp:author>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """An item of an export: its bytes, and its fields with characters as UTF-8 has them."""

    data: bytes
    fields: Sequence[XmlField]

    def value(self, name: str) -> str:
        """Return the text of the first field with a name; "" if there is none."""
        return value(self.fields, name)


def sniff_wordpress(data: bytes) -> bool:
    """Return whether bytes start as a WordPress export: RSS with the namespace of WordPress."""
    first = first_element(data)
    return first.startswith(b"<rss") and b"xmlns:wp=" in first


def posts_of_wordpress(source: Source) -> dict[str, bytes]:
    """Return the posts and pages of an export, by date and name: `2021-03-09-the-mill.html`, `page/about.html`.

    Raises SkipDocument if there are more than the limit.
    """
    data = as_bytes_of_ascii(source.data)
    head, found = items_of(data)
    if len(found) > MOST_ITEMS:
        message = f"is an export of more than {MOST_ITEMS:,} items; export it in parts, for example by year"
        raise SkipDocument(message)
    items = [ExportedItem(one, xml_fields(one.decode("utf-8", "replace"))) for one in found]
    pictures = {one.value("wp:post_id"): one for one in items if one.value("wp:post_type") == "attachment"}
    blocks = {one.value("wp:post_id"): one for one in items if one.value("wp:post_type") == "wp_block"}
    uploaded: dict[str, list[str]] = {}
    for number, one in pictures.items():
        uploaded.setdefault(one.value("wp:post_parent"), []).append(number)
    start = declaration_of(data) + b"\n" + b"\n".join(_AUTHOR_BYTES.findall(head))
    taken: set[str] = set()
    parts: dict[str, bytes] = {}
    for one in items:
        if _is_post(one):
            references = [*_blocks_in(one, blocks), *_pictures_of(one, pictures, uploaded)]
            piece = b"\n".join((start, *(other.data for other in references), one.data))
            key = one.value("wp:post_id") or hashlib.sha256(one.data).hexdigest()
            parts[unique_name(_name_of_export(one), key, taken)] = packed_page(StoredPage(piece, form="wordpress"))
    return parts


def _is_post(item: ExportedItem) -> bool:
    """Return whether an item is a text of a person: a post, a page, or of a kind that the website has pages for."""
    kind = item.value("wp:post_type") or "post"
    if kind not in {"post", "page"}:
        address = item.value("link")
        if _NEVER_POSTS.fullmatch(kind) or not address or _ADDRESS_OF_NO_PAGE.search(address):
            return False
    return item.value("wp:status") not in _THROWN_AWAY and bool(item.value("content:encoded"))


def _blocks_in(item: ExportedItem, blocks: Mapping[str, ExportedItem]) -> Iterator[ExportedItem]:
    numbers = dict.fromkeys(REUSED_BLOCK.findall(item.value("content:encoded")))
    return (blocks[number] for number in numbers if number in blocks)


def _pictures_of(
    item: ExportedItem, pictures: Mapping[str, ExportedItem], uploaded: Mapping[str, Sequence[str]]
) -> Iterator[ExportedItem]:
    """Yield the attachments that a post shows: the picture that stands for it, and those of galleries."""
    numbers = [thumbnail_of(item.fields)]
    for written in GALLERY.findall(item.value("content:encoded")):
        numbers += re.findall(r"\d+", written) if "ids" in written or "include" in written else ()
        numbers += () if "ids" in written or "include" in written else uploaded.get(item.value("wp:post_id"), ())
    return (pictures[number] for number in dict.fromkeys(numbers) if number in pictures)


def _name_of_export(item: ExportedItem) -> str:
    """Return the name of a part: its kind if it is not a post, the day of a post, its name in URLs or its title."""
    kind = item.value("wp:post_type") or "post"
    slug = readable_name(unquote(item.value("wp:post_name"))) or readable_name(title_of(item.value("title")))
    slug = slug or item.value("wp:post_id") or "post"
    day = item.value("wp:post_date")[:10]
    dated = f"{day}-{slug}" if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", day) else slug
    return (dated if kind == "post" else f"{readable_name(kind)}/{slug}") + PART_SUFFIX


READER = Reader(
    "wordpress", ("xml",), sniff_wordpress, read_stored_page, READER_VERSIONS["wordpress"], posts_of_wordpress
)
