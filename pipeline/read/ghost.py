"""The JSON export of a blog on Ghost -> its posts and pages, each with its authors and tags."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pipeline.document import SkipDocument, Source
from pipeline.read.exports.ghost_post import GhostPost, date_of_ghost, decoded_json, is_blank_post, packed_post
from pipeline.read.exports.xml_items import HEAD_BYTES, MOST_ITEMS
from pipeline.read.kinds import FileKind
from pipeline.read.part_names import PART_SUFFIX, readable_name, unique_name
from pipeline.read.readers import READER_VERSIONS, WHY_NO_POSTS, NoPostsInside, Reader
from pipeline.read.stored_page import StoredPage, packed_page, read_stored_page

_START_OF_EXPORT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"(?:db|meta|data)\"\s*:")
GhostRow: TypeAlias = dict[str, Any]  # of a table of Ghost's database
MOST_META = 4096  # bytes of an export before its first table


def sniff_ghost(data: bytes) -> bool:
    """Return whether bytes start as the export of Ghost: `{"db":[{"meta":…`, or what is in it."""
    return _START_OF_EXPORT.match(data[:HEAD_BYTES]) is not None


def posts_of_ghost(source: Source) -> dict[str, bytes]:
    """Return the posts and pages of an export, by date and name: `2021-03-09-the-mill.html`, `page/about.html`.

    Raises NoPostsInside if JSON is not an export of Ghost, SkipDocument if it is cut off or has too many posts.
    """
    tables = _tables_of(source.data)
    rows = [
        one for one in _rows_of_table(tables, "posts") if isinstance(one.get("title"), str) and not is_blank_post(one)
    ]
    if not rows:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.FEED])
    if len(rows) > MOST_ITEMS:
        message = f"is an export of more than {MOST_ITEMS:,} posts; split it"
        raise SkipDocument(message)
    tags = _names_by_post(tables, "posts_tags", "tag_id", _rows_by_id(tables, "tags"))
    users = _rows_by_id(tables, "users")
    authors = _names_by_post(tables, "posts_authors", "author_id", users)
    meta = {str(one.get("post_id")): one for one in _rows_of_table(tables, "posts_meta")}
    taken: set[str] = set()
    parts: dict[str, bytes] = {}
    for row in rows:
        key = str(row.get("id"))
        by_row = [str(users[one].get("name") or "")] if (one := str(row.get("author_id"))) in users else []
        post = GhostPost(row, meta.get(key, {}), authors.get(key) or by_row, tags.get(key, []))
        parts[unique_name(_name_of_ghost(row), key, taken)] = packed_page(StoredPage(packed_post(post), form="ghost"))
    return parts


def _tables_of(data: bytes) -> GhostRow:
    """Return the tables of an export: those of `db[0].data`, of `data`, as older versions write them."""
    try:
        found: Any = decoded_json(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        if b'"posts"' in data[:MOST_META]:
            message = "is an export of Ghost, but no valid JSON; export it again"
            raise SkipDocument(message) from error
        raise NoPostsInside(WHY_NO_POSTS[FileKind.FEED]) from error
    if isinstance(found, dict) and isinstance(found.get("db"), list) and found["db"]:
        found = found["db"][0]
    tables = found.get("data") if isinstance(found, dict) else None
    return tables if isinstance(tables, dict) else {}


def _rows_of_table(tables: Mapping[str, Any], name: str) -> Sequence[GhostRow]:
    rows = tables.get(name)
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _rows_by_id(tables: Mapping[str, Any], name: str) -> Mapping[str, GhostRow]:
    return {str(one.get("id")): one for one in _rows_of_table(tables, name)}


def _names_by_post(
    tables: Mapping[str, Any], links: str, key: str, named: Mapping[str, GhostRow]
) -> Mapping[str, list[str]]:
    """Return the names of tags or authors by post, in their order; `#internal` tags are shown to nobody."""
    found: dict[str, list[str]] = {}
    for link in sorted(_rows_of_table(tables, links), key=_sort_order):
        name = str(named.get(str(link.get(key)), {}).get("name") or "").strip()
        if name and not name.startswith("#"):
            found.setdefault(str(link.get("post_id")), []).append(name)
    return found


def _sort_order(link: GhostRow) -> int:
    order = link.get("sort_order")
    return order if isinstance(order, int) else 0


def _name_of_ghost(row: GhostRow) -> str:
    """Return the name of a part: its kind if it is not a post, the day of a post, its name in URLs or its title."""
    slug = readable_name(str(row.get("slug") or "")) or readable_name(str(row["title"])) or "post"
    if row.get("type") == "page" or row.get("page") == 1:
        return f"page/{slug}{PART_SUFFIX}"
    day = re.match(r"\d{4}-\d\d-\d\d", date_of_ghost(row))
    return (f"{day[0]}-{slug}" if day else slug) + PART_SUFFIX


READER = Reader("ghost", ("json",), sniff_ghost, read_stored_page, READER_VERSIONS["ghost"], posts_of_ghost)
