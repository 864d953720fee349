"""The state of an archive -> pages of what is open to decide, the least confident first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from pipeline.decisions.decision import Decision, is_about_document
from pipeline.decisions.open_item import OpenItem
from pipeline.decisions.post_values import PostValues, values_of_post

BUSY_SECONDS = 10  # to wait for a run that is writing
KEPT_PREFIX = "keep "  # before the path of a document, in the list of closed keys
SKIPPED_PREFIX = "skip "  # the same
_SCHEMA = """
CREATE TEMP TABLE closed (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP VIEW listed AS
SELECT confidence, path, line, id, pair, kind, item, NULL AS of, '' AS why FROM main.open_items
UNION ALL
SELECT similarity, path, 0, 'keep ' || path, 'keep ' || duplicate_of, '', NULL, duplicate_of, why FROM main.documents
WHERE duplicate_of IS NOT NULL AND similarity < 1
AND NOT EXISTS (SELECT 1 FROM main.kept WHERE kept.path IN (documents.path, duplicate_of));
"""
_KEYS_OF_ROW = ("id", "pair", "kind", f"'{SKIPPED_PREFIX}' || path")
_IS_OPEN = " AND ".join(f"{key} NOT IN (SELECT key FROM closed)" for key in _KEYS_OF_ROW)  # noqa: S608 - ours
_FIRST = (-1.0, "", 0, "")


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page of open items; `next` is where the next page starts, empty after the last one."""

    items: tuple[OpenItem, ...]
    next: str = ""


class OpenItems:
    """What is open to decide in an archive: the state that the last run left, without what was decided since.

    Its database is only read. Use it in a `with` block.
    """

    def __init__(self, state: Path, decisions: Iterable[Decision] = ()) -> None:
        """Read the file `.state.sqlite` of clean/; `decisions` are those of decisions.jsonl. Raises OSError."""
        self.on_posts: dict[str, Decision] = {}  # the decisions to correct or to skip posts, by key
        if not state.is_file():
            message = "no state of a run; run `lacuna run` first"
            raise FileNotFoundError(2, message, str(state))
        uri = f"{state.absolute().as_uri()}?mode=ro"
        self.db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
        try:
            self.db.executescript(_SCHEMA)
            self.learn(decisions)
            self.db.execute("SELECT 1 FROM listed LIMIT 1")
        except sqlite3.Error as error:
            self.db.close()
            message = f"cannot be read ({error}); run `lacuna run` first"
            raise OSError(0, message, str(state)) from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.db.close()

    def learn(self, decisions: Iterable[Decision]) -> None:
        """Close the items that these decisions are about; a withdrawn decision opens its item again."""
        for one in decisions:
            change = "DELETE FROM closed WHERE key = ?" if one.withdrawn else "INSERT OR IGNORE INTO closed VALUES (?)"
            self.db.executemany(change, [(key,) for key in self._closed_by(one)])
            if is_about_document(one) and one.verdict != "keep":
                self.on_posts.pop(one.key, None)
                self.on_posts |= {} if one.withdrawn else {one.key: one}

    def _closed_by(self, decision: Decision) -> list[str]:
        """Return the keys that a decision closes in the list: its own, or that of a kept or skipped document."""
        if decision.verdict == "keep":
            return [f"{KEPT_PREFIX}{decision.document}"]
        if decision.verdict != "skip":
            return [decision.key]
        query = "SELECT path FROM documents WHERE path = ? AND (sha256 = ? OR ? IN ('', title))"
        found = self.db.execute(query, (decision.document, decision.sha256, decision.before))
        return [f"{SKIPPED_PREFIX}{path}" for (path,) in found]

    def is_open(self, item: OpenItem) -> bool:
        """Return whether nobody has decided on an item, its pair or its kind, or skipped its document."""
        keys = (item.id, f"{KEPT_PREFIX}{item.after}", item.id) if item.kind == "duplicate" else item.keys
        query = "SELECT 1 FROM closed WHERE key IN (?, ?, ?, ?)"
        return self.db.execute(query, (*keys, f"{SKIPPED_PREFIX}{item.document}")).fetchone() is None

    def page(
        self, start: str = "", *, size: int = 50, kind: str = "", document: str = "", below: float = 1.0
    ) -> OpenPage:
        """Return a page of at most `size` items from `start`, the `next` of the page before.

        `kind` is inferred or duplicate, `document` a path; only items with a confidence under `below` are listed.
        """
        condition, values = _filters(kind, document, below)
        after = tuple(json.loads(start)) if start else _FIRST
        query = (
            f"SELECT * FROM listed WHERE (confidence, path, line, id) > (?, ?, ?, ?) AND {_IS_OPEN}{condition} "  # noqa: S608 - ours
            "ORDER BY confidence, path, line, id LIMIT ?"
        )
        rows = self.db.execute(query, (*after, *values, size + 1)).fetchall()
        groups: dict[str, int] = {}
        items = tuple(self._item(row, groups) for row in rows[:size])
        return OpenPage(items, json.dumps(rows[size - 1][:4]) if len(rows) > size else "")

    def count(self, *, kind: str = "", document: str = "", below: float = 1.0) -> int:
        """Return how many items are open, with the filters of `page`."""
        condition, values = _filters(kind, document, below)
        return int(self.db.execute(f"SELECT count(*) FROM listed WHERE {_IS_OPEN}{condition}", values).fetchone()[0])  # noqa: S608 - ours

    def item(self, item_id: str, document: str) -> OpenItem | None:
        """Return one item of a document, decided or not; None if there is none."""
        row = self.db.execute("SELECT * FROM listed WHERE path = ? AND id = ?", (document, item_id)).fetchone()
        return self._item(row, {}) if row else None

    def documents(self) -> list[tuple[str, int]]:
        """Return the paths of documents with open items, and how many each has, by path."""
        query = f"SELECT path, count(*) FROM listed WHERE {_IS_OPEN} GROUP BY path ORDER BY path"  # noqa: S608 - ours
        return [(path, count) for path, count in self.db.execute(query)]

    def post(self, document: str) -> PostValues | None:
        """Return title, author, date and language of the post at `document`; None if the last run did not see it."""
        return values_of_post(self.db, self.on_posts.values(), document)

    def source_of(self, clean_file: str) -> str:
        """Return the path below raw/ of the source of a file, given by its path below clean/; "" if there is none."""
        query = "SELECT owner FROM outputs WHERE root = '.' AND name = ?"
        row = self.db.execute(query, (clean_file,)).fetchone()
        return str(row[0]) if row else ""

    def text_of(self, document: str) -> str:
        """Return the clean text of a document, e.g. to show two duplicates side by side; empty if it has none."""
        query = "SELECT outcome FROM documents JOIN contents USING (path) WHERE path = ? AND kind = 'cleaned'"
        with closing(self.db.execute(query, (document,))) as rows:
            row = rows.fetchone()
        return msgspec.msgpack.decode(row[0], type=_WithText).text if row else ""

    def _item(self, row: Sequence[Any], groups: dict[str, int]) -> OpenItem:
        confidence, path, _, item_id, pair, _, packed, of, why = row
        if packed is None:
            return self._duplicate(item_id, path, of, why, confidence)
        if pair not in groups:
            query = f"SELECT count(*) FROM open_items WHERE pair = ? AND {_IS_OPEN}"  # noqa: S608 - ours
            groups[pair] = int(self.db.execute(query, (pair,)).fetchone()[0])
        return replace(msgspec.msgpack.decode(packed, type=OpenItem), group=groups[pair])

    def _duplicate(self, item_id: str, path: str, of: str, why: str, similarity: float) -> OpenItem:
        """Return the question which of two near-duplicates is kept; `left` and `right` are their titles."""
        titles = dict(self.db.execute("SELECT path, title FROM documents WHERE path IN (?, ?)", (path, of)))
        digests = dict(self.db.execute("SELECT path, sha256 FROM documents WHERE path IN (?, ?)", (path, of)))
        return OpenItem(
            item_id,
            path,
            "duplicate",
            "duplicates",
            path,
            of,
            why,
            similarity,
            left=titles.get(path, ""),
            right=titles.get(of, ""),
            duplicate=of,
            source_left=digests.get(path, ""),
            source_right=digests.get(of, ""),
        )


class _WithText(msgspec.Struct):
    """The part of a packed Document that is its text."""

    text: str = ""


def _filters(kind: str, document: str, below: float) -> tuple[str, tuple[object, ...]]:
    condition = ""
    values: list[object] = []
    if kind:
        condition += f" AND item IS {'NOT ' * (kind == 'inferred')}NULL"
    if document:
        condition += " AND path = ?"
        values.append(document)
    if below < 1:
        condition += " AND confidence < ?"
        values.append(below)
    return condition, tuple(values)
