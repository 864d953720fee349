"""The SQLite file of the state: its tables, and how it is opened, checked and sealed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from pipeline.duplicates import index_tables
from pipeline.duplicates.fingerprint import VERSION as FINGERPRINT_VERSION
from pipeline.read.folder import source_stamp
from pipeline.store.atomic import errors_naming

STATE_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    path TEXT PRIMARY KEY,
    flow TEXT NOT NULL,        -- digest of the flow and its settings
    stamp TEXT NOT NULL,       -- size and times of the source; empty if it must be tried again
    sha256 TEXT NOT NULL,      -- of the source's bytes; empty if not read, or to be tried again
    kind TEXT NOT NULL,        -- cleaned, skipped or draft
    name TEXT NOT NULL,        -- safe_name(path)
    folded TEXT NOT NULL,      -- the name, case-folded
    outcome BLOB NOT NULL,     -- the Document or Skipped, MessagePack
    digest TEXT NOT NULL,      -- of outcome
    fingerprint BLOB,          -- MessagePack; NULL for skipped documents
    duplicate_of TEXT,         -- the path of the document that this one duplicates
    why TEXT,
    similarity REAL,
    problem TEXT,              -- why it has no books
    cause TEXT,                -- of that problem: document, environment or bug
    rolled_back INTEGER NOT NULL, -- whether a step was rolled back because an invariant did not hold
    inferred INTEGER NOT NULL, -- whether characters were inferred without archive statistics
    evidence TEXT NOT NULL,    -- digest of the documents used to infer them
    run INTEGER NOT NULL       -- the last run that saw the source
);
CREATE INDEX by_name ON documents (folded);
CREATE INDEX by_digest ON documents (path, kind, digest);
CREATE INDEX duplicates ON documents (path, duplicate_of, why, similarity) WHERE duplicate_of IS NOT NULL;
CREATE INDEX unbound ON documents (path) WHERE problem IS NOT NULL;
CREATE TABLE pictures (
    path TEXT NOT NULL,        -- of the document that contains it
    file TEXT NOT NULL,        -- below raw/
    PRIMARY KEY (path, file)
) WITHOUT ROWID;
CREATE TABLE chapters (
    path TEXT PRIMARY KEY,
    key TEXT NOT NULL,         -- digest of everything that determines the document's books
    date TEXT NOT NULL,
    chapter BLOB NOT NULL,     -- MessagePack
    warnings BLOB NOT NULL     -- sentences on what its books do not show; MessagePack
);
CREATE TABLE outputs (
    root TEXT NOT NULL,        -- its root folder, relative to clean/
    name TEXT NOT NULL,        -- its path below the root folder
    key TEXT NOT NULL,         -- digest of everything that determines its bytes; empty if unknown
    stamp TEXT NOT NULL,       -- size and times as written; empty if it could not be made
    sha256 TEXT NOT NULL,      -- of its bytes
    problem TEXT NOT NULL,     -- why it could not be made
    run INTEGER NOT NULL,      -- the last run that planned it
    PRIMARY KEY (root, name)
) WITHOUT ROWID;
"""
VERSION = "7"


class DamagedState(Exception):  # noqa: N818 - a condition, not a fault
    """The state cannot be used; the message says why. A run can rebuild it from raw/."""


def open_database(file: Path, *, rebuild: bool = False) -> sqlite3.Connection:
    """Return the database at `file`; with `rebuild`, delete the old one first.

    Raises Damaged where its seal does not match, where an unsealed file fails the full check, or where it is of
    another version.
    """
    if rebuild:
        delete_database(file)
    found, sealed = file.exists(), _seal_file(file).exists()
    if found and sealed and not _matches_seal(file):
        message = "changed since the last run"
        raise DamagedState(message)
    db = sqlite3.connect(file, isolation_level=None)
    try:
        if found:
            _check_database(db, whole=not sealed)
        else:
            create_tables(db)
    except BaseException:
        db.close()
        raise
    _seal_file(file).unlink(missing_ok=True)
    return db


def open_copy_in_memory(file: Path, *, rebuild: bool = False) -> sqlite3.Connection:
    """Return a copy of `file` in memory; a new database if there is none, or with `rebuild`. Raises Damaged."""
    if not rebuild and _seal_file(file).exists() and file.exists() and not _matches_seal(file):
        message = "changed since the last run"
        raise DamagedState(message)
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        if rebuild or not file.exists():
            create_tables(memory)
        else:
            _copy_to_memory(file, memory)
    except BaseException:
        memory.close()
        raise
    return memory


def _copy_to_memory(file: Path, memory: sqlite3.Connection) -> None:
    """Copy the database at `file`. Raises Damaged."""
    with tempfile.TemporaryDirectory() as folder:  # SQLite writes next to the file where a run was killed
        for each in (file, _journal_file(file)):
            if each.exists():
                shutil.copy(each, folder)
        with closing(sqlite3.connect(Path(folder, file.name))) as db:
            _check_database(db, whole=True)
            db.backup(memory)


def seal_database(file: Path) -> None:
    """Store the stamp and the digest of a closed database, so that the next run notices damage."""
    with errors_naming(file):
        with file.open("rb") as data:
            digest = hashlib.file_digest(data, "blake2b").hexdigest()
        _seal_file(file).write_text(f"{source_stamp(file.stat())}\n{digest}\n", "ascii")


def delete_database(file: Path) -> None:
    """Delete a database, its journal and its seal."""
    for each in (file, _journal_file(file), _seal_file(file)):
        each.unlink(missing_ok=True)


def create_tables(db: sqlite3.Connection) -> None:
    """Create the tables in an empty database."""
    db.executescript(f"BEGIN; {STATE_SCHEMA}{index_tables.INDEX_SCHEMA} COMMIT;")
    for fact in (("version", VERSION), ("fingerprints", FINGERPRINT_VERSION)):
        db.execute("INSERT INTO facts VALUES (?, ?)", fact)


def _seal_file(file: Path) -> Path:
    return file.with_suffix(".sum")


def _journal_file(file: Path) -> Path:
    return file.with_name(f"{file.name}-journal")


def _matches_seal(file: Path) -> bool:
    """Return whether a file is as `seal_database` left it; its bytes are only hashed if its stamp changed."""
    known = _seal_file(file).read_bytes().decode("ascii", "replace").splitlines()
    if known[:1] == [source_stamp(file.stat())]:
        return True
    with file.open("rb") as data:
        return known[1:2] == [hashlib.file_digest(data, "blake2b").hexdigest()]


def _check_database(db: sqlite3.Connection, *, whole: bool) -> None:
    """Raise Damaged where a database is of another version or, with `whole`, fails the full check."""
    version = db.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()
    if version != (VERSION,):
        message = "written by another version of Lacuna"
        raise DamagedState(message)
    if not whole:
        return
    if db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        message = "damaged, according to SQLite's integrity check"
        raise DamagedState(message)
    for digest, outcome in db.execute("SELECT digest, outcome FROM documents"):
        if hashlib.sha256(outcome).hexdigest() != digest:
            message = "contains a damaged document"
            raise DamagedState(message)


_DISK_ERROR_CODES = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}  # primary result codes (sqlite.org/rescode.html) for trouble with the disk, not with the file's content


def sqlite_error_meaning(error: sqlite3.Error, file: Path) -> OSError | DamagedState:
    """Return the exception for an SQLite error: OSError for trouble with the disk, Damaged for a damaged file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _DISK_ERROR_CODES:
        return OSError(os.EX_IOERR, f"{error}; check disk space and permissions", str(file))
    return DamagedState(f"SQLite error: {error}")
