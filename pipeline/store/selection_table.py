"""The table of selections in the state: which posts meet the conditions of a book, so that each is looked at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


class SelectionTable:
    """For each set of conditions (a digest) and document, whether its chapter meets them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def known(self, conditions: str) -> dict[str, tuple[str, bool]]:
        """Return (key of the chapter, whether it meets the conditions) by path."""
        rows = self.db.execute("SELECT path, key, meets FROM selections WHERE conditions = ?", (conditions,))
        return {path: (key, bool(meets)) for path, key, meets in rows}

    def put(self, conditions: str, path: str, key: str, *, meets: bool) -> None:
        """Store whether the chapter of a document meets the conditions."""
        self.db.execute("INSERT OR REPLACE INTO selections VALUES (?, ?, ?, ?)", (conditions, path, key, meets))

    def keep_only(self, conditions: Iterable[str]) -> None:
        """Forget all sets of conditions but these."""
        stored = {one for (one,) in self.db.execute("SELECT DISTINCT conditions FROM selections")}
        gone = [(one,) for one in stored.difference(conditions)]
        self.db.executemany("DELETE FROM selections WHERE conditions = ?", gone)
