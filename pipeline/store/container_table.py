"""The table of containers in the state: files of raw/ with many documents, and the names of their parts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pipeline.store.packing import pack, unpack


class ContainerTable:
    """The containers of an archive, in its state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def known(self) -> dict[str, tuple[str, str]]:
        """Return stamp and flow of each container as its parts were last listed, by path."""
        return {
            path: (stamp, flow) for path, stamp, flow in self.db.execute("SELECT path, stamp, flow FROM containers")
        }

    def put(self, path: str, stamp: str, flow: str, parts: Iterable[str]) -> None:
        """Store the parts of a container; write only what changed."""
        row = (path, stamp, flow, pack([*parts]))
        if self.db.execute("SELECT * FROM containers WHERE path = ?", (path,)).fetchone() != row:
            self.db.execute("INSERT OR REPLACE INTO containers VALUES (?, ?, ?, ?)", row)

    def parts(self, path: str) -> list[str]:
        """Return the names of the parts of a container, in order."""
        row = self.db.execute("SELECT parts FROM containers WHERE path = ?", (path,)).fetchone()
        return unpack(row[0], list[str]) if row else []

    def empty(self) -> list[str]:
        """Return the containers without a part that are not skipped, by path."""
        query = "SELECT path FROM containers WHERE parts = ? AND path NOT IN (SELECT path FROM documents) ORDER BY path"
        return [str(path) for (path,) in self.db.execute(query, (pack([]),))]

    def forget(self, paths: Iterable[str]) -> None:
        """Delete the rows of containers that are gone."""
        self.db.executemany("DELETE FROM containers WHERE path = ?", ((path,) for path in paths))
