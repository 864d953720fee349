"""A file that caches answers of the web in SQLite: it can be deleted at any time; a damaged one is replaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pipeline.store.schema import sqlite_error_meaning


def open_cache(file: Path, table: str) -> sqlite3.Connection:
    """Return a connection to a cache with a table, `name (columns)`; a damaged file is replaced.

    Raises OSError if the disk fails or the file cannot be written.
    """
    try:
        return _connected(file, table)
    except sqlite3.OperationalError as error:
        raise sqlite_error_meaning(error, file) from error
    except sqlite3.DatabaseError:
        file.unlink()
        return _connected(file, table)


def _connected(file: Path, table: str) -> sqlite3.Connection:
    db = sqlite3.connect(file, isolation_level=None)
    try:
        db.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    except sqlite3.Error:
        db.close()
        raise
    return db
