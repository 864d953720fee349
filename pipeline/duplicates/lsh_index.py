"""Fingerprints -> pairs of similar texts (LSH), kept in SQLite: the cost grows with new documents, not the archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import combinations, islice
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from pipeline.document import Document
from pipeline.duplicates.damaged_copies import SKELETON_PERMUTATIONS
from pipeline.duplicates.fingerprint import Fingerprint
from pipeline.duplicates.minhash import BAND_VALUES, PERMUTATIONS
from pipeline.duplicates.near_duplicates import LEAST_JACCARD, MOST_EDITED_SHARE, Comparison
from pipeline.duplicates.shared_passages import unpack_passages
from pipeline.duplicates.verification import ComparedText, compare_documents

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
    passages BLOB NOT NULL
);
CREATE INDEX members_by_text ON members (id, path);
CREATE INDEX members_by_page ON members (page) WHERE page <> '';
CREATE TABLE keys (key INTEGER, id INTEGER, PRIMARY KEY (key, id)) WITHOUT ROWID;
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
    same INTEGER NOT NULL,
    why TEXT NOT NULL,
    similarity REAL NOT NULL,
    worse INTEGER,             -- the text that is truncated or mis-decoded
    PRIMARY KEY (one, other, by)
) WITHOUT ROWID;
CREATE INDEX pairs_by_other ON pairs (other);
CREATE INDEX pairs_by ON pairs (by);
"""
INDEX_TABLES = ("texts", "members", "keys", "passages", "pairs")
DOCUMENTS_PER_BATCH = 5_000  # documents
KEYS_PER_INSERT = (
    SKELETON_PERMUTATIONS // BAND_VALUES
)  # keys per INSERT; the number of keys of a text is a multiple of it
CANDIDATES_PER_BATCH = 50_000  # candidates
MOST_TEXTS_PER_URL = 8  # texts; a URL that more texts share is a front page
REVISED_PAGE_SHARE = 0.3  # largest share of edited characters between two versions of one page
LEAST_SKELETON_SHARE = 0.5  # share of equal skeleton values; copies share nearly all
CACHED_TEXTS = 16  # texts in memory
CACHED_SIGNATURES = 300_000  # signatures in memory, 300 bytes each
BY_SIMILARITY, BY_BEST_COPY = "near", "kept"  # why two texts were compared
INSERT_MEMBER = "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
SIGNATURE_BYTES = PERMUTATIONS + SKELETON_PERMUTATIONS  # bytes

TextRow = tuple[bytes, bytes, bytes, int]  # a row of texts
LoadDocument = Callable[[PurePosixPath], Document]


class LshIndex:
    """The fingerprints of an archive, and the pairs of their texts that are copies or must not be merged.

    The result depends only on the documents, never on the order or the batches in which they were added.
    """

    def __init__(self, db: sqlite3.Connection, document_of: LoadDocument) -> None:
        """Work in `db`, which has the tables of `INDEX_SCHEMA`; `document_of` loads a document for a comparison."""
        self.db, self.document_of = db, document_of
        self.seen: dict[int, ComparedText] = {}
        self.signatures: dict[int, bytes] = {}
        self.fresh: dict[int, bytes] = {}  # keys of the texts that are not compared yet
        self.pages = set[str]()  # URL keys whose texts must be compared again
        db.execute("CREATE TEMP TABLE IF NOT EXISTS fresh (key INTEGER, id INTEGER)")

    def update(self, gone: Iterable[PurePosixPath], new: Iterable[tuple[Fingerprint, str]]) -> None:
        """Remove the documents at `gone`, add the `new` ones, each with a digest, and compare the candidates."""
        self.seen.clear()
        self.signatures.clear()
        for path in gone:
            self._remove(path)
        fresh = iter(new)
        while (batch := list(islice(fresh, DOCUMENTS_PER_BATCH))) or self.fresh:
            for one, digest in batch:
                self._add(one, digest)
            rows = sorted(
                (value, str(one.path), at) for one, _ in batch for value, at, _ in unpack_passages(one.passages)
            )
            self.db.executemany("INSERT OR IGNORE INTO passages VALUES (?, ?, ?)", rows)
            self._compare_new()
        for page in sorted(self.pages - {""}):
            self._compare_page(page)
        self.pages.clear()

    def _remove(self, path: PurePosixPath) -> None:
        """Remove one document."""
        query = "DELETE FROM members WHERE path = ? RETURNING id, page, passages"
        row = self.db.execute(query, (str(path),)).fetchone()
        if row is None:
            return
        self.pages.add(row[1])
        hashes = ((value, str(path)) for value, _, _ in unpack_passages(row[2]))
        self.db.executemany("DELETE FROM passages WHERE hash = ? AND path = ?", hashes)
        first = self._first(row[0])
        if first is None:
            self._remove_text(row[0])
        elif str(path) < first:
            self._compare_again(row[0])

    def _add(self, one: Fingerprint, digest: str) -> None:
        """Add one document."""
        row = (one.text, one.minhash, one.keys, one.damaged)
        found = self.db.execute("SELECT id FROM texts WHERE text = ?", row[:1]).fetchone()
        number, first = (found[0], self._first(found[0])) if found else (self._add_text(row), None)
        self.db.execute(INSERT_MEMBER, (str(one.path), digest, number, one.page, one.sha256, *one.rank, one.passages))
        self.pages.add(one.page)
        if first is not None and str(one.path) < first:
            self._compare_again(number)

    def _first(self, number: int) -> str | None:
        """Return the first path with a text: the document that stands for it in comparisons; None if there is none."""
        (path,) = self.db.execute("SELECT min(path) FROM members WHERE id = ?", (number,)).fetchone()
        return None if path is None else str(path)

    def _add_text(self, row: TextRow) -> int:
        """Store a new text, to be compared; return its number."""
        query = "INSERT INTO texts VALUES (NULL, ?, ?, ?, ?) RETURNING id"
        number = int(self.db.execute(query, row).fetchone()[0])
        _, minhash, self.fresh[number], damaged = row
        self.signatures[number] = _padded_signature(minhash, damaged)
        return number

    def _remove_text(self, number: int) -> TextRow:
        """Remove a text and the results of its comparisons; return its row."""
        query = "DELETE FROM texts WHERE id = ? RETURNING text, minhash, keys, damaged"
        row: TextRow = self.db.execute(query, (number,)).fetchone()
        if not self.fresh.pop(number, None):
            rows = ((key, number) for key in np.frombuffer(row[2], np.int64).tolist())
            self.db.executemany("DELETE FROM keys WHERE key = ? AND id = ?", rows)
        self.db.execute("DELETE FROM pairs WHERE one = ? OR other = ?", (number, number))
        return row

    def _compare_again(self, number: int) -> None:
        """Compare a text again, because another document with perhaps other markup now stands for it."""
        renewed = self._add_text(self._remove_text(number))
        rows = self.db.execute("UPDATE members SET id = ? WHERE id = ? RETURNING page", (renewed, number))
        self.pages.update(page for (page,) in rows)

    def _compare_new(self) -> None:
        """Compare the new texts with all texts that share a key with them."""
        keys = np.frombuffer(b"".join(self.fresh.values()), np.int64)
        ids = np.repeat(list(self.fresh), [len(packed) // 8 for packed in self.fresh.values()])
        self.fresh.clear()
        self.db.execute("DELETE FROM fresh")
        rows = np.stack([keys, ids], axis=1)[np.lexsort((ids, keys))].reshape(-1, 2 * KEYS_PER_INSERT).tolist()
        self.db.executemany(f"INSERT INTO fresh VALUES {', '.join(['(?, ?)'] * KEYS_PER_INSERT)}", rows)  # noqa: S608 - ours
        self.db.execute("INSERT OR IGNORE INTO keys SELECT key, id FROM fresh")
        query = "SELECT fresh.id, keys.id FROM fresh JOIN keys USING (key) WHERE keys.id < fresh.id"
        candidates = self.db.execute(query)
        pairs: set[tuple[int, int]] = set()
        while some := candidates.fetchmany(CANDIDATES_PER_BATCH):
            pairs.update(map(tuple, self._similar(np.array(some, np.int64)).tolist()))
        for one, other in sorted(pairs):
            self._compare(one, other, BY_SIMILARITY, MOST_EDITED_SHARE)

    def _similar(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the pairs, shape (n, 2), whose signatures are similar enough for copies or damaged copies."""
        numbers, places = np.unique(pairs, return_inverse=True)
        rows = np.frombuffer(b"".join(map(self._signature, numbers.tolist())), np.uint8).reshape(len(numbers), -1)
        one, other = places.reshape(pairs.shape).T
        equal = rows[one, :SIGNATURE_BYTES] == rows[other, :SIGNATURE_BYTES]
        words_similar = equal[:, :PERMUTATIONS].mean(axis=1) >= LEAST_JACCARD
        skeletons_similar = equal[:, PERMUTATIONS:].mean(axis=1) >= LEAST_SKELETON_SHARE
        have_skeletons = (rows[one, SIGNATURE_BYTES] & rows[other, SIGNATURE_BYTES]).astype(bool)
        damaged = (rows[one, SIGNATURE_BYTES + 1] | rows[other, SIGNATURE_BYTES + 1]).astype(bool)
        similar: npt.NDArray[np.int64] = pairs[words_similar | (skeletons_similar & have_skeletons & damaged)]
        return similar

    def _signature(self, number: int) -> bytes:
        """Return the signature of a text and two flag bytes: whether it has a skeleton, and whether it is damaged."""
        if number not in self.signatures:
            if len(self.signatures) >= CACHED_SIGNATURES:
                self.signatures.clear()
            query = "SELECT minhash, damaged FROM texts WHERE id = ?"
            self.signatures[number] = _padded_signature(*self.db.execute(query, (number,)).fetchone())
        return self.signatures[number]

    def _compare_page(self, page: str) -> None:
        """Compare the texts of one URL again, unless there are more than CROWD: then it is a front page."""
        rows = self.db.execute("SELECT DISTINCT id FROM members WHERE page = ? ORDER BY id", (page,)).fetchall()
        by = f"url {page}"
        self.db.execute("DELETE FROM pairs WHERE by = ?", (by,))
        if len(rows) <= MOST_TEXTS_PER_URL:
            for (one,), (other,) in combinations(rows, 2):
                self._compare(other, one, by, REVISED_PAGE_SHARE)

    def compare_kept(self, one: int, other: int) -> Comparison:
        """Return how a text compares with the best copy of its cluster: copies of a copy may differ too much."""
        query = "SELECT same, why, similarity FROM pairs WHERE by = ? AND (one, other) IN ((?, ?), (?, ?))"
        row = self.db.execute(query, (BY_BEST_COPY, one, other, other, one)).fetchone()
        if row:
            return Comparison(same=bool(row[0]), why=row[1], similarity=row[2])
        return self._compare(one, other, BY_BEST_COPY, MOST_EDITED_SHARE)

    def _compare(self, one: int, other: int, by: str, edited: float) -> Comparison:
        """Compare two texts, in the order of their digests, and store the result."""
        (first, one), (second, other) = sorted((self._copy(number), number) for number in (one, other))
        result = compare_documents(first, second, edited)
        if result.same or result.distinct or by == BY_BEST_COPY:
            worse = None if result.worse is None else (one, other)[result.worse]
            row = (one, other, by, result.same, result.why, result.similarity, worse)
            self.db.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return result

    def _copy(self, number: int) -> ComparedText:
        """Return what a comparison of a text uses; the last few stay in memory."""
        if number not in self.seen:
            query = "SELECT text, damaged, min(path) FROM texts JOIN members USING (id) WHERE id = ?"
            digest, damaged, path = self.db.execute(query, (number,)).fetchone()
            document = self.document_of(PurePosixPath(path))
            if len(self.seen) >= CACHED_TEXTS:
                del self.seen[next(iter(self.seen))]
            self.seen[number] = ComparedText(digest, document.text, document.text_after(()) if damaged else "")
        return self.seen[number]


def _padded_signature(minhash: bytes, damaged: int) -> bytes:
    return minhash.ljust(SIGNATURE_BYTES, b"\0") + bytes([len(minhash) == SIGNATURE_BYTES, damaged])
