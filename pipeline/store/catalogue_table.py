"""The table of the catalogue in the state: what the EPUB of each book says about it, so that it is read once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


class CatalogueTable:
    """The packed entries of the books, in the state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def entry(self, name: str, digest: str) -> bytes | None:
        """Return the packed entry of the book called `name`; None if its files changed since, or it is new."""
        row = self.db.execute("SELECT entry FROM catalogue WHERE name = ? AND digest = ?", (name, digest)).fetchone()
        return bytes(row[0]) if row else None

    def put(self, name: str, digest: str, entry: bytes) -> None:
        """Store the packed entry of a book; `digest` is that of its files."""
        self.db.execute("INSERT OR REPLACE INTO catalogue VALUES (?, ?, ?)", (name, digest, entry))

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all books but these."""
        known = {name for (name,) in self.db.execute("SELECT name FROM catalogue")}
        self.db.executemany("DELETE FROM catalogue WHERE name = ?", [(name,) for name in known.difference(names)])
