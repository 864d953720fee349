"""The ZIP file of an export, as Medium, Substack and WordPress.com give it -> its posts. Other ZIP files have none.

Nothing is unpacked to the disk. The titles and dates of Substack are in a table of the export, not in its pages.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.document import SkipDocument, Source
from pipeline.extras import is_installed, missing_extra
from pipeline.read.feed import posts_of_feed, sniff_feed
from pipeline.read.kinds import FileKind
from pipeline.read.pandoc_formats import check_archive, sniff_archive
from pipeline.read.part_names import PART_SUFFIX, readable_name, unique_name
from pipeline.read.readers import READER_VERSIONS, WHY_NO_POSTS, NoPostsInside, Reader
from pipeline.read.repositories import kind_of_exported
from pipeline.read.stored_page import StoredPage, packed_page, read_stored_page
from pipeline.read.wordpress import posts_of_wordpress, sniff_wordpress

_POST = re.compile(r"(?:[^/]+/)?posts/[^/]+\.html")
_TABLE_OF_SUBSTACK = re.compile(r"(?:[^/]+/)?posts\.csv")
_OF_MEDIUM = re.compile(r"(?:[^/]+/)?(?:claps|profile|sessions|ips|bookmarks|users-following)/[^/]+\.html")
_FEED = re.compile(r"(?!__MACOSX/).+\.(?:xml|atom|rss)", re.IGNORECASE | re.DOTALL)
_HEAD_OF_MEMBER = 65_536  # bytes of a file, to see what it is


def posts_of_export(source: Source) -> dict[str, bytes]:
    """Return the posts of an export. Raises NoPostsInside if a ZIP file is none; SkipDocument above the limits."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(source.data))
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.ZIPPED]) from error
    try:
        parts = dict(_posts_of_archive(source, archive))
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        message = "is a damaged or encrypted archive of an export; unpack it, and use the files in it"
        raise SkipDocument(message) from error
    if not parts:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.ZIPPED])
    return parts


def _posts_of_archive(source: Source, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield the posts of an archive, by the kind of export that its names show."""
    names = sorted(one.filename for one in archive.infolist() if not one.is_dir())
    pages = [name for name in names if _POST.fullmatch(name)]
    table = next((name for name in names if _TABLE_OF_SUBSTACK.fullmatch(name)), "")
    if pages and table:
        check_archive(source.data, "zip")
        yield from _posts_of_substack(archive, pages, table)
    elif pages and any(_OF_MEDIUM.fullmatch(name) for name in names):
        check_archive(source.data, "zip")
        if not is_installed("html"):
            raise SkipDocument(missing_extra("web pages", "html"))
        for name in pages:
            stem = PurePosixPath(name).stem
            fields = {"status": "draft"} if kind_of_exported(PurePosixPath(name).name) else {}
            yield stem + PART_SUFFIX, packed_page(StoredPage(archive.read(name), fields=fields))
    else:
        yield from _posts_of_feeds(source, archive, [name for name in names if _FEED.fullmatch(name)])


def _posts_of_feeds(source: Source, archive: zipfile.ZipFile, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the posts of the exports of WordPress and the feeds in an archive, which may be in several files."""
    checked = False
    taken: set[str] = set()
    for name in names:
        with archive.open(name) as file:
            head = file.read(_HEAD_OF_MEMBER)
        read = next((read for sniff, read in _READ_BY if sniff(head)), None)
        if read is None:
            continue
        if not checked:
            check_archive(source.data, "zip")
            checked = True
        for part, data in read(Source(source.path, archive.read(name))).items():
            yield unique_name(part, name, taken), data


_READ_BY = ((sniff_wordpress, posts_of_wordpress), (sniff_feed, posts_of_feed))


@dataclass(frozen=True, slots=True)
class SubstackRow:
    """A line of Substack's table of posts."""

    key: str
    day: str
    fields: dict[str, str]


def _posts_of_substack(archive: zipfile.ZipFile, pages: list[str], table: str) -> Iterator[tuple[str, bytes]]:
    """Yield the posts of Substack; a page that the table does not name has no title."""
    rows = rows_of_substack(archive.read(table))
    taken: set[str] = set()
    for name in pages:
        stem = PurePosixPath(name).stem
        row = rows.get(stem) or SubstackRow(stem, "", {})
        slug = readable_name(re.sub(r"\A\d+\.", "", stem)) or stem
        part = unique_name(f"{row.day}-{slug}{PART_SUFFIX}" if row.day else slug + PART_SUFFIX, stem, taken)
        if archive.getinfo(name).file_size:
            yield part, packed_page(StoredPage(archive.read(name), extract=False, fields=row.fields))


def rows_of_substack(data: bytes) -> Mapping[str, SubstackRow]:
    """Return the lines of Substack's table by `post_id`, which is the name of the page without its suffix."""
    rows = {}
    for one in csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")):
        key = one.get("post_id") or ""
        date = (one.get("post_date") or "").strip()
        published = (one.get("is_published") or "true").strip().lower() == "true"
        fields = {
            "title": (one.get("title") or "").strip(),
            "date": date,
            "description": (one.get("subtitle") or "").strip(),
            "status": "" if published else "draft",
        }
        rows[key] = SubstackRow(key, date[:10] if re.match(r"\d{4}-\d\d-\d\d", date) else "", fields)
    return rows


READER = Reader("export_zip", ("zip",), sniff_archive, read_stored_page, READER_VERSIONS["export_zip"], posts_of_export)
