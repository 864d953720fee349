"""A table of marked documents, for example of those whose books are outdated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


class MarkTable:
    """The paths of marked documents; some may be gone."""

    def __init__(self, db: sqlite3.Connection, table: str) -> None:
        """Work on a table of `db` that has the column `path` alone."""
        self._db, self._table = db, table

    def add(self, paths: Iterable[str] | None = None) -> None:
        """Mark documents; None means all."""
        if paths is None:
            self._db.execute(f"INSERT OR IGNORE INTO {self._table} SELECT path FROM documents")  # noqa: S608 - ours
        else:
            rows = ((path,) for path in paths)
            self._db.executemany(f"INSERT OR IGNORE INTO {self._table} VALUES (?)", rows)  # noqa: S608 - ours

    def paths(self) -> list[str]:
        """Return the marked paths, in order."""
        return [path for (path,) in self._db.execute(f"SELECT path FROM {self._table} ORDER BY path")]  # noqa: S608 - ours

    def any(self) -> bool:
        """Return whether a document is marked."""
        return self._db.execute(f"SELECT 1 FROM {self._table} LIMIT 1").fetchone() is not None  # noqa: S608 - ours

    def clear(self) -> None:
        """Remove all marks."""
        if self.any():
            self._db.execute(f"DELETE FROM {self._table}")  # noqa: S608 - ours
