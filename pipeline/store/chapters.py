"""The table of chapters in the state: documents in the form that books of several posts contain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import PurePosixPath

from pipeline.store.natural_order import natural_key
from pipeline.store.packing import pack, unpack

HAS_BOOKS = "kind = 'cleaned' AND duplicate_of IS NULL AND problem IS NULL"  # documents that have books


class ChapterTable:
    """The chapters of an archive, in its state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def put(self, path: PurePosixPath, key: str, date: str, chapter: bytes, warnings: tuple[str, ...]) -> None:
        """Store a document's chapter, the digest `key` of its inputs, and warnings about what its books do not show."""
        row = (str(path), key, date, chapter, pack(warnings))
        self.db.execute("INSERT OR REPLACE INTO chapters VALUES (?, ?, ?, ?, ?)", row)

    def ordered(self) -> Iterator[tuple[str, bytes]]:
        """Yield (key, chapter) of the documents that have books, by date; undated ones come last.

        Documents of one date, and undated ones, are in the natural order of their paths: `issue-2.md` before
        `issue-10.md`.
        """
        rows = self.db.execute(
            f"SELECT date, path FROM chapters JOIN documents USING (path) WHERE {HAS_BOOKS}"  # noqa: S608 - ours
        ).fetchall()
        for _, path in sorted(rows, key=lambda row: (not row[0], row[0], natural_key(row[1]))):
            yield self.db.execute("SELECT key, chapter FROM chapters WHERE path = ?", (path,)).fetchone()

    def warnings(self, path: PurePosixPath) -> tuple[str, ...]:
        """Return warnings, in sentences, about what the books do not show of the document at `path`."""
        row = self.db.execute("SELECT warnings FROM chapters WHERE path = ?", (str(path),)).fetchone()
        return unpack(row[0], tuple[str, ...]) if row else ()

    def incomplete(self) -> int:
        """Return the number of documents whose books do not show everything."""
        query = f"SELECT count(*) FROM chapters JOIN documents USING (path) WHERE {HAS_BOOKS} AND warnings <> ?"  # noqa: S608 - ours
        return int(self.db.execute(query, (pack(()),)).fetchone()[0])

    def forget_gone(self) -> None:
        """Delete the chapters of documents that no longer exist."""
        self.db.execute("DELETE FROM chapters WHERE path NOT IN (SELECT path FROM documents)")
