"""The SQLite file in which a run keeps what it knows: its tables, and how it is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.unique import index
from pipeline.unique.fingerprint import VERSION as PRINTS

SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    path TEXT PRIMARY KEY,
    flow TEXT NOT NULL,        -- digest of the flow and settings that it went through
    stamp TEXT NOT NULL,       -- size and times of the source as last looked at
    sha256 TEXT NOT NULL,      -- of the source's bytes; empty if they were not read
    kind TEXT NOT NULL,        -- cleaned or quarantined
    name TEXT NOT NULL,        -- safe_name(path)
    folded TEXT NOT NULL,      -- the name, case folded
    outcome BLOB NOT NULL,     -- the Document or Quarantined, MessagePack
    digest TEXT NOT NULL,      -- of outcome
    fingerprint BLOB,          -- MessagePack; none for what is set aside
    repeats TEXT,              -- the path of the document that this one repeats
    why TEXT,
    similarity REAL,
    problem TEXT,              -- why there are no editions of it
    undone INTEGER NOT NULL,   -- whether a step was undone because it broke a promise
    inferred INTEGER NOT NULL, -- whether letters were inferred
    evidence TEXT NOT NULL,    -- digest of the documents that helped to infer them
    run INTEGER NOT NULL       -- the last run that saw the source
);
CREATE INDEX by_name ON documents (folded);
CREATE INDEX by_digest ON documents (path, kind, digest);
CREATE INDEX repeating ON documents (path, repeats, why, similarity) WHERE repeats IS NOT NULL;
CREATE INDEX unbound ON documents (path) WHERE problem IS NOT NULL;
CREATE TABLE chapters (
    path TEXT PRIMARY KEY,
    key TEXT NOT NULL,         -- digest of all that decides the document's editions
    date TEXT NOT NULL,
    chapter BLOB NOT NULL      -- MessagePack
);
CREATE TABLE outputs (
    path TEXT PRIMARY KEY,     -- relative to clean/
    key TEXT NOT NULL,         -- digest of all that decides its bytes
    stamp TEXT NOT NULL,       -- size and time as written; empty if it could not be made
    problem TEXT NOT NULL,     -- why it could not be made
    run INTEGER NOT NULL       -- the last run that planned it
);
"""
VERSION = "4"


def opened(file: Path) -> sqlite3.Connection:
    """Return the database at `file`; one of another version, or no database at all, starts anew."""
    db = sqlite3.connect(file, isolation_level=None)
    if _version(db) not in {"", VERSION}:
        db.close()
        file.unlink()
        db = sqlite3.connect(file, isolation_level=None)
    return _furnished(db)


def trial_of(file: Path) -> sqlite3.Connection:
    """Return a copy of `file` in memory; an empty one where there is none, or it is of another version."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    if file.exists():
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as db:
            if _version(db) == VERSION:
                db.backup(memory)
    return _furnished(memory)


def _furnished(db: sqlite3.Connection) -> sqlite3.Connection:
    """Return a database with all its tables."""
    if not _version(db):
        db.executescript(f"BEGIN; {SCHEMA}{index.SCHEMA} COMMIT;")
        for fact in (("version", VERSION), ("fingerprints", PRINTS)):
            db.execute("INSERT INTO facts VALUES (?, ?)", fact)
    return db


def _version(db: sqlite3.Connection) -> str:
    try:
        return str(db.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()[0])
    except sqlite3.OperationalError:
        return ""
    except sqlite3.DatabaseError:
        return "damaged"
