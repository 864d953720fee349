"""Tables of the state with values that took long to compute, by name: entries of the catalogue, cards of pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal


class PackedTable:
    """Packed values by name, each with the key of what it was computed from, in the state database."""

    def __init__(self, db: sqlite3.Connection, table: Literal["catalogue", "report_pages"]) -> None:
        """Work in a table of `db`, which has the tables of `schema`."""
        self.db = db
        self.table = table

    def value(self, name: str, key: str) -> bytes | None:
        """Return the packed value called `name`; None if it is new or was computed from something with another key."""
        query = f"SELECT packed FROM {self.table} WHERE name = ? AND key = ?"  # noqa: S608 - ours
        row = self.db.execute(query, (name, key)).fetchone()
        return bytes(row[0]) if row else None

    def put(self, name: str, key: str, packed: bytes) -> None:
        """Store a packed value; `key` is that of what it was computed from."""
        self.db.execute(f"INSERT OR REPLACE INTO {self.table} VALUES (?, ?, ?)", (name, key, packed))  # noqa: S608 - ours

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all names but these."""
        known = {name for (name,) in self.db.execute(f"SELECT name FROM {self.table}")}  # noqa: S608 - ours
        gone = [(name,) for name in known.difference(names)]
        self.db.executemany(f"DELETE FROM {self.table} WHERE name = ?", gone)  # noqa: S608 - ours
