"""Fingerprints -> pairs of texts that are alike, in SQLite: adding documents costs what they cost, not the archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import combinations, islice
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from pipeline.document import Document
from pipeline.duplicates.damaged_copies import SKELETON_VALUES
from pipeline.duplicates.fingerprint import Fingerprint
from pipeline.duplicates.minhash import BAND, PERMUTATIONS
from pipeline.duplicates.near_duplicates import ALIKE, EDITED, Verdict
from pipeline.duplicates.shared_passages import unpacked
from pipeline.duplicates.verification import Copy, verdict

SCHEMA = """
CREATE TABLE texts (           -- each text once, however many documents have it
    id INTEGER PRIMARY KEY,
    text BLOB NOT NULL UNIQUE, -- SHA-256 of all that a comparison rests on
    sketch BLOB NOT NULL,
    keys BLOB NOT NULL,
    damaged INTEGER NOT NULL
);
CREATE TABLE members (
    path TEXT PRIMARY KEY,
    digest TEXT NOT NULL,      -- of the document
    id INTEGER NOT NULL,       -- of its text
    page TEXT NOT NULL,        -- what is equal for the addresses of one page
    sha256 TEXT NOT NULL,      -- of the source's bytes
    lost INTEGER NOT NULL,     -- letters
    repairs INTEGER NOT NULL,
    address INTEGER NOT NULL,  -- how old its form is
    passages BLOB NOT NULL
);
CREATE INDEX members_by_text ON members (id, path);
CREATE INDEX members_by_page ON members (page) WHERE page <> '';
CREATE TABLE keys (key INTEGER, id INTEGER, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE passages (        -- paragraphs, each once a document
    hash INTEGER,
    path TEXT,
    line INTEGER NOT NULL,
    PRIMARY KEY (hash, path)
) WITHOUT ROWID;
CREATE TABLE pairs (           -- what comparing two texts found, where that is not just two texts
    one INTEGER NOT NULL,
    other INTEGER NOT NULL,
    by TEXT NOT NULL,          -- how they met: near, kept, or the address of a page
    same INTEGER NOT NULL,
    why TEXT NOT NULL,
    similarity REAL NOT NULL,
    worse INTEGER,             -- the text that breaks off or was misread
    PRIMARY KEY (one, other, by)
) WITHOUT ROWID;
CREATE INDEX pairs_by_other ON pairs (other);
CREATE INDEX pairs_by ON pairs (by);
"""
TABLES = ("texts", "members", "keys", "passages", "pairs")
BATCH = 5_000  # documents
TOGETHER = SKELETON_VALUES // BAND  # keys in one go: every text has a multiple of that
PAIRS = 50_000  # candidates
CROWD = 8  # texts; an address that more have is that of a front page
REVISED = 0.3  # share of its characters that a page may have changed in and be the same page
MAY_BE_BONES = 0.5  # share of the values of two skeletons; those of copies share nearly all
AT_HAND = 16  # texts
SKETCHES = 300_000  # at hand, of 300 bytes each
NEAR, KEPT = "near", "kept"
ROWS = "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

SKETCH = PERMUTATIONS + SKELETON_VALUES

Text = tuple[bytes, bytes, bytes, int]  # a row of texts
DocumentOf = Callable[[PurePosixPath], Document]


class Index:
    """The fingerprints of an archive, and the pairs among their texts that are copies or that must not be merged.

    What is found depends on which documents there are, never on the order or the batches that they came in.
    """

    def __init__(self, db: sqlite3.Connection, document_of: DocumentOf) -> None:
        """Work in `db`; `document_of` fetches a document where two must be compared."""
        self.db, self.document_of = db, document_of
        self.seen: dict[int, Copy] = {}
        self.sketches: dict[int, bytes] = {}  # they are looked at again and again
        self.fresh: dict[int, bytes] = {}  # the keys of the texts that are to be compared
        self.pages = set[str]()  # of the addresses that are to be looked at anew
        db.execute("CREATE TEMP TABLE IF NOT EXISTS fresh (key INTEGER, id INTEGER)")

    def update(self, gone: Iterable[PurePosixPath], new: Iterable[tuple[Fingerprint, str]]) -> None:
        """Forget the documents at `gone`, take in the `new`, each with a digest, and compare what may be alike."""
        self.seen.clear()
        self.sketches.clear()
        for path in gone:
            self._forget(path)
        fresh = iter(new)
        while (batch := list(islice(fresh, BATCH))) or self.fresh:
            for one, digest in batch:
                self._add(one, digest)
            rows = sorted((value, str(one.path), at) for one, _ in batch for value, at, _ in unpacked(one.passages))
            self.db.executemany("INSERT OR IGNORE INTO passages VALUES (?, ?, ?)", rows)
            self._meet()
        for page in sorted(self.pages - {""}):
            self._meet_at(page)
        self.pages.clear()

    def _forget(self, path: PurePosixPath) -> None:
        """Forget one document."""
        query = "DELETE FROM members WHERE path = ? RETURNING id, page, passages"
        row = self.db.execute(query, (str(path),)).fetchone()
        if row is None:
            return
        self.pages.add(row[1])
        hashes = ((value, str(path)) for value, _, _ in unpacked(row[2]))
        self.db.executemany("DELETE FROM passages WHERE hash = ? AND path = ?", hashes)
        first = self._first(row[0])
        if first is None:
            self._drop(row[0])
        elif str(path) < first:
            self._renew(row[0])

    def _add(self, one: Fingerprint, digest: str) -> None:
        """Take in one document."""
        row = (one.text, one.sketch, one.keys, one.damaged)
        found = self.db.execute("SELECT id FROM texts WHERE text = ?", row[:1]).fetchone()
        number, first = (found[0], self._first(found[0])) if found else (self._take_in(row), None)
        self.db.execute(ROWS, (str(one.path), digest, number, one.page, one.sha256, *one.rank, one.passages))
        self.pages.add(one.page)
        if first is not None and str(one.path) < first:
            self._renew(number)

    def _first(self, number: int) -> str | None:
        """Return the path of the document that a text is compared as, the first that has it."""
        (path,) = self.db.execute("SELECT min(path) FROM members WHERE id = ?", (number,)).fetchone()
        return None if path is None else str(path)

    def _take_in(self, row: Text) -> int:
        """Keep a new text, to be compared; return its number."""
        query = "INSERT INTO texts VALUES (NULL, ?, ?, ?, ?) RETURNING id"
        number = int(self.db.execute(query, row).fetchone()[0])
        _, sketch, self.fresh[number], damaged = row
        self.sketches[number] = _padded(sketch, damaged)
        return number

    def _drop(self, number: int) -> Text:
        """Forget a text and what came of it."""
        query = "DELETE FROM texts WHERE id = ? RETURNING text, sketch, keys, damaged"
        row: Text = self.db.execute(query, (number,)).fetchone()
        if not self.fresh.pop(number, None):
            rows = ((key, number) for key in np.frombuffer(row[2], np.int64).tolist())
            self.db.executemany("DELETE FROM keys WHERE key = ? AND id = ?", rows)
        self.db.execute("DELETE FROM pairs WHERE one = ? OR other = ?", (number, number))
        return row

    def _renew(self, number: int) -> None:
        """Compare a text anew: the document that it is compared as is another, with other markup for all we know."""
        renewed = self._take_in(self._drop(number))
        rows = self.db.execute("UPDATE members SET id = ? WHERE id = ? RETURNING page", (renewed, number))
        self.pages.update(page for (page,) in rows)

    def _meet(self) -> None:
        """Compare the new texts with all that share a key with them."""
        keys = np.frombuffer(b"".join(self.fresh.values()), np.int64)
        ids = np.repeat(list(self.fresh), [len(packed) // 8 for packed in self.fresh.values()])
        self.fresh.clear()
        order = np.lexsort((ids, keys))
        self.db.execute("DELETE FROM fresh")
        rows = np.stack([keys, ids], axis=1)[order].reshape(-1, 2 * TOGETHER).tolist()
        self.db.executemany(f"INSERT INTO fresh VALUES {', '.join(['(?, ?)'] * TOGETHER)}", rows)  # noqa: S608 - ours
        self.db.execute("INSERT OR IGNORE INTO keys SELECT key, id FROM fresh")
        query = "SELECT fresh.id, keys.id FROM fresh JOIN keys USING (key) WHERE keys.id < fresh.id"
        candidates = self.db.execute(query)
        alike: set[tuple[int, int]] = set()
        while some := candidates.fetchmany(PAIRS):
            alike.update(map(tuple, self._alike(np.array(some, np.int64)).tolist()))
        for one, other in sorted(alike):
            self._compare(one, other, NEAR, EDITED)

    def _alike(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the pairs, shape (n, 2), whose sketches allow that they are copies, or one a damaged copy."""
        known, places = np.unique(pairs, return_inverse=True)
        packed = b"".join(map(self._sketch, known.tolist()))
        rows = np.frombuffer(packed, np.uint8).reshape(len(known), -1)
        one, other = places.reshape(pairs.shape).T
        equal = rows[one, :SKETCH] == rows[other, :SKETCH]
        words_alike = equal[:, :PERMUTATIONS].mean(axis=1) >= ALIKE
        bones_alike = equal[:, PERMUTATIONS:].mean(axis=1) >= MAY_BE_BONES
        boned = (rows[one, SKETCH] & rows[other, SKETCH]).astype(bool)
        damaged = (rows[one, SKETCH + 1] | rows[other, SKETCH + 1]).astype(bool)
        kept: npt.NDArray[np.int64] = pairs[words_alike | (bones_alike & boned & damaged)]
        return kept

    def _sketch(self, number: int) -> bytes:
        """Return the sketch of a text, and a byte each for whether it has a skeleton and whether it is damaged."""
        if number not in self.sketches:
            if len(self.sketches) >= SKETCHES:
                self.sketches.clear()
            query = "SELECT sketch, damaged FROM texts WHERE id = ?"
            self.sketches[number] = _padded(*self.db.execute(query, (number,)).fetchone())
        return self.sketches[number]

    def _meet_at(self, page: str) -> None:
        """Compare the texts that have one address, anew: unless it is a crowd, for then it is a front page."""
        rows = self.db.execute("SELECT DISTINCT id FROM members WHERE page = ? ORDER BY id", (page,)).fetchall()
        by = f"address {page}"
        self.db.execute("DELETE FROM pairs WHERE by = ?", (by,))
        if len(rows) <= CROWD:
            for (one,), (other,) in combinations(rows, 2):
                self._compare(other, one, by, REVISED)

    def compare_kept(self, one: int, other: int) -> Verdict:
        """Return what comparing a text with the best of its family finds: copies of a copy may differ too much."""
        query = "SELECT same, why, similarity FROM pairs WHERE by = ? AND (one, other) IN ((?, ?), (?, ?))"
        row = self.db.execute(query, (KEPT, one, other, other, one)).fetchone()
        if row:
            return Verdict(same=bool(row[0]), why=row[1], similarity=row[2])
        return self._compare(one, other, KEPT, EDITED)

    def _compare(self, one: int, other: int, by: str, edited: float) -> Verdict:
        """Compare two texts and keep what that found; the texts by their digests, so that it is always the same."""
        (first, one), (second, other) = sorted((self._copy(number), number) for number in (one, other))
        found = verdict(first, second, edited)
        if found.same or found.apart or by == KEPT:
            worse = None if found.worse is None else (one, other)[found.worse]
            row = (one, other, by, found.same, found.why, found.similarity, worse)
            self.db.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return found

    def _copy(self, number: int) -> Copy:
        """Return what comparing a text rests on; the last few that were asked for are at hand."""
        if number not in self.seen:
            query = "SELECT text, damaged, min(path) FROM texts JOIN members USING (id) WHERE id = ?"
            digest, damaged, path = self.db.execute(query, (number,)).fetchone()
            document = self.document_of(PurePosixPath(path))
            if len(self.seen) >= AT_HAND:
                del self.seen[next(iter(self.seen))]
            self.seen[number] = Copy(digest, document.text, document.text_after(()) if damaged else "")
        return self.seen[number]


def _padded(sketch: bytes, damaged: int) -> bytes:
    return sketch.ljust(SKETCH, b"\0") + bytes([len(sketch) == SKETCH, damaged])
