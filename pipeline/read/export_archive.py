"""The ZIP or tar file of an export, as blogs give it or people pack it -> its posts. Other archives have none.

Medium, Substack, Tumblr, WordPress, Ghost, Blogger, feeds, social networks. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import csv
import mimetypes
import posixpath
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

from pipeline.document import SkipDocument, Source
from pipeline.extras import is_installed, missing_extra
from pipeline.read.exports.packed_files import (
    DAMAGED_EXPORT,
    PACKING_ERRORS,
    PackedFiles,
    packed_files,
    sniff_packed,
    with_inner,
)
from pipeline.read.exports.substack_table import rows_of_substack
from pipeline.read.feed import posts_of_feed, sniff_feed
from pipeline.read.ghost import posts_of_ghost, sniff_ghost
from pipeline.read.kinds import FileKind
from pipeline.read.part_names import PART_SUFFIX, readable_name, unique_name
from pipeline.read.readers import READER_VERSIONS, WHY_NO_POSTS, NoPostsInside, Reader
from pipeline.read.repositories import kind_of_exported
from pipeline.read.social import posts_of_social, sniff_social
from pipeline.read.stored_page import StoredPage, packed_page, read_stored_page
from pipeline.read.wordpress import posts_of_wordpress, sniff_wordpress

_EXPORTED_PAGE = re.compile(r"(?:[^/]+/)?posts/[^/]+\.html")
_TABLE_OF_SUBSTACK = re.compile(r"(?:[^/]+/)?posts\.csv")
_OF_MEDIUM = re.compile(r"(?:[^/]+/)?(?:claps|profile|sessions|ips|bookmarks|users-following)/[^/]+\.html")
_PAGE_OF_TUMBLR = re.compile(r"(?:[^/]+/){0,2}html/\d+\.html")
_INDEX_OF_TUMBLR = re.compile(r"(?:[^/]+/){0,2}posts_index\.html")
_POSTS_OF_TUMBLR = re.compile(r"(?:[^/]+/)?posts/posts\.zip")
_FEED_FILE = re.compile(r"(?!__MACOSX/).+\.(?:xml|atom|rss|json)", re.IGNORECASE | re.DOTALL)
_IMAGE_SOURCE = re.compile(rb"<img\b[^<>]*?\ssrc\s*=\s*[\"']([^\"'<>:]{1,400})[\"']", re.IGNORECASE)
_READ_BY = (
    (sniff_wordpress, posts_of_wordpress),
    (sniff_feed, posts_of_feed),
    (sniff_ghost, posts_of_ghost),
    (sniff_social, posts_of_social),
)


def posts_of_export(source: Source) -> dict[str, bytes]:
    """Return the posts of an export. Raises NoPostsInside if an archive is none; SkipDocument above the limits."""
    try:
        files = packed_files(source.data)
    except PACKING_ERRORS as error:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.ZIPPED]) from error
    try:
        parts = dict(_posts_of_archive(source, files))
    except (*PACKING_ERRORS, csv.Error) as error:
        raise SkipDocument(DAMAGED_EXPORT) from error
    if not parts:
        raise NoPostsInside(WHY_NO_POSTS[FileKind.ZIPPED])
    return parts


def _posts_of_archive(source: Source, files: PackedFiles) -> Iterator[tuple[str, bytes]]:
    """Yield the posts of an archive, by the kind of export that its names show."""
    inner = next((name for name in sorted(files.sizes) if _POSTS_OF_TUMBLR.fullmatch(name)), "")
    files = with_inner(files, inner) if inner else files
    names = sorted(files.sizes)
    pages = [name for name in names if _EXPORTED_PAGE.fullmatch(name)]
    table = next((name for name in names if _TABLE_OF_SUBSTACK.fullmatch(name)), "")
    of_tumblr = any(map(_INDEX_OF_TUMBLR.fullmatch, names)) and [*filter(_PAGE_OF_TUMBLR.fullmatch, names)]
    if pages and table:
        files.check()
        yield from _posts_of_substack(files, pages, table)
    elif pages and any(map(_OF_MEDIUM.fullmatch, names)):
        files.check()
        yield from _posts_of_pages(files, pages)
    elif of_tumblr:
        files.check()
        yield from _posts_of_pages(files, of_tumblr)
    else:
        yield from _posts_of_feeds(source, files, [name for name in names if _FEED_FILE.fullmatch(name)])


def _posts_of_pages(files: PackedFiles, pages: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of Medium or Tumblr, each with the pictures of the archive that it shows."""
    if not is_installed("html"):
        raise SkipDocument(missing_extra("web pages", "html"))
    for name in pages:
        data = files.read(name)
        fields = {"status": "draft"} if kind_of_exported(PurePosixPath(name).name) else {}
        stored = StoredPage(data, pictures=_pictures_beside(files, name, data), fields=fields)
        yield PurePosixPath(name).stem + PART_SUFFIX, packed_page(stored)


def _pictures_beside(files: PackedFiles, name: str, data: bytes) -> dict[str, tuple[str, bytes]]:
    """Return the pictures of an archive that a page shows, by their URLs as the page has them."""
    found = {}
    for written in dict.fromkeys(_IMAGE_SOURCE.findall(data)):
        url = written.decode("utf-8", "replace")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(url)))
        if file in files.sizes:
            found[url] = (mimetypes.guess_type(file)[0] or "", files.read(file))
    return found


def _posts_of_feeds(source: Source, files: PackedFiles, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the posts of the exports of WordPress and Ghost and of the feeds in an archive, in one file or several."""
    checked = False
    taken: set[str] = set()
    for name in names:
        head = files.head(name)
        read = next((read for sniff, read in _READ_BY if sniff(head)), None)
        if read is None:
            continue
        if not checked:
            files.check()
            checked = True
        for part, stored in read(Source(source.path, files.read(name))).items():
            yield unique_name(part, name, taken), stored


def _posts_of_substack(files: PackedFiles, pages: list[str], table: str) -> Iterator[tuple[str, bytes]]:
    """Yield the posts of Substack; a page that the table does not name has no title."""
    rows = rows_of_substack(files.read(table))
    taken: set[str] = set()
    for name in pages:
        stem = PurePosixPath(name).stem
        fields = rows.get(stem, {})
        day = re.match(r"\d{4}-\d\d-\d\d", fields.get("date", ""))
        slug = readable_name(re.sub(r"\A\d+\.", "", stem)) or stem
        part = unique_name(f"{day[0]}-{slug}{PART_SUFFIX}" if day else slug + PART_SUFFIX, stem, taken)
        if files.sizes[name]:
            yield part, packed_page(StoredPage(files.read(name), extract=False, fields=dict(fields)))


READER = Reader(
    "export_archive", ("zip", "tar"), sniff_packed, read_stored_page, READER_VERSIONS["export_archive"], posts_of_export
)
