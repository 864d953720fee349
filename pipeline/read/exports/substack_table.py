"""Substack's table of posts, `posts.csv` -> what it says about the page of a post: its title, date and subtitle.

The pages in `posts/` have none of these. In an unpacked export, the table is next to the folder of the pages.
"""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Mapping
from os import stat_result
from pathlib import Path, PurePosixPath

from pipeline.read.below import read_below, stat_below

SUBSTACK_TABLE, SUBSTACK_PAGES = "posts.csv", "posts"
MOST_TABLE_BYTES = 50 * 2**20  # a post takes about 200
TableFields = Mapping[str, str]


def rows_of_substack(data: bytes) -> Mapping[str, TableFields]:
    r"""Return the fields of each post by `post_id`, which is the name of its page without the suffix.

    >>> rows_of_substack(b"post_id,post_date,is_published,title\n1.mill,2021-03-09,false,The mill\n")["1.mill"]
    {'title': 'The mill', 'date': '2021-03-09', 'description': '', 'status': 'draft'}
    """
    rows = {}
    table = csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    for one in table if "post_id" in (table.fieldnames or ()) else ():
        published = (one.get("is_published") or "true").strip().lower() == "true"
        rows[one.get("post_id") or ""] = {
            "title": (one.get("title") or "").strip(),
            "date": (one.get("post_date") or "").strip(),
            "description": (one.get("subtitle") or "").strip(),
            "status": "" if published else "draft",
        }
    return rows


def table_of_page(path: str) -> PurePosixPath | None:
    """Return where the table of a page is if it is of an unpacked export; None for a file that cannot be its page.

    >>> str(table_of_page("a/posts/1.mill.html")), table_of_page("a/1.mill.html")
    ('a/posts.csv', None)
    """
    if not path.endswith(".html"):
        return None
    *folders, _ = path.split("/")
    return PurePosixPath(*folders[:-1], SUBSTACK_TABLE) if folders[-1:] == [SUBSTACK_PAGES] else None


def stat_of_table(root: Path, path: str) -> stat_result | None:
    """Return the status of the table of a page below `root`; None if there is none."""
    table = table_of_page(path)
    try:
        return stat_below(root, table) if table else None
    except OSError:
        return None


def fields_in_table(root: Path, path: str) -> TableFields:
    """Return what the table of an unpacked export says about a page; nothing if there is none."""
    table, state = table_of_page(path), stat_of_table(root, path)
    if table is None or state is None:
        return {}
    return _rows_below(root, table, state.st_mtime_ns, state.st_size).get(PurePosixPath(path).stem, {})


@functools.lru_cache(maxsize=4)
def _rows_below(root: Path, table: PurePosixPath, _changed: int, _size: int) -> Mapping[str, TableFields]:
    try:
        return rows_of_substack(read_below(root, table, MOST_TABLE_BYTES))
    except (OSError, csv.Error):
        return {}
