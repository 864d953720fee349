"""Fingerprints -> pairs of similar texts (LSH), kept in SQLite: the cost grows with new documents, not the archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, combinations, islice
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from pipeline.document import Document
from pipeline.duplicates.crowded_keys import CrowdedKeys
from pipeline.duplicates.damaged_copies import SKELETON_PERMUTATIONS
from pipeline.duplicates.fingerprint import Fingerprint, source_text
from pipeline.duplicates.index_tables import (
    BY_BEST_COPY,
    BY_PAGE,
    BY_SIMILARITY,
    INSERT_MEMBER,
    SELECT_PAIR,
    StoredPair,
)
from pipeline.duplicates.minhash import BAND_VALUES, PERMUTATIONS
from pipeline.duplicates.near_duplicates import LEAST_JACCARD, MOST_EDITED_SHARE
from pipeline.duplicates.shared_passages import unpack_passages
from pipeline.duplicates.verification import ComparedText, compare_documents

DOCUMENTS_PER_BATCH = 5_000  # documents
KEYS_PER_INSERT = (
    SKELETON_PERMUTATIONS // BAND_VALUES
)  # keys per INSERT; the number of keys of a text is a multiple of it
CANDIDATES_PER_BATCH = 50_000  # candidates
PAIRS_AT_ONCE = 5_000  # whose signatures are compared: this takes 4 MB
ROWS_PER_LIST = 1_000  # of keys: Python's numbers take five times the memory of numpy's
HOST_SLASHES = 2  # of the key of a page without a path: //example.com
MOST_TEXTS_PER_URL = 8  # texts; a URL that more texts share is a front page
REVISED_PAGE_SHARE = 0.3  # largest share of edited characters between two versions of one page
LEAST_SKELETON_SHARE = 0.5  # share of equal skeleton values; copies share nearly all
CACHED_CHARACTERS = 1_000_000  # of texts in memory, which hold each up to four times
CACHED_SIGNATURES = 20_000  # signatures in memory, 300 bytes each
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
        self.seen_characters = 0
        self.signatures: dict[int, bytes] = {}
        self.fresh: dict[int, bytes] = {}  # keys of the texts that are not compared yet
        self.pages = set[str]()  # URL keys whose texts must be compared again
        self.thinned = set[int]()  # keys of removed texts
        db.execute("CREATE TEMP TABLE IF NOT EXISTS fresh (key INTEGER, id INTEGER)")
        self.crowded = CrowdedKeys(db)

    def update(self, gone: Iterable[PurePosixPath], new: Iterable[tuple[Fingerprint, str]]) -> None:
        """Remove the documents at `gone`, add the `new` ones, each with a digest, and compare the candidates."""
        self.seen.clear()
        self.seen_characters = 0
        self.signatures.clear()
        for path in gone:
            self._remove(path)
        self._compare_similar(iter(self.crowded.pairs_after_removal(self.thinned)))
        self.thinned.clear()
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
        if not self.db.execute("SELECT 1 FROM members WHERE id = ?", (row[0],)).fetchone():
            self._remove_text(row[0])

    def _add(self, one: Fingerprint, digest: str) -> None:
        """Add one document."""
        row = (one.text, one.minhash, one.keys, one.damaged)
        found = self.db.execute("SELECT id FROM texts WHERE text = ?", row[:1]).fetchone()
        number = found[0] if found else self._add_text(row)
        values = (str(one.path), digest, number, one.page, one.sha256, *one.rank, one.date, one.passages)
        self.db.execute(INSERT_MEMBER, values)
        self.pages.add(one.page)

    def _add_text(self, row: TextRow) -> int:
        """Store a new text, to be compared; return its number."""
        query = "INSERT INTO texts VALUES (NULL, ?, ?, ?, ?) RETURNING id"
        number = int(self.db.execute(query, row).fetchone()[0])
        _, minhash, self.fresh[number], damaged = row
        self._remember(number, minhash, damaged)
        return number

    def _remember(self, number: int, minhash: bytes, damaged: int) -> bytes:
        """Keep the signature of a text in memory, and return it."""
        if len(self.signatures) >= CACHED_SIGNATURES:
            self.signatures.clear()
        self.signatures[number] = padded_signature(minhash, damaged)
        return self.signatures[number]

    def _remove_text(self, number: int) -> None:
        """Remove a text and the results of its comparisons."""
        query = "DELETE FROM texts WHERE id = ? RETURNING keys"
        (keys,) = self.db.execute(query, (number,)).fetchone()
        if not self.fresh.pop(number, None):
            listed = np.frombuffer(keys, np.int64).tolist()
            self.db.executemany("DELETE FROM keys WHERE key = ? AND id = ?", ((key, number) for key in listed))
            self.thinned.update(listed)
        self.db.execute("DELETE FROM pairs WHERE one = ? OR other = ?", (number, number))

    def _compare_new(self) -> None:
        """Compare the new texts with all texts that share a key with them."""
        keys = np.frombuffer(b"".join(self.fresh.values()), np.int64)
        ids = np.repeat(list(self.fresh), [len(packed) // 8 for packed in self.fresh.values()])
        new = set(self.fresh)
        self.fresh.clear()
        self.db.execute("DELETE FROM fresh")
        ordered = np.stack([keys, ids], axis=1)[np.lexsort((ids, keys))].reshape(-1, 2 * KEYS_PER_INSERT)
        starts = range(0, len(ordered), ROWS_PER_LIST)
        rows = (row for at in starts for row in ordered[at : at + ROWS_PER_LIST].tolist())
        self.db.executemany(f"INSERT INTO fresh VALUES {', '.join(['(?, ?)'] * KEYS_PER_INSERT)}", rows)  # noqa: S608 - ours
        self.db.execute("INSERT OR IGNORE INTO keys SELECT key, id FROM fresh")
        crowded = self.crowded.pairs_after_adding(new)
        candidates = self.db.execute(
            "SELECT fresh.id, keys.id FROM fresh JOIN keys USING (key) "
            "WHERE keys.id < fresh.id AND fresh.key NOT IN (SELECT key FROM crowded)"
        )
        self._compare_similar(chain(candidates, crowded))

    def _compare_similar(self, candidates: Iterator[tuple[int, int]]) -> None:
        """Compare those pairs of texts whose signatures are similar."""
        pairs: set[tuple[int, int]] = set()
        while some := list(islice(candidates, CANDIDATES_PER_BATCH)):
            pairs.update(map(tuple, self._similar(np.array(some, np.int64)).tolist()))
        for one, other in sorted(pairs):
            self._compare(one, other, BY_SIMILARITY, MOST_EDITED_SHARE)

    def _similar(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the pairs, shape (n, 2), whose signatures are similar enough for copies or damaged copies."""
        numbers, places = np.unique(pairs, return_inverse=True)
        rows = np.frombuffer(b"".join(map(self._signature, numbers.tolist())), np.uint8).reshape(len(numbers), -1)
        one, other = places.reshape(pairs.shape).T
        parts = [slice(at, at + PAIRS_AT_ONCE) for at in range(0, len(pairs), PAIRS_AT_ONCE)]
        found = [pairs[part][signatures_similar(rows[one[part]], rows[other[part]])] for part in parts]
        return np.concatenate(found)

    def _signature(self, number: int) -> bytes:
        """Return the signature of a text and two flag bytes: whether it has a skeleton, and whether it is damaged."""
        if known := self.signatures.get(number):
            return known
        query = "SELECT minhash, damaged FROM texts WHERE id = ?"
        return self._remember(number, *self.db.execute(query, (number,)).fetchone())

    def _compare_page(self, page: str) -> None:
        """Compare the texts of one URL again, unless it is a front page: it has no path, or very many texts."""
        rows = self.db.execute(
            "SELECT DISTINCT id FROM members WHERE page = ? AND page <> '' ORDER BY id", (page,)
        ).fetchall()
        by = f"{BY_PAGE}{page}"
        self.db.execute("DELETE FROM pairs WHERE by = ?", (by,))
        if len(rows) <= MOST_TEXTS_PER_URL and page.count("/") > HOST_SLASHES:
            for (one,), (other,) in combinations(rows, 2):
                self._compare(other, one, by, REVISED_PAGE_SHARE)

    def compare_kept(self, one: int, other: int) -> StoredPair:
        """Return how a text compares with the best copy of its cluster: copies of a copy may differ too much."""
        query = f"{SELECT_PAIR} WHERE by = ? AND (one, other) IN ((?, ?), (?, ?))"
        row = self.db.execute(query, (BY_BEST_COPY, one, other, other, one)).fetchone()
        if row is None:
            self._compare(one, other, BY_BEST_COPY, MOST_EDITED_SHARE)
            row = self.db.execute(query, (BY_BEST_COPY, one, other, other, one)).fetchone()
        return StoredPair(*row)

    def stored_pairs(self) -> Iterator[StoredPair]:
        """Yield the pairs that are the same, versions or similar, first those found by similarity."""
        query = f"{SELECT_PAIR} WHERE by <> ? ORDER BY one, other, by <> ?, by"
        for row in self.db.execute(query, (BY_BEST_COPY, BY_SIMILARITY)):
            yield StoredPair(*row)

    def _compare(self, one: int, other: int, by: str, edited: float) -> None:
        """Compare two texts, in the order of their digests, and store the result."""
        (first, one), (second, other) = sorted((self._copy(number), number) for number in (one, other))
        result = compare_documents(first, second, edited, one_page=by.startswith(BY_PAGE))
        if result.why or by == BY_BEST_COPY:
            numbers = (one, other)
            worse, longer = (None if at is None else numbers[at] for at in (result.worse, result.longer))
            row = (*numbers, by, result.same, result.why, result.similarity, worse, longer)
            self.db.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _copy(self, number: int) -> ComparedText:
        """Return what a comparison of a text uses; the last few stay in memory."""
        if number not in self.seen:
            query = "SELECT text, damaged, min(path) FROM texts JOIN members USING (id) WHERE id = ?"
            digest, damaged, path = self.db.execute(query, (number,)).fetchone()
            document = self.document_of(PurePosixPath(path))
            while self.seen and self.seen_characters + len(document.text) > CACHED_CHARACTERS:
                self.seen_characters -= len(self.seen.pop(next(iter(self.seen))).text)
            self.seen_characters += len(document.text)
            unrepaired = document.text_after(()) if damaged else ""
            known = (document.meta.title, document.meta.language, source_text(document))
            self.seen[number] = ComparedText(digest, document.text, unrepaired, *known)
        return self.seen[number]


def signatures_similar(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which rows of two matrices are similar enough for copies or damaged copies; rows as `padded_signature`."""
    equal = one[:, :SIGNATURE_BYTES] == other[:, :SIGNATURE_BYTES]
    words_similar = equal[:, :PERMUTATIONS].mean(axis=1) >= LEAST_JACCARD
    skeletons_similar = equal[:, PERMUTATIONS:].mean(axis=1) >= LEAST_SKELETON_SHARE
    have_skeletons = (one[:, SIGNATURE_BYTES] & other[:, SIGNATURE_BYTES]).astype(bool)
    damaged = (one[:, SIGNATURE_BYTES + 1] | other[:, SIGNATURE_BYTES + 1]).astype(bool)
    similar: npt.NDArray[np.bool_] = words_similar | (skeletons_similar & have_skeletons & damaged)
    return similar


def padded_signature(minhash: bytes, damaged: int) -> bytes:
    """Return a signature of equal size for all texts, and two flag bytes: whether it has a skeleton, and is damaged."""
    return minhash.ljust(SIGNATURE_BYTES, b"\0") + bytes([len(minhash) == SIGNATURE_BYTES, damaged])
