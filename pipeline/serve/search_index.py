"""clean/ -> a search index in SQLite next to the state; only changed posts are read again, and it can be rebuilt."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.markdown.front_matter import front_matter_of
from pipeline.read.folder import source_stamp
from pipeline.serve.search_terms import VERSION as TERMS_VERSION
from pipeline.serve.search_terms import index_terms, match_expression, without_targets
from pipeline.store.file_names import DUPLICATES_FOLDER, RESERVED_NAMES

INDEX_FILE = ".search.sqlite"  # in clean/
INDEX_VERSION = 1000 + TERMS_VERSION  # raise the first part when the tables change
POSTS_PER_COMMIT = 500
_TABLES = """
CREATE TABLE posts (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, title TEXT NOT NULL,
    date TEXT NOT NULL, language TEXT NOT NULL, authors TEXT NOT NULL, source_url TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX posts_by_date ON posts (date DESC, path);
CREATE VIRTUAL TABLE words USING fts5(title, body, content='', tokenize="unicode61 remove_diacritics 2");
"""
_COLUMNS = "path, title, date, language, authors, source_url"
_RANK = "bm25(words, 8.0, 1.0)"  # a word of the title counts as eight of the text


@dataclass(frozen=True, slots=True)
class IndexedPost:
    """A post as the list shows it. `path` is its file below clean/; `body`, its Markdown, is empty in a list."""

    path: str
    title: str
    date: str
    language: str
    authors: str
    source_url: str
    body: str = ""


class SearchIndex:
    """The posts of a folder clean/, in its own file. An index of another version is rebuilt."""

    def __init__(self, clean: Path) -> None:
        """Open or create the index of `clean`."""
        self.clean, self.file = clean, clean / INDEX_FILE
        self.db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        """Return the stored index; one in memory if the folder is read-only."""
        try:
            return self._stored()
        except (OSError, sqlite3.Error):
            return _with_tables(":memory:")

    def _stored(self) -> sqlite3.Connection:
        with suppress(sqlite3.DatabaseError):
            db = sqlite3.connect(self.file, isolation_level=None)
            if db.execute("PRAGMA user_version").fetchone() == (INDEX_VERSION,):
                db.execute("SELECT count(*) FROM posts, words LIMIT 1").fetchone()
                return db
            db.close()
        for suffix in ("", "-journal"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        return _with_tables(self.file)

    def update(self) -> int:
        """Read the posts that changed since the last time, forget those that are gone; return how many."""
        known = dict(self.db.execute("SELECT path, stamp FROM posts"))
        found = dict(_clean_files(self.clean))
        changed = [(path, stamp) for path, stamp in found.items() if known.get(path) != stamp]
        gone = [path for path in known if path not in found]
        for start in range(0, len(gone) + len(changed), POSTS_PER_COMMIT):
            self.db.execute("BEGIN")
            for path, stamp in [*((path, "") for path in gone), *changed][start : start + POSTS_PER_COMMIT]:
                self._forget(path)
                if stamp:
                    self._add(path, stamp)
            self.db.execute("COMMIT")
        return len(changed) + len(gone)

    def _forget(self, path: str) -> None:
        row = self.db.execute("SELECT id, title, body FROM posts WHERE path = ?", (path,)).fetchone()
        if row:
            number, title, body = row
            terms = (number, index_terms(title), index_terms(without_targets(_unpacked(body))))
            self.db.execute("INSERT INTO words (words, rowid, title, body) VALUES ('delete', ?, ?, ?)", terms)
            self.db.execute("DELETE FROM posts WHERE id = ?", (number,))

    def _add(self, path: str, stamp: str) -> None:
        try:
            text = self.clean.joinpath(path).read_text("utf-8", "replace")
        except OSError:
            return  # deleted meanwhile
        front = front_matter_of(text)
        fields: dict[str, Any] = front.fields if front else {}
        body = text[len(front.block) :] if front else text
        title = _field(fields, "title") or PurePosixPath(path).stem
        values = (*(_field(fields, name) for name in ("date", "language", "authors", "source_url")),)
        cursor = self.db.execute(
            f"INSERT INTO posts (stamp, {_COLUMNS}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
            (stamp, path, title, *values, zlib.compress(body.encode())),
        )
        terms = (cursor.lastrowid, index_terms(title), index_terms(without_targets(body)))
        self.db.execute("INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", terms)

    def count(self, query: str = "") -> int:
        """Return how many posts there are, or how many a query finds."""
        expression = match_expression(query)
        if query and not expression:
            return 0
        table = "words WHERE words MATCH ?" if query else "posts"
        row = self.db.execute(f"SELECT count(*) FROM {table}", [expression] if query else []).fetchone()  # noqa: S608 - ours
        return int(row[0])

    def newest(self, start: int, count: int) -> list[IndexedPost]:
        """Return posts in order, the newest first, those without a date last."""
        query = f"SELECT {_COLUMNS} FROM posts ORDER BY date DESC, path LIMIT ? OFFSET ?"  # noqa: S608 - ours
        return [IndexedPost(*row) for row in self.db.execute(query, (count, start))]

    def found(self, query: str, start: int, count: int) -> list[IndexedPost]:
        """Return the posts that have every word and phrase of a query, the best first, with their text."""
        expression = match_expression(query)
        if not expression:
            return []
        statement = (
            f"SELECT {_COLUMNS}, body FROM (SELECT rowid, {_RANK} AS rank FROM words WHERE words MATCH ? "  # noqa: S608 - ours
            f"ORDER BY rank LIMIT ? OFFSET ?) AS best JOIN posts ON posts.id = best.rowid ORDER BY best.rank, path"
        )
        rows = self.db.execute(statement, (expression, count, start)).fetchall()
        return [_with_body(*row) for row in rows]

    def post(self, path: str) -> IndexedPost | None:
        """Return the post at `path` with its text; None if there is none."""
        row = self.db.execute(f"SELECT {_COLUMNS}, body FROM posts WHERE path = ?", (path,)).fetchone()  # noqa: S608 - ours
        return _with_body(*row) if row else None

    def has(self, path: str) -> bool:
        """Return whether there is a post at `path`."""
        return self.db.execute("SELECT 1 FROM posts WHERE path = ?", (path,)).fetchone() is not None


def _with_tables(file: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {INDEX_VERSION}; COMMIT;")
    return db


def _clean_files(clean: Path) -> Iterator[tuple[str, str]]:
    """Yield path and stamp of each post in `clean`; duplicates, hidden files and symbolic links are left out."""
    folders = [""]
    while folders:
        below = folders.pop()
        with suppress(OSError), os.scandir(clean / below) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.is_symlink():
                    continue
                if entry.is_dir():
                    if below or entry.name != DUPLICATES_FOLDER:
                        folders.append(f"{below}{entry.name}/")
                elif entry.name.endswith(".md") and (below or entry.name[:-3].casefold() not in RESERVED_NAMES):
                    yield f"{below}{entry.name}", source_stamp(entry.stat())


def _field(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name) or ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _with_body(*row: Any) -> IndexedPost:  # noqa: ANN401 - the columns, the text last
    *columns, body = row
    return replace(IndexedPost(*columns), body=_unpacked(body))


def _unpacked(body: bytes) -> str:
    return zlib.decompress(body).decode()
