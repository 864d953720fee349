"""The tables that say which documents are duplicates, and what kept documents have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from pipeline.document import Document, SharedPassage, SimilarDocument
from pipeline.duplicates import index_tables
from pipeline.duplicates.clusters import DuplicateMap
from pipeline.duplicates.fingerprint import Fingerprint, fingerprint
from pipeline.duplicates.shared_passages import find_shared_passages, unpack_passages
from pipeline.duplicates.similar_documents import find_similar_documents
from pipeline.store.packing import pack, unpack
from pipeline.store.tables import MARK_SHARED_PASSAGE


class DuplicateTables:
    """The duplicates of an archive, in its state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def compute_fingerprints(self, document_of: Callable[[PurePosixPath], Document]) -> None:
        """Compute all fingerprints again, and empty the index of duplicates."""
        for (path,) in self.db.execute("SELECT path FROM documents WHERE kind = 'cleaned'").fetchall():
            row = (pack(fingerprint(document_of(PurePosixPath(path)))), path)
            self.db.execute("UPDATE contents SET fingerprint = ? WHERE path = ?", row)
        for table in index_tables.INDEX_TABLES:
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - ours

    def unindexed(self) -> tuple[list[PurePosixPath], Iterator[tuple[Fingerprint, str]]]:
        """Return the paths to remove from the index of duplicates, and the (fingerprint, digest) pairs to add to it.

        All of them are marked as outdated.
        """
        gone = self.db.execute(
            "SELECT path FROM stale CROSS JOIN members USING (path) "
            "WHERE NOT EXISTS (SELECT 1 FROM documents WHERE documents.path = members.path "
            "AND kind = 'cleaned' AND documents.digest = members.digest)"
        )
        query = (
            "SELECT fingerprint, digest FROM stale CROSS JOIN documents USING (path) CROSS JOIN contents USING (path) "
            "WHERE kind = 'cleaned' AND path NOT IN (SELECT path FROM members) ORDER BY path"
        )
        return [PurePosixPath(path) for (path,) in gone.fetchall()], self._unpacked(query)

    def _unpacked(self, query: str) -> Iterator[tuple[Fingerprint, str]]:
        for packed, digest in self.db.execute(query):
            yield unpack(packed, Fingerprint), digest

    def relate(self, duplicates: DuplicateMap) -> None:
        """Store which documents are duplicates; write only what changed."""
        new = {str(path): (str(one.of), one.why, one.similarity) for path, one in duplicates.items()}
        query = "SELECT path, duplicate_of, why, similarity FROM documents WHERE duplicate_of IS NOT NULL"
        old = {path: tuple(row) for path, *row in self.db.execute(query)}
        for path in sorted(new.keys() | old):
            if new.get(path) == old.get(path):
                continue
            if (path in new) != (path in old):
                self._mark_shared_passages(path)
            self.db.execute(
                "UPDATE documents SET duplicate_of = ?, why = ?, similarity = ? WHERE path = ?",
                (*new.get(path, (None,) * 3), path),
            )

    def _mark_shared_passages(self, path: str) -> None:
        """Mark the documents whose lists of shared paragraphs change when the document at `path` starts to count."""
        row = self.db.execute("SELECT passages FROM members WHERE path = ?", (path,)).fetchone()
        for value, _, _ in unpack_passages(row[0]) if row else ():
            self.db.execute(MARK_SHARED_PASSAGE, (value, path))

    def passages(self, path: PurePosixPath) -> tuple[SharedPassage, ...]:
        """Return the paragraphs of the document at `path` that other kept documents have as well."""
        return tuple(find_shared_passages(self.db, path, self._is_kept))

    def similar(self, path: PurePosixPath) -> tuple[SimilarDocument, ...]:
        """Return the kept documents most similar to the one at `path`, the most similar first."""
        return tuple(find_similar_documents(self.db, path, self._is_kept))

    def _is_kept(self, path: PurePosixPath) -> bool:
        query = "SELECT 1 FROM documents WHERE path = ? AND duplicate_of IS NULL"
        return self.db.execute(query, (str(path),)).fetchone() is not None
