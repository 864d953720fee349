"""The SQLite file in which a run keeps what it knows: its tables, and how it is opened, checked and closed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from pipeline.duplicates import lsh_index
from pipeline.duplicates.fingerprint import VERSION as PRINTS
from pipeline.read.folder import stamp
from pipeline.store.atomic import naming

SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    path TEXT PRIMARY KEY,
    flow TEXT NOT NULL,        -- digest of the flow and settings that it went through
    stamp TEXT NOT NULL,       -- size and times of the source as last looked at; empty if it is to be tried again
    sha256 TEXT NOT NULL,      -- of the source's bytes; empty if they were not read or are to be tried again
    kind TEXT NOT NULL,        -- cleaned or skipped
    name TEXT NOT NULL,        -- safe_name(path)
    folded TEXT NOT NULL,      -- the name, case folded
    outcome BLOB NOT NULL,     -- the Document or Skipped, MessagePack
    digest TEXT NOT NULL,      -- of outcome
    fingerprint BLOB,          -- MessagePack; none for what is set aside
    repeats TEXT,              -- the path of the document that this one repeats
    why TEXT,
    similarity REAL,
    problem TEXT,              -- why there are no editions of it
    cause TEXT,                -- of that problem: document, environment or bug
    undone INTEGER NOT NULL,   -- whether a step was undone because it broke a promise
    inferred INTEGER NOT NULL, -- whether letters were inferred when nothing was known of the archive
    evidence TEXT NOT NULL,    -- digest of the documents that helped to infer them
    run INTEGER NOT NULL       -- the last run that saw the source
);
CREATE INDEX by_name ON documents (folded);
CREATE INDEX by_digest ON documents (path, kind, digest);
CREATE INDEX repeating ON documents (path, repeats, why, similarity) WHERE repeats IS NOT NULL;
CREATE INDEX unbound ON documents (path) WHERE problem IS NOT NULL;
CREATE TABLE pictures (
    path TEXT NOT NULL,        -- of the document that shows it
    file TEXT NOT NULL,        -- below raw/
    PRIMARY KEY (path, file)
) WITHOUT ROWID;
CREATE TABLE chapters (
    path TEXT PRIMARY KEY,
    key TEXT NOT NULL,         -- digest of all that decides the document's editions
    date TEXT NOT NULL,
    chapter BLOB NOT NULL,     -- MessagePack
    warnings BLOB NOT NULL     -- what its editions do not show, in sentences; MessagePack
);
CREATE TABLE outputs (
    root TEXT NOT NULL,        -- the folder that it is in, relative to clean/
    name TEXT NOT NULL,        -- its path below that folder
    key TEXT NOT NULL,         -- digest of all that decides its bytes; empty if that is not known
    stamp TEXT NOT NULL,       -- size and time as written; empty if it could not be made
    sha256 TEXT NOT NULL,      -- of its bytes
    problem TEXT NOT NULL,     -- why it could not be made
    run INTEGER NOT NULL,      -- the last run that planned it
    PRIMARY KEY (root, name)
) WITHOUT ROWID;
"""
VERSION = "5"


class Damaged(Exception):  # noqa: N818 - a condition, not a fault
    """The state cannot be used; the message says why. A run begins without it: all that it holds is derived."""


def opened(file: Path, *, rebuild: bool = False) -> sqlite3.Connection:
    """Return the database at `file`; with `rebuild`, what is there is thrown away first.

    Raises Damaged where it is not as it was closed, or was not closed and is not sound, or is of another version.
    """
    if rebuild:
        discard(file)
    found, sealed = file.exists(), _seal(file).exists()
    if found and sealed and not _intact(file):
        message = "it is not as the last run left it"
        raise Damaged(message)
    db = sqlite3.connect(file, isolation_level=None)
    try:
        if found:
            _check(db, whole=not sealed)
        else:
            furnish(db)
    except BaseException:
        db.close()
        raise
    _seal(file).unlink(missing_ok=True)
    return db


def trial_of(file: Path, *, rebuild: bool = False) -> sqlite3.Connection:
    """Return a copy of `file` in memory; an empty one where there is none, or with `rebuild`. Raises Damaged."""
    if not rebuild and _seal(file).exists() and file.exists() and not _intact(file):
        message = "it is not as the last run left it"
        raise Damaged(message)
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        if rebuild or not file.exists():
            furnish(memory)
        else:
            _copy(file, memory)
    except BaseException:
        memory.close()
        raise
    return memory


def _copy(file: Path, memory: sqlite3.Connection) -> None:
    """Copy the database at `file`. Raises Damaged."""
    with tempfile.TemporaryDirectory() as folder:  # SQLite has to write beside it where a run was killed
        for each in (file, _journal(file)):
            if each.exists():
                shutil.copy(each, folder)
        with closing(sqlite3.connect(Path(folder, file.name))) as db:
            _check(db, whole=True)
            db.backup(memory)


def seal(file: Path) -> None:
    """Keep what the next run can notice damage by: when a closed database was written, and its digest."""
    with naming(file):
        with file.open("rb") as data:
            digest = hashlib.file_digest(data, "blake2b").hexdigest()
        _seal(file).write_text(f"{stamp(file.stat())}\n{digest}\n", "ascii")


def discard(file: Path) -> None:
    """Remove a database and what belongs to it."""
    for each in (file, _journal(file), _seal(file)):
        each.unlink(missing_ok=True)


def furnish(db: sqlite3.Connection) -> None:
    """Give an empty database its tables."""
    db.executescript(f"BEGIN; {SCHEMA}{lsh_index.SCHEMA} COMMIT;")
    for fact in (("version", VERSION), ("fingerprints", PRINTS)):
        db.execute("INSERT INTO facts VALUES (?, ?)", fact)


def _seal(file: Path) -> Path:
    return file.with_suffix(".sum")


def _journal(file: Path) -> Path:
    return file.with_name(f"{file.name}-journal")


def _intact(file: Path) -> bool:
    """Tell whether a file is as `seal` found it; its bytes are read only where it seems to have been written since."""
    known = _seal(file).read_bytes().decode("ascii", "replace").splitlines()
    if known[:1] == [stamp(file.stat())]:
        return True
    with file.open("rb") as data:
        return known[1:2] == [hashlib.file_digest(data, "blake2b").hexdigest()]


def _check(db: sqlite3.Connection, *, whole: bool) -> None:
    """Raise Damaged where a database is of another version or, if all of it is looked at, holds what it should not."""
    version = db.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()
    if version != (VERSION,):
        message = "it was written by another version of this program"
        raise Damaged(message)
    if not whole:
        return
    if db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        message = "SQLite finds it damaged"
        raise Damaged(message)
    for digest, outcome in db.execute("SELECT digest, outcome FROM documents"):
        if hashlib.sha256(outcome).hexdigest() != digest:
            message = "a document in it is damaged"
            raise Damaged(message)


_PASSING = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}  # primary result codes (sqlite.org/rescode.html) that say something of the disk, not of the file's content


def explained(error: sqlite3.Error, file: Path) -> OSError | Damaged:
    """Return what an error of SQLite means for a run: trouble with the disk, or a damaged file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _PASSING:
        return OSError(os.EX_IOERR, f"{error}; check the disk's space and permissions", str(file))
    return Damaged(f"SQLite says: {error}")
