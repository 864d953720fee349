"""The table of what the records say about each document: the sizes of its lines, so that files can be spliced."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence


class LineTable:
    """The sizes of lines, in the state database; columns are those of the table `lines`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def between(self, columns: Sequence[str], before: str, path: str) -> list[int]:
        """Return the sizes of the lines of all documents after `before` and before `path`, by column."""
        return self._sums(columns, "path > ? AND path < ?", before, path)

    def after(self, columns: Sequence[str], before: str) -> list[int]:
        """Return the sizes of the lines of all documents after `before`, by column."""
        return self._sums(columns, "path > ?", before)

    def _sums(self, columns: Sequence[str], condition: str, *paths: str) -> list[int]:
        sums = ", ".join(f"coalesce(sum({column}), 0)" for column in columns)
        return [*self.db.execute(f"SELECT {sums} FROM lines WHERE {condition}", paths).fetchone()]  # noqa: S608 - ours

    def of(self, columns: Sequence[str], path: str) -> list[int]:
        """Return the sizes of the lines of one document, by column; 0 if it is new."""
        query = f"SELECT {', '.join(columns)} FROM lines WHERE path = ?"  # noqa: S608 - ours
        row = self.db.execute(query, (path,)).fetchone()
        return [*row] if row else [0] * len(columns)

    def total(self, column: str) -> int:
        """Return the size of the lines of all documents."""
        return self._sums([column], "TRUE")[0]

    def put(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Store rows of a path and its sizes, by column."""
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns)
        places = ", ".join("?" * len(columns))
        self.db.executemany(
            f"INSERT INTO lines (path, {', '.join(columns)}) VALUES (?, {places}) "  # noqa: S608 - ours
            f"ON CONFLICT (path) DO UPDATE SET {updates}",
            rows,
        )

    def forget_gone(self, paths: Iterable[str]) -> None:
        """Delete the sizes of those documents that no longer exist."""
        query = "DELETE FROM lines WHERE path = ? AND path NOT IN (SELECT path FROM documents)"
        self.db.executemany(query, ((path,) for path in paths))

    def paths(self) -> Iterator[str]:
        """Yield the paths of all documents, those that have lines and are gone included, in order."""
        for (path,) in self.db.execute("SELECT path FROM documents UNION SELECT path FROM lines ORDER BY path"):
            yield path
