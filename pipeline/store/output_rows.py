"""The table of outputs in the state: each file of clean/ and out/, with its key, its stamp and its document."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

OutputPlace = tuple[str, str]  # root folder as the state names it, path below it


class OutputRow(NamedTuple):
    """The row of an output in the state."""

    owner: str
    key: str
    stamp: str
    sha256: str
    problem: str


class OutputRows:
    """The rows of all outputs, in the state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def row(self, place: OutputPlace) -> OutputRow | None:
        """Return the row of an output; None if it is not known."""
        query = "SELECT owner, key, stamp, sha256, problem FROM outputs WHERE root = ? AND name = ?"
        row = self.db.execute(query, place).fetchone()
        return OutputRow(*row) if row else None

    def record(self, place: OutputPlace, row: OutputRow) -> None:
        """Store the row of an output."""
        self.db.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", (*place, *row))

    def restamp(self, place: OutputPlace, stamp: str) -> None:
        """Store the new stamp of an output whose bytes did not change."""
        self.db.execute("UPDATE outputs SET stamp = ? WHERE root = ? AND name = ?", (stamp, *place))

    def delete(self, place: OutputPlace) -> None:
        """Forget an output."""
        self.db.execute("DELETE FROM outputs WHERE root = ? AND name = ?", place)

    def recall(self, root: str, listed: Iterable[tuple[str, str]]) -> None:
        """Add files that the state does not know: (path below the root folder, SHA-256)."""
        rows = ((root, name, "", "", "", digest, "") for name, digest in listed)
        self.db.executemany("INSERT OR IGNORE INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def written(self, root: str) -> Iterator[tuple[str, str]]:
        """Yield path and SHA-256 of each file below a root folder, by path."""
        yield from self.db.execute(
            "SELECT name, sha256 FROM outputs WHERE root = ? AND problem = '' ORDER BY name", (root,)
        )

    def stamps(self, root: str) -> Iterator[tuple[str, str]]:
        """Return path and stamp of each file below a root folder."""
        return self.db.execute("SELECT name, stamp FROM outputs WHERE root = ? AND problem = ''", (root,))

    def names(self, root: str, owners: Iterable[str] | None) -> list[str]:
        """Return the outputs of some documents below a root folder; None means of all."""
        if owners is None:
            return [name for (name,) in self.db.execute("SELECT name FROM outputs WHERE root = ?", (root,))]
        query = "SELECT name FROM outputs WHERE owner = ? AND root = ?"
        return [name for owner in owners for (name,) in self.db.execute(query, (owner, root))]

    def problems(self, root: str) -> list[tuple[str, str, str]]:
        """Return (path, owner, problem) of the outputs below a root folder that could not be made, by path."""
        query = "SELECT name, owner, problem FROM outputs WHERE problem <> '' AND root = ? ORDER BY name"
        return [(name, owner, problem) for name, owner, problem in self.db.execute(query, (root,))]
