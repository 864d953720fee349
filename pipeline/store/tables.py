"""The tables of the state, and the triggers that mark the documents whose outputs are outdated.

A trigger runs in the transaction of the change that it follows. So a killed run loses no mark, and a run need only look
at marked documents.
"""

from __future__ import annotations

from pipeline.duplicates.index_tables import MOST_LISTED_PLACES

STATE_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (       -- small rows: a query over all of them reads no texts
    path TEXT PRIMARY KEY,
    flow TEXT NOT NULL,        -- digest of the flow and its settings
    stamp TEXT NOT NULL,       -- size and times of the source; empty if it must be tried again
    sha256 TEXT NOT NULL,      -- of the source's bytes; empty if not read, or to be tried again
    kind TEXT NOT NULL,        -- cleaned, skipped or draft
    name TEXT NOT NULL,        -- safe_name(path)
    folded TEXT NOT NULL,      -- the name, case-folded
    title TEXT NOT NULL,       -- of what is no post: why
    url TEXT NOT NULL,         -- canonical source URL
    digest TEXT NOT NULL,      -- of outcome
    rolled_back INTEGER NOT NULL, -- whether a step was rolled back because an invariant did not hold
    inferred INTEGER NOT NULL, -- whether characters were inferred without archive statistics
    evidence TEXT NOT NULL,    -- digest of the documents used to infer them
    rank INTEGER NOT NULL,     -- hash of the path: the statistics of the archive count the first documents by rank
    length INTEGER NOT NULL,   -- characters
    language TEXT NOT NULL,    -- BCP 47; empty if unknown
    short INTEGER NOT NULL,    -- whether it is too short to know its language
    prior TEXT NOT NULL,       -- the likely language of the archive when it was cleaned
    duplicate_of TEXT,         -- the path of the document that this one duplicates
    why TEXT,
    similarity REAL,
    problem TEXT,              -- why it has no books
    cause TEXT                 -- of that problem: document, environment or bug
);
CREATE TABLE containers (      -- files with many documents, each a row of `documents` at a path below the container's
    path TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,       -- as of a document
    flow TEXT NOT NULL,
    parts BLOB NOT NULL        -- names, MessagePack
) WITHOUT ROWID;
CREATE INDEX by_name ON documents (folded);
CREATE INDEX in_graph ON documents (path, kind, problem, duplicate_of)
    WHERE kind = 'cleaned' AND problem IS NULL AND duplicate_of IS NULL;
CREATE INDEX skipped_documents ON documents (path, kind) WHERE kind = 'skipped';
CREATE INDEX draft_documents ON documents (path, kind) WHERE kind = 'draft';
CREATE INDEX undone ON documents (path, rolled_back) WHERE rolled_back;
CREATE INDEX duplicates ON documents (path) WHERE duplicate_of IS NOT NULL;
CREATE INDEX unbound ON documents (path) WHERE problem IS NOT NULL;
CREATE INDEX guessed ON documents (path) WHERE inferred;
CREATE INDEX sampled ON documents (rank, length, path, digest) WHERE kind = 'cleaned' AND NOT inferred;
CREATE INDEX languages ON documents (language) WHERE kind = 'cleaned' AND NOT inferred AND NOT short;
CREATE INDEX shorts ON documents (path) WHERE short;
CREATE TABLE contents (
    path TEXT PRIMARY KEY,
    outcome BLOB NOT NULL,     -- the Document or Skipped, MessagePack
    fingerprint BLOB           -- MessagePack; NULL for skipped documents
);
CREATE TABLE sketches (        -- some shingles of each document without inferred characters, to find damaged copies
    hash INTEGER NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (hash, path)
) WITHOUT ROWID;
CREATE INDEX sketches_by_path ON sketches (path);
CREATE TABLE probes (          -- shingles of each damaged document before other documents were used
    path TEXT PRIMARY KEY,
    hashes BLOB NOT NULL       -- 64-bit integers
) WITHOUT ROWID;
CREATE TABLE works (           -- of documents that cite works
    path TEXT PRIMARY KEY,
    works BLOB NOT NULL        -- MessagePack
) WITHOUT ROWID;
CREATE TABLE pictures (
    path TEXT NOT NULL,        -- of the document that contains it
    file TEXT NOT NULL,        -- as `picture_reference` writes it: folder and target, or URL
    PRIMARY KEY (path, file)
) WITHOUT ROWID;
CREATE INDEX pictures_by_file ON pictures (file);
CREATE TABLE picture_stamps (  -- as the last run that wrote outputs saw them
    file TEXT PRIMARY KEY,
    stamp TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE homes (           -- the names that links may call a document by: URLs, paths, names of wiki pages
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    hash INTEGER NOT NULL,     -- of the name
    PRIMARY KEY (name, path)
) WITHOUT ROWID;
CREATE INDEX homes_by_path ON homes (path, hash);
CREATE TABLE wants (           -- the names that the links of a document look up
    hash INTEGER NOT NULL,     -- of the name
    path TEXT NOT NULL,
    PRIMARY KEY (hash, path)
) WITHOUT ROWID;
CREATE INDEX wants_by_path ON wants (path);
CREATE TABLE edges (           -- of the graph of posts
    path TEXT NOT NULL,
    at INTEGER NOT NULL,       -- their order in the document
    kind TEXT NOT NULL,        -- post, work or site
    target TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (path, at)
) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges (kind, target);
CREATE TABLE lines (           -- sizes in bytes of what the records say about a document
    path TEXT PRIMARY KEY,
    report INTEGER NOT NULL DEFAULT 0,   -- in report.jsonl
    links INTEGER NOT NULL DEFAULT 0,    -- in links.jsonl
    cells INTEGER NOT NULL DEFAULT 0,    -- in links.csv
    node INTEGER NOT NULL DEFAULT 0,     -- in graph.graphml
    edges INTEGER NOT NULL DEFAULT 0 -- in graph.graphml
) WITHOUT ROWID;
CREATE TABLE stale (path TEXT PRIMARY KEY) WITHOUT ROWID;  -- documents with outdated records or clean files
CREATE TABLE unmade (path TEXT PRIMARY KEY) WITHOUT ROWID; -- documents with outdated books
CREATE TABLE chapters (
    path TEXT PRIMARY KEY,
    key TEXT NOT NULL,         -- digest of everything that determines the document's books
    date TEXT NOT NULL,
    chapter BLOB NOT NULL,     -- MessagePack
    warnings BLOB NOT NULL     -- sentences on what its books do not show; MessagePack
);
CREATE TABLE selections (      -- of chapters for the books of the settings
    conditions TEXT NOT NULL,  -- digest of the conditions of a book
    path TEXT NOT NULL,
    key TEXT NOT NULL,         -- of the chapter that was looked at
    meets INTEGER NOT NULL,    -- whether it meets the conditions
    PRIMARY KEY (conditions, path)
) WITHOUT ROWID;
CREATE TABLE catalogue (
    name TEXT PRIMARY KEY,     -- of a book: its path below out/ without suffix
    key TEXT NOT NULL,         -- digest of its files
    packed BLOB NOT NULL       -- what its EPUB says about it; MessagePack
) WITHOUT ROWID;
CREATE TABLE report_pages (
    name TEXT PRIMARY KEY,     -- of a page of the report with many pages: its file
    key TEXT NOT NULL,         -- digest of all that decides the form of the records
    packed BLOB NOT NULL       -- paths and cards of its posts; MessagePack
);
CREATE TABLE outputs (
    root TEXT NOT NULL,        -- its root folder, relative to clean/
    name TEXT NOT NULL,        -- its path below the root folder
    owner TEXT NOT NULL,       -- the path of its document; empty if it is about several
    key TEXT NOT NULL,         -- digest of everything that determines its bytes; empty if unknown
    stamp TEXT NOT NULL,       -- size and times as written; empty if it could not be made
    sha256 TEXT NOT NULL,      -- of its bytes
    problem TEXT NOT NULL,     -- why it could not be made
    PRIMARY KEY (root, name)
) WITHOUT ROWID;
CREATE INDEX outputs_by_owner ON outputs (owner);
CREATE INDEX failed_outputs ON outputs (root, name) WHERE problem <> '';
"""


def _marking(table: str, source: str, condition: str) -> str:
    """Return the statement that marks documents. `OR IGNORE` has no effect in a trigger of some statements."""
    missing = f"NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.path = {source}.path)"  # noqa: S608 - ours
    return f"INSERT INTO {table} SELECT DISTINCT path FROM {source} WHERE {condition} AND {missing};"  # noqa: S608 - ours


def _mark_both(source: str, condition: str) -> str:
    return _marking("stale", source, condition) + _marking("unmade", source, condition)


_SAME_NAME = _mark_both("documents", "folded = {row}.folded")
_GONE = "".join(
    f"INSERT INTO {table} SELECT OLD.path WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE path = OLD.path);"  # noqa: S608 - ours
    for table in ("stale", "unmade")
)
_LINKING = _mark_both("wants", "hash IN (SELECT hash FROM homes WHERE homes.path = {row}.path)")
_WANTING = _mark_both("wants", "hash = {row}.hash")
_PAIRED = _marking(
    "stale",
    "members",
    "id IN (SELECT other FROM pairs WHERE one = {id} UNION SELECT one FROM pairs WHERE other = {id})",
)
_WORKS_CHANGED = "UPDATE facts SET value = '' WHERE name = 'works';"
_FIRST_PLACES = f"""(SELECT count(*) FROM (
    SELECT 1 FROM passages JOIN documents USING (path)
    WHERE hash = {{hash}} AND passages.path < {{path}} AND duplicate_of IS NULL LIMIT {MOST_LISTED_PLACES + 2}
)) < {MOST_LISTED_PLACES + 2}"""  # noqa: S608 - ours
MARK_SHARED_PASSAGE = _marking("stale", "passages", f"hash = ?1 AND {_FIRST_PLACES.format(hash='?1', path='?2')}")


def _trigger(name: str, when: str, row: str, *marks: str, condition: str = "") -> str:
    marked = " ".join(mark.format(row=row) for mark in marks)
    return f"CREATE TRIGGER {name} AFTER {when} {condition and f'WHEN {condition}'} BEGIN {marked} END;\n"


def _passage_trigger(name: str, event: str, row: str) -> str:
    mark = _marking("stale", "passages", f"hash = {row}.hash")
    condition = _FIRST_PLACES.format(hash=f"{row}.hash", path=f"{row}.path")
    return _trigger(name, f"{event} ON passages", row, mark, condition=condition)


def _pair_trigger(name: str, event: str, row: str) -> str:
    mark = _marking("stale", "members", f"id IN ({row}.one, {row}.other)")
    return _trigger(name, f"{event} ON pairs", row, mark, condition=f"{row}.why <> ''")


_KEPT_CHANGED = "(OLD.duplicate_of IS NULL) <> (NEW.duplicate_of IS NULL)"
TRIGGERS = "".join(
    (
        _trigger("document_added", "INSERT ON documents", "NEW", _SAME_NAME),
        _trigger("document_gone", "DELETE ON documents", "OLD", _SAME_NAME, _GONE),
        _trigger(
            "document_changed",
            "UPDATE OF kind, digest, duplicate_of, why, similarity, problem ON documents",
            "NEW",
            _SAME_NAME,
        ),
        _trigger(
            "home_moved",
            "UPDATE OF kind, duplicate_of, problem ON documents",
            "NEW",
            _LINKING,
            f"{_WORKS_CHANGED[:-1]} AND EXISTS (SELECT 1 FROM works WHERE path = {{row}}.path);",  # noqa: S608 - ours
            condition="(OLD.kind, OLD.duplicate_of, OLD.problem) IS NOT (NEW.kind, NEW.duplicate_of, NEW.problem)",
        ),
        _trigger(
            "similar_changed",
            "UPDATE OF duplicate_of ON documents",
            "NEW",
            _PAIRED.replace("{id}", "(SELECT id FROM members AS this WHERE this.path = NEW.path)"),
            condition=_KEPT_CHANGED,
        ),
        _trigger("home_added", "INSERT ON homes", "NEW", _WANTING),
        _trigger("home_gone", "DELETE ON homes", "OLD", _WANTING),
        _trigger("works_added", "INSERT ON works", "NEW", _WORKS_CHANGED),
        _trigger("works_gone", "DELETE ON works", "OLD", _WORKS_CHANGED),
        _passage_trigger("passage_added", "INSERT", "NEW"),
        _passage_trigger("passage_gone", "DELETE", "OLD"),
        _pair_trigger("pair_added", "INSERT", "NEW"),
        _pair_trigger("pair_gone", "DELETE", "OLD"),
        _trigger("member_added", "INSERT ON members", "NEW", _PAIRED.replace("{id}", "NEW.id")),
        _trigger("member_gone", "DELETE ON members", "OLD", _PAIRED.replace("{id}", "OLD.id")),
        _trigger("chapter_added", "INSERT ON chapters", "NEW", _marking("stale", "documents", "path = {row}.path")),
        _trigger("chapter_gone", "DELETE ON chapters", "OLD", _marking("stale", "documents", "path = {row}.path")),
    )
)
