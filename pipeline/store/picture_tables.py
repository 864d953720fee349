"""The tables of pictures: which documents show them, and what the last run saw of their files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import PurePosixPath


class PictureTables:
    """The pictures of an archive, in its state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def of(self, path: PurePosixPath) -> list[str]:
        """Return the paths below raw/ of the images in the document at `path`."""
        rows = self.db.execute("SELECT file FROM pictures WHERE path = ? ORDER BY file", (str(path),))
        return [file for (file,) in rows]

    def files(self) -> list[str]:
        """Return the paths below raw/ of the images in all documents."""
        return [file for (file,) in self.db.execute("SELECT DISTINCT file FROM pictures ORDER BY file")]

    def shown(self) -> list[str]:
        """Return the references of the images in all kept documents (see `picture_reference`)."""
        query = (
            "SELECT DISTINCT file FROM pictures JOIN documents USING (path) "
            "WHERE kind = 'cleaned' AND duplicate_of IS NULL ORDER BY file"
        )
        return [file for (file,) in self.db.execute(query)]

    def stamps(self) -> dict[str, str]:
        """Return the stamp of each image when it was last seen, by path."""
        return dict(self.db.execute("SELECT file, stamp FROM picture_stamps").fetchall())

    def put(self, file: str, stamp: str) -> None:
        """Store the new stamp of an image, and mark the documents that show it."""
        self.db.execute("INSERT OR REPLACE INTO picture_stamps VALUES (?, ?)", (file, stamp))
        for table in ("stale", "unmade"):
            query = f"INSERT OR IGNORE INTO {table} SELECT path FROM pictures WHERE file = ?"  # noqa: S608 - ours
            self.db.execute(query, (file,))

    def forget(self, files: Iterable[str]) -> None:
        """Forget images that no document shows."""
        for file in files:
            self.db.execute("DELETE FROM picture_stamps WHERE file = ?", (file,))
