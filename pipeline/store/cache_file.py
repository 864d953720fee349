"""A file that caches answers of the web in SQLite: it can be deleted at any time; a damaged one is replaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_cache(file: Path, table: str) -> sqlite3.Connection:
    """Return a connection to a cache with a table, `name (columns)`; a damaged file is replaced."""
    db = sqlite3.connect(file, isolation_level=None)
    try:
        db.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        db.close()
        file.unlink()
        return open_cache(file, table)
    return db
