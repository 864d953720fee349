"""The table of chapters in the state: documents in the form that books of several posts contain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import PurePosixPath

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

    def ordered(self) -> Iterator[tuple[str, str, str]]:
        """Yield (path, key, date) of the documents that have books, by date; undated ones come last."""
        yield from self.db.execute(
            f"SELECT path, key, date FROM chapters JOIN documents USING (path) WHERE {HAS_BOOKS} "  # noqa: S608 - ours
            "ORDER BY date = '', date, path"
        )

    def chapter(self, path: str) -> bytes:
        """Return the packed chapter of the document at `path`."""
        row = self.db.execute("SELECT chapter FROM chapters WHERE path = ?", (path,)).fetchone()
        return bytes(row[0])

    def warnings(self, path: PurePosixPath) -> tuple[str, ...]:
        """Return warnings, in sentences, about what the books do not show of the document at `path`."""
        row = self.db.execute("SELECT warnings FROM chapters WHERE path = ?", (str(path),)).fetchone()
        return unpack(row[0], tuple[str, ...]) if row else ()

    def incomplete(self) -> int:
        """Return the number of documents whose books do not show everything."""
        query = f"SELECT count(*) FROM chapters JOIN documents USING (path) WHERE {HAS_BOOKS} AND warnings <> ?"  # noqa: S608 - ours
        return int(self.db.execute(query, (pack(()),)).fetchone()[0])
