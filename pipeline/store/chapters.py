"""The table of chapters in the state: documents in the form that books of several posts contain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from pipeline.document import Cause
from pipeline.store.natural_order import natural_key
from pipeline.store.packing import pack, unpack

_KEPT_DOCUMENT = "kind = 'cleaned' AND duplicate_of IS NULL"
HAS_BOOKS = f"{_KEPT_DOCUMENT} AND problem IS NULL"  # documents that have books


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
        """Yield (path, key, date) of the documents that have books, by date; undated ones come last.

        Documents of one date, and undated ones, are in the natural order of their paths: `issue-2.md` before
        `issue-10.md`.
        """
        rows = self.db.execute(
            f"SELECT path, key, date FROM chapters JOIN documents USING (path) WHERE {HAS_BOOKS}"  # noqa: S608 - ours
        ).fetchall()
        yield from sorted(rows, key=lambda row: (not row[2], row[2], natural_key(row[0])))

    def lengths(self) -> dict[str, int]:
        """Return the characters of each document that has a chapter, by path."""
        return dict(self.db.execute("SELECT path, length FROM chapters JOIN documents USING (path)"))

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

    def titles(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield title and date of documents that have chapters."""
        query = "SELECT title, date FROM documents JOIN chapters USING (path) WHERE path = ?"
        for path in paths:
            yield self.db.execute(query, (path,)).fetchone()

    def put_problems(self, problems: Mapping[str, tuple[str, Cause]]) -> None:
        """Store which kept documents have no books, and why: they are skipped. Write only what changed."""
        query = "SELECT path, problem, cause FROM documents WHERE problem IS NOT NULL"
        old = {path: (problem, cause) for path, problem, cause in self.db.execute(query)}
        update = f"UPDATE documents SET problem = ?, cause = ? WHERE path = ? AND {_KEPT_DOCUMENT}"  # noqa: S608 - ours
        for path in sorted(problems.keys() | old):
            if problems.get(path) != old.get(path):
                self.db.execute(update, (*problems.get(path, (None, None)), path))
