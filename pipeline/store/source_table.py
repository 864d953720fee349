"""The sources as a run last saw them, in the table of documents: what says whether they changed."""

from __future__ import annotations

import sqlite3


class SourceTable:
    """The sources of an archive, in its state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def known(self) -> dict[str, tuple[str, str]]:
        """Return stamp and flow of every source as it was last seen, by path."""
        flows: dict[str, str] = {}  # most sources have the same one
        rows = self.db.execute("SELECT path, stamp, flow FROM documents")
        return {path: (stamp, flows.setdefault(flow, flow)) for path, stamp, flow in rows}

    def sha256(self, path: str) -> str:
        """Return the SHA-256 of a source's bytes as it was last seen; empty if it is not known."""
        row = self.db.execute("SELECT sha256 FROM documents WHERE path = ?", (path,)).fetchone()
        return str(row[0]) if row else ""
