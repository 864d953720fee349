"""The tables of the index of duplicates, in the database of the state."""

from __future__ import annotations

from typing import NamedTuple

INDEX_SCHEMA = """
CREATE TABLE texts (           -- each distinct text once
    id INTEGER PRIMARY KEY,
    text BLOB NOT NULL UNIQUE, -- SHA-256 of everything that a comparison uses
    minhash BLOB NOT NULL,
    keys BLOB NOT NULL,
    damaged INTEGER NOT NULL
);
CREATE TABLE members (
    path TEXT PRIMARY KEY,
    digest TEXT NOT NULL,      -- of the document
    id INTEGER NOT NULL,       -- of its text
    page TEXT NOT NULL,        -- equal for all URLs of one page
    sha256 TEXT NOT NULL,      -- of the source's bytes
    lost INTEGER NOT NULL,     -- characters
    repairs INTEGER NOT NULL,
    recency INTEGER NOT NULL,  -- of the form of its URL, negated
    changed TEXT NOT NULL,     -- the date of its last change; empty if not known
    passages BLOB NOT NULL
);
CREATE INDEX members_by_text ON members (id, path);
CREATE INDEX members_by_page ON members (page) WHERE page <> '';
CREATE TABLE keys (key INTEGER, id INTEGER, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE crowded (key INTEGER PRIMARY KEY, last BLOB NOT NULL);  -- keys of very many texts
CREATE TABLE passages (        -- long paragraphs, each once per document
    hash INTEGER,
    path TEXT,
    line INTEGER NOT NULL,
    PRIMARY KEY (hash, path)
) WITHOUT ROWID;
CREATE TABLE pairs (           -- results of comparisons, unless the texts are merely different
    one INTEGER NOT NULL,
    other INTEGER NOT NULL,
    by TEXT NOT NULL,          -- why they were compared: near, kept, or the URL of a page
    same INTEGER NOT NULL,     -- whether the two are the same or versions of one post
    why TEXT NOT NULL,
    similarity REAL NOT NULL,
    worse INTEGER,             -- the text that is truncated or mis-decoded
    longer INTEGER,            -- of two versions, the text with more words
    PRIMARY KEY (one, other, by)
) WITHOUT ROWID;
CREATE INDEX pairs_by_other ON pairs (other);
CREATE INDEX pairs_by ON pairs (by);
"""
MOST_LISTED_PLACES = 5  # of a shared paragraph; one in more documents opens or closes a series
INDEX_TABLES = ("texts", "members", "keys", "crowded", "passages", "pairs")
BY_SIMILARITY, BY_BEST_COPY, BY_PAGE = "near", "kept", "url "  # why two texts were compared
SELECT_PAIR = "SELECT one, other, by, same, why, similarity, worse, longer FROM pairs"
INSERT_MEMBER = "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class StoredPair(NamedTuple):
    """A row of pairs: two texts and the result of their comparison."""

    one: int
    other: int
    by: str
    same: int
    why: str
    similarity: float
    worse: int | None
    longer: int | None
