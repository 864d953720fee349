"""Documents as books of several posts hold them, in the state: kept until their editions change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import PurePosixPath

from pipeline.store.packing import pack, unpack

KEPT = "kind = 'cleaned' AND repeats IS NULL AND problem IS NULL"  # of documents: what has editions


class Chapters:
    """The chapters of an archive, in the database of its state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def put(self, path: PurePosixPath, key: str, date: str, chapter: bytes, warnings: tuple[str, ...]) -> None:
        """Keep a document as a chapter, made from `key`, and what it does not show."""
        row = (str(path), key, date, chapter, pack(warnings))
        self.db.execute("INSERT OR REPLACE INTO chapters VALUES (?, ?, ?, ?, ?)", row)

    def ordered(self) -> Iterator[tuple[str, bytes]]:
        """Yield (key, chapter) of the documents that have editions, by date, those without one last."""
        yield from self.db.execute(
            f"SELECT key, chapter FROM chapters JOIN documents USING (path) WHERE {KEPT} "  # noqa: S608 - ours
            "ORDER BY date = '', date, path"
        )

    def warnings(self, path: PurePosixPath) -> tuple[str, ...]:
        """Return what the editions of the document at `path` do not show, in sentences."""
        row = self.db.execute("SELECT warnings FROM chapters WHERE path = ?", (str(path),)).fetchone()
        return unpack(row[0], tuple[str, ...]) if row else ()

    def incomplete(self) -> int:
        """Return how many documents have editions that do not show all of them."""
        query = f"SELECT count(*) FROM chapters JOIN documents USING (path) WHERE {KEPT} AND warnings <> ?"  # noqa: S608 - ours
        return int(self.db.execute(query, (pack(()),)).fetchone()[0])

    def forget_gone(self) -> None:
        """Drop the chapters of documents that are gone."""
        self.db.execute("DELETE FROM chapters WHERE path NOT IN (SELECT path FROM documents)")
