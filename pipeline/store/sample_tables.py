"""The tables that say which documents help to repair damaged ones: a sample of the archive, and likely duplicates."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from pipeline.document import Document
from pipeline.store.packing import unpack

FULL_SAMPLE = 0.9  # of the characters that are wanted: then no more documents are looked at
LEAST_EQUAL_SHINGLES = 2  # of a likely duplicate: one may be a phrase
MOST_DUPLICATES = 4  # documents that one damaged document is compared with, besides the sample
SampledDocument = tuple[str, str]  # path, digest


class SampleTables:
    """The documents without inferred characters, in the state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def put(self, path: str, shingles: bytes, *, inferred: bool, first_pass: bool) -> None:
        """Store the shingles of a document: they find it if it is sound, and its duplicates if it is damaged.

        Those of a damaged document stay when it was cleaned again with the help of others, not in its `first_pass`.
        """
        hashes = array("q", shingles).tolist()
        replace_rows(self.db, "sketches", path, [] if inferred else [(value, path) for value in hashes])
        if first_pass:
            replace_rows(self.db, "probes", path, [(path, shingles)] if inferred else [])

    def sample(self, most: int) -> list[SampledDocument]:
        """Return documents with at most `most` characters together, drawn from the whole archive, sorted by path.

        They are the first by a hash of their paths, so that a change of the archive changes the sample little.
        """
        chosen, size = [], 0
        query = "SELECT path, digest, length FROM documents WHERE kind = 'cleaned' AND NOT inferred ORDER BY rank, path"
        for path, digest, length in self.db.execute(query):
            if size + length <= most:
                chosen.append((path, digest))
                size += length
            if size > FULL_SAMPLE * most:
                break
        return sorted(chosen)

    def likely_duplicates(self, path: str) -> list[SampledDocument]:
        """Return the sound documents that share most shingles with a damaged one, sorted by path."""
        row = self.db.execute("SELECT hashes FROM probes WHERE path = ?", (path,)).fetchone()
        hashes = array("q", row[0]).tolist() if row else []
        query = (
            "SELECT path, digest FROM sketches JOIN documents USING (path) "  # noqa: S608 - ours
            f"WHERE hash IN ({', '.join('?' * len(hashes))}) GROUP BY path HAVING count(*) >= ? "
            "ORDER BY count(*) DESC, path LIMIT ?"
        )
        return sorted(self.db.execute(query, (*hashes, LEAST_EQUAL_SHINGLES, MOST_DUPLICATES)).fetchall())

    def documents(self, chosen: Sequence[SampledDocument]) -> Iterator[Document]:
        """Yield the chosen documents."""
        for path, _ in chosen:
            row = self.db.execute("SELECT outcome FROM contents WHERE path = ?", (path,)).fetchone()
            yield unpack(row[0], Document)

    def language_counts(self) -> dict[str, int]:
        """Return the number of documents in each language, of those that are long and sound enough to know it."""
        query = (
            "SELECT language, count(*) FROM documents WHERE kind = 'cleaned' AND NOT inferred AND NOT short "
            "GROUP BY language"
        )
        return {str(language): int(number) for language, number in self.db.execute(query)}

    def outdated_short(self, prior: str, *, inferred: bool) -> list[tuple[PurePosixPath, str, str]]:
        """Return (path, stamp, flow) of the short documents that were cleaned with another main language, by path."""
        query = "SELECT path, stamp, flow FROM documents WHERE short AND prior <> ? AND inferred = ? ORDER BY path"
        return [(PurePosixPath(path), stamp, flow) for path, stamp, flow in self.db.execute(query, (prior, inferred))]

    def damaged(self) -> Iterator[tuple[PurePosixPath, str, str, str]]:
        """Yield (path, stamp, flow, digest of its evidence) of the documents with inferred characters, by path."""
        query = "SELECT path, stamp, flow, evidence FROM documents WHERE inferred ORDER BY path"
        for path, *row in self.db.execute(query).fetchall():
            yield PurePosixPath(path), *row


def replace_rows(db: sqlite3.Connection, table: str, path: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Replace the rows of a document in a table; equal rows stay, so that no trigger marks anything."""
    old = db.execute(f"SELECT * FROM {table} WHERE path = ?", (path,)).fetchall()  # noqa: S608 - ours
    if sorted(old) != sorted(rows):
        db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608 - ours
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            db.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608 - ours
