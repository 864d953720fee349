"""The tables of the state that say what is open to decide, and which documents a new decision concerns."""

from __future__ import annotations

ITEM_SCHEMA = """
CREATE TABLE open_items (      -- inferred characters that nobody has decided on
    path TEXT NOT NULL,
    id TEXT NOT NULL,          -- the key of a decision on it
    confidence REAL NOT NULL,
    line INTEGER NOT NULL,
    pair TEXT NOT NULL,        -- the key of a decision on the pair
    kind TEXT NOT NULL,        -- the key of a decision on the kind
    item BLOB NOT NULL,        -- the OpenItem, MessagePack
    PRIMARY KEY (path, id)
) WITHOUT ROWID;
CREATE INDEX open_items_in_order ON open_items (confidence, path, line, id);
CREATE INDEX open_items_by_pair ON open_items (pair);
CREATE TABLE rule_keys (       -- keys of the pairs and kinds that a document has inferred characters of
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (key, path)
) WITHOUT ROWID;
CREATE INDEX rule_keys_by_path ON rule_keys (path);
CREATE TABLE applied (         -- keys of the decisions that a document obeys
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (key, path)
) WITHOUT ROWID;
CREATE INDEX applied_by_path ON applied (path);
CREATE TABLE text_filters (    -- which n-grams a document may have: finds the documents with a place
    path TEXT PRIMARY KEY,
    bits BLOB NOT NULL
);
CREATE TABLE decisions (       -- as the last run read them
    key TEXT PRIMARY KEY,
    decision BLOB NOT NULL     -- JSON
) WITHOUT ROWID;
CREATE TABLE kept (            -- documents to keep of their duplicates
    key TEXT PRIMARY KEY,      -- of the decision
    path TEXT NOT NULL,
    place INTEGER NOT NULL     -- the smallest is preferred
) WITHOUT ROWID;
"""
TABLES_OF_DOCUMENT = ("open_items", "rule_keys", "applied", "text_filters")
