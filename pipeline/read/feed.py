"""A feed on the disk (RSS, Atom), an export of Blogger or LiveJournal -> its posts, if it has their whole contents.

Comments and settings of Blogger are left out. Posts of which a feed has only the beginning are left out too.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit

from pipeline.document import SkipDocument, Source
from pipeline.read.exports.feed_post import blogger_kind, content_of, date_of_feed, link_of, title_of_feed
from pipeline.read.exports.wordpress_post import value
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

_FEED_ROOT = re.compile(rb"<(?:(?:\w+:)?(?:rss|feed|RDF)|livejournal)[\s>]")
_AUTHOR_OF_FEED = re.compile(rb"<(?:atom:)?author>.{0,2000}?</(?:atom:)?author>", re.DOTALL)
_DAY_OF_POST = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def sniff_feed(data: bytes) -> bool:
    """Return whether bytes start as RSS 0.9 to 2.0, as Atom, or as an export of LiveJournal."""
    return _FEED_ROOT.match(first_element(data)) is not None


def posts_of_feed(source: Source) -> dict[str, bytes]:
    """Return the posts of a feed, by day and name: `2021-03-09-the-mill.html`.

    Raises SkipDocument if there are more than the limit.
    """
    data = as_bytes_of_ascii(source.data)
    head, found = items_of(data)
    if len(found) > MOST_ITEMS:
        message = f"is a feed of more than {MOST_ITEMS:,} posts; split it"
        raise SkipDocument(message)
    start = declaration_of(data) + b"\n" + b"\n".join(_AUTHOR_OF_FEED.findall(head)) + b"\n"
    taken: set[str] = set()
    parts: dict[str, bytes] = {}
    for one in found:
        fields = xml_fields(one.decode("utf-8", "replace"))
        if blogger_kind(fields) in {"", "post", "page"} and content_of(fields).strip():
            key = (
                value(fields, "id")
                or value(fields, "guid")
                or value(fields, "itemid")
                or hashlib.sha256(one).hexdigest()
            )
            parts[unique_name(_name_of_entry(fields), key, taken)] = packed_page(StoredPage(start + one, form="feed"))
    return parts


def _name_of_entry(fields: list[XmlField]) -> str:
    """Return the name of a part: the day of a post, and the end of its URL or its title."""
    path = urlsplit(link_of(fields) or value(fields, "blogger:filename")).path.rstrip("/")
    last = re.sub(r"\.(?:x?html?|php|aspx?)\Z", "", unquote(path.rpartition("/")[2]))
    slug = readable_name(last) or readable_name(title_of_feed(fields)) or "post"
    day = _DAY_OF_POST.match(date_of_feed(fields))
    return (f"{day[0]}-{slug}" if day else slug) + PART_SUFFIX


READER = Reader("feed", ("xml", "atom", "rss"), sniff_feed, read_stored_page, READER_VERSIONS["feed"], posts_of_feed)
