"""JSON that Facebook, Instagram, Mastodon or Telegram export -> the posts in it, each with its date and author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.document import SkipDocument, Source
from pipeline.read.exports.ghost_post import decoded_json
from pipeline.read.exports.social_posts import (
    SocialPost,
    objects_in,
    posts_of_channel,
    posts_of_meta,
    posts_of_notes,
    posts_of_outbox,
    undone_bytes,
)
from pipeline.read.exports.xml_items import HEAD_BYTES, MOST_ITEMS
from pipeline.read.kinds import FileKind
from pipeline.read.part_names import PART_SUFFIX, readable_name, unique_name
from pipeline.read.readers import READER_VERSIONS, WHY_NO_POSTS, NoPostsInside, Reader
from pipeline.read.stored_page import StoredPage, packed_page, read_stored_page

LONGEST_OPENING = 60  # characters of the first line of a post that are in its name
_OF_META = re.compile(
    rb"\s*(?:\{\s*\"(?:notes_v2|status_updates)\"\s*:\s*)?\[\s*\{.{0,2000}?\"(?:timestamp|creat(?:ion|ed)_timestamp)\"\s*:",
    re.DOTALL,
)
_OUTBOX = re.compile(rb"\s*\{.{0,2000}?\"type\"\s*:\s*\"OrderedCollection\"", re.DOTALL)
_OF_TELEGRAM = re.compile(rb"\s*\{\s*\"(?:name|about)\"\s*:.{0,20000}?\"(?:messages|chats|type)\"\s*:", re.DOTALL)


def sniff_social(data: bytes) -> bool:
    """Return whether bytes start as the posts of Facebook or Instagram, as an outbox, or as chats of Telegram."""
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")
    return any(pattern.match(head) for pattern in (_OF_META, _OUTBOX, _OF_TELEGRAM))


def posts_of_social(source: Source) -> dict[str, bytes]:
    """Return the posts of an export, by date and first line: `2021-03-09-We walked to the mill.html`.

    Raises NoPostsInside if JSON has no posts of these shapes; SkipDocument if it has more than the limit.
    """
    taken: set[str] = set()
    parts: dict[str, bytes] = {}
    try:
        found = decoded_json(source.data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
        posts = [*_posts_in(found)]
    except (ValueError, RecursionError) as error:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.FEED]) from error
    if len(posts) > MOST_ITEMS:
        message = f"is an export of more than {MOST_ITEMS:,} posts; split it"
        raise SkipDocument(message)
    for post in posts:
        fields = {name: value for name, value in post.fields.items() if value}
        html = f"<meta charset=utf-8><body>{post.text}{post.attached}".encode("utf-8", "replace")
        parts[unique_name(_name_of_post(post), html.decode(), taken)] = packed_page(
            StoredPage(html, extract=False, fields=fields)
        )
    if not parts:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.FEED])
    return parts


def _posts_in(found: Any) -> Iterator[SocialPost]:  # noqa: ANN401 - JSON
    """Yield the posts in JSON of any of the shapes."""
    if isinstance(found, dict) and found.get("type") == "OrderedCollection":
        yield from posts_of_outbox(objects_in(found.get("orderedItems")))
    elif isinstance(found, dict) and ("chats" in found or "messages" in found):
        chats = found.get("chats")
        for chat in objects_in(chats.get("list")) if isinstance(chats, dict) else [found]:
            yield from posts_of_channel(chat)
    elif isinstance(found, dict):
        yield from posts_of_notes(objects_in(undone_bytes(found.get("notes_v2"))))
        yield from posts_of_meta(objects_in(undone_bytes(found.get("status_updates"))))
    else:
        yield from posts_of_meta(objects_in(undone_bytes(found)))


def _name_of_post(post: SocialPost) -> str:
    """Return the name of a part: the day of a post, and its title or its first line, perhaps cut off."""
    line = post.fields.get("title") or post.first_line
    cut = line[:LONGEST_OPENING].rpartition(" ")[0] or line[:LONGEST_OPENING]
    name = readable_name(line if len(line) <= LONGEST_OPENING else f"{cut}…") or "post"
    day = re.match(r"\d{4}-\d\d-\d\d", post.fields.get("date", ""))
    return (f"{day[0]}-{name}" if day else name) + PART_SUFFIX


READER = Reader("social", ("json",), sniff_social, read_stored_page, READER_VERSIONS["social"], posts_of_social)
