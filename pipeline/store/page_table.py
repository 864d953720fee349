"""The table of the pages of the report in the state: their cards, so that a changed post costs one card, not a page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


class PageTable:
    """The packed cards of the pages, in the state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def cards(self, name: str, key: str) -> bytes | None:
        """Return the packed cards of the page called `name`; None if it is new or `key`, its form, is another."""
        row = self.db.execute("SELECT cards FROM report_pages WHERE name = ? AND key = ?", (name, key)).fetchone()
        return bytes(row[0]) if row else None

    def put(self, name: str, key: str, cards: bytes) -> None:
        """Store the packed cards of a page."""
        self.db.execute("INSERT OR REPLACE INTO report_pages VALUES (?, ?, ?)", (name, key, cards))

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all pages but these."""
        known = {name for (name,) in self.db.execute("SELECT name FROM report_pages")}
        self.db.executemany("DELETE FROM report_pages WHERE name = ?", [(name,) for name in known.difference(names)])
