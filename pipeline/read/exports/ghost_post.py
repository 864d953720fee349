"""A post of a Ghost export, in JSON -> its page as HTML, and its fields: authors, date, tags, description."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

import msgspec

from pipeline.document import SkipDocument
from pipeline.read.exports.ghost_cards import figure_of_ghost, html_of_markdown
from pipeline.read.exports.ghost_editors import html_of_lexical, html_of_mobiledoc
from pipeline.read.exports.wordpress_content import with_paragraphs
from pipeline.read.exports.xml_items import StoredPost
from pipeline.read.pages.lead_picture import picture_stem

SITE_MARK = "__GHOST_URL__"  # what Ghost writes for the URL of the site
_HALF_OF_PAIR = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # U+DC80 to U+DCFF stand for bytes
_SHOWN_STATUS = {"published", "sent"}  # `sent` is a newsletter that is not on the website


@dataclass(frozen=True, slots=True)
class GhostPost:
    """A row of Ghost's table `posts`, the row of `posts_meta` for it, the names of its authors and tags."""

    row: dict[str, Any]
    meta: dict[str, Any] = field(default_factory=dict)
    authors: Sequence[str] = ()
    tags: Sequence[str] = ()


def decoded_json(text: str) -> object:
    """Return what JSON says; control characters may be in its strings. Raises ValueError, RecursionError."""
    return json.loads(text, strict=False)


def packed_post(post: GhostPost) -> bytes:
    """Return a post as bytes; equal posts have equal bytes. Bytes that are not UTF-8 are those of the export."""
    text = json.dumps(asdict(post), ensure_ascii=False, sort_keys=True)
    return _HALF_OF_PAIR.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def post_of_ghost(text: str) -> StoredPost:
    """Return the post that `packed_post` packed."""
    try:
        post = msgspec.convert(decoded_json(text), GhostPost)
    except (ValueError, RecursionError) as error:
        message = "is a post in JSON that is damaged; export it again"
        raise SkipDocument(message) from error
    row = post.row
    html = _content_of_ghost(row).replace(f"{SITE_MARK}/", "/").replace(SITE_MARK, "/")
    lead = _text_of_row(row, "feature_image").replace(f"{SITE_MARK}/", "/") or _text_of_row(row, "image")
    if lead and picture_stem(lead) not in html:
        caption = _text_of_row(post.meta, "feature_image_caption")
        html = figure_of_ghost(lead, _text_of_row(post.meta, "feature_image_alt"), caption) + html
    status = _text_of_row(row, "status")
    known: dict[str, object] = {
        "title": " ".join(_text_of_row(row, "title").split()),
        "authors": [*dict.fromkeys(filter(None, post.authors))],
        "date": date_of_ghost(row),
        "source_url": _text_of_row(row, "canonical_url"),
        "description": _text_of_row(row, "custom_excerpt") or _text_of_row(post.meta, "meta_description"),
        "tags": [*dict.fromkeys(post.tags)],
        "slug": _text_of_row(row, "slug"),
        "status": "" if status in _SHOWN_STATUS else status,
    }
    return StoredPost(f"<body>{html}", known)


def is_blank_post(row: dict[str, Any]) -> bool:
    """Return whether a post has neither text nor pictures, as a draft that its author only opened."""
    return not (_text_of_row(row, "html") or _text_of_row(row, "feature_image") or _content_of_ghost(row))


def date_of_ghost(row: dict[str, Any]) -> str:
    """Return when a post was published, else when it was begun, as ISO 8601; old exports have milliseconds.

    >>> date_of_ghost({"published_at": "2021-03-09T10:00:00.000Z"}), date_of_ghost({"created_at": 1388805572000})
    ('2021-03-09T10:00:00.000Z', '2014-01-04T03:19:32+00:00')
    """
    written = row.get("published_at") or row.get("created_at") or ""
    if isinstance(written, int):
        try:
            return dt.datetime.fromtimestamp(written / 1000, dt.UTC).isoformat(timespec="seconds")
        except (OverflowError, ValueError, OSError):
            return ""
    return written if isinstance(written, str) else ""


def _content_of_ghost(row: dict[str, Any]) -> str:
    """Return the content of a post as HTML: as the website had it, else as the editor stored it."""
    if html := _text_of_row(row, "html"):
        return html
    for name, read in (("lexical", html_of_lexical), ("mobiledoc", html_of_mobiledoc), ("markdown", html_of_markdown)):
        if (written := _text_of_row(row, name)) and (html := read(written)):
            return html
    return with_paragraphs(escape(_text_of_row(row, "plaintext"), quote=False))


def _text_of_row(row: dict[str, Any], name: str) -> str:
    written = row.get(name)
    return written.strip() if isinstance(written, str) else ""
