"""The cache of what registries say about cited works, in SQLite; it can be deleted at any time."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.store.cache_file import open_cache
from pipeline.store.packing import pack, unpack

if TYPE_CHECKING:
    from pipeline.citations.completion import Completion

COMPLETIONS_FILE = ".works.sqlite"  # in clean/
_COMPLETIONS_TABLE = "completions (key TEXT PRIMARY KEY, packed BLOB, problem TEXT, lasting INT, asked TEXT)"
TEMPORARY_MAX_AGE = dt.timedelta(
    hours=1
)  # of a failure that may pass; a call sends three requests to a host that fails


class CompletionCache:
    """Completions by key of the work, and for works without one the reason."""

    def __init__(self, file: Path) -> None:
        """Open `file`, or create it; a damaged file is replaced."""
        self.db = open_cache(file, _COMPLETIONS_TABLE)

    def learn(self, completion: Completion) -> None:
        """Store a completion immediately, because the command may be interrupted."""
        self._put(completion.key, pack(completion), "", lasting=True)

    def learn_problem(self, key: str, problem: str, *, lasting: bool) -> None:
        """Store why a work has no completion; a reason that is not `lasting` expires after an hour."""
        self._put(key, b"", problem, lasting=lasting)

    def _put(self, key: str, packed: bytes, problem: str, *, lasting: bool) -> None:
        row = (key, packed, problem, lasting, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))
        self.db.execute("INSERT OR REPLACE INTO completions VALUES (?, ?, ?, ?, ?)", row)

    def knows(self, key: str) -> bool:
        """Return whether a work has a completion, or a reason that has not expired."""
        row = self.db.execute("SELECT lasting, asked FROM completions WHERE key = ?", (key,)).fetchone()
        return bool(row) and (row[0] or dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(row[1]) < TEMPORARY_MAX_AGE)


def read_completions(clean: Path) -> dict[str, Completion]:
    """Return the completions in the cache below clean/ by key of the work; none if it is missing or damaged."""
    rows = _cached_rows(clean, "SELECT key, packed FROM completions WHERE problem = '' ORDER BY key")
    if not rows:
        return {}
    from pipeline.citations.completion import Completion  # noqa: PLC0415 - few archives look up works

    try:
        return {key: unpack(packed, Completion) for key, packed in rows}
    except ValueError:
        return {}


def read_problems(clean: Path) -> dict[str, str]:
    """Return why works have no completion, by key of the work; nothing if the cache is missing or damaged."""
    return dict(_cached_rows(clean, "SELECT key, problem FROM completions WHERE problem <> ''"))


def _cached_rows(clean: Path, query: str) -> list[Any]:
    """Return rows of the cache. Only an interrupted write of an earlier process is undone (rw)."""
    file = clean / COMPLETIONS_FILE
    if not file.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as db:
            return db.execute(query).fetchall()
    except sqlite3.DatabaseError:
        return []
