"""The state of an archive in SQLite: what the last run found and wrote, so that a run only does what changed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from pipeline.document import Cause, Cleaned, Document, Duplicate, Outcome, SharedPassage, SimilarDocument, Skipped
from pipeline.duplicates import index_tables
from pipeline.duplicates.clusters import DuplicateMap
from pipeline.duplicates.fingerprint import VERSION as FINGERPRINT_VERSION
from pipeline.duplicates.fingerprint import Fingerprint, fingerprint
from pipeline.duplicates.shared_passages import find_shared_passages
from pipeline.duplicates.similar_documents import find_similar_documents
from pipeline.read.folder import FoundFile
from pipeline.store import schema
from pipeline.store.chapters import ChapterTable
from pipeline.store.file_names import DUPLICATES_FOLDER, safe_name, with_path_hash
from pipeline.store.packing import pack, unpack
from pipeline.store.rows import DocumentRow

SELECT_OUTCOME = "SELECT kind, outcome, duplicate_of, why, similarity, problem, cause FROM documents"
SELECT_OUTCOMES_WITH_NAMES = """
SELECT kind, outcome, duplicate_of, why, similarity, problem, cause, path, name, digest, (
    SELECT count(*) FROM documents AS other
    WHERE other.folded = documents.folded AND other.kind = 'cleaned'
    AND (other.duplicate_of IS NULL) = (documents.duplicate_of IS NULL)
) > 1 FROM documents WHERE kind <> 'draft' ORDER BY path
"""
DRAFTS_FLOW = " drafts"  # at the end of the flow's digest
CLASH_DIGITS = 16  # hexadecimal digits (64 bits) of the path's hash that distinguish two equal names


@contextmanager
def open_state(file: Path, flow: str, *, trial: bool = False, rebuild: bool = False) -> Iterator[ArchiveState]:
    """Open the state at `file`, and close it. Only the holder of the lock may; a trial works on a copy in memory.

    Rows of another `flow` (a digest) are out of date. `rebuild` deletes the old state. Raises Damaged, OSError.
    """
    try:
        with closing(
            schema.open_copy_in_memory(file, rebuild=rebuild) if trial else schema.open_database(file, rebuild=rebuild)
        ) as db:
            try:
                yield ArchiveState(db, flow)
            except BaseException:  # stored rows stay; without a seal, the next run checks the whole file
                with suppress(sqlite3.Error):
                    db.execute("COMMIT")
                raise
            db.execute("COMMIT")
        if not trial:
            schema.seal_database(file)
    except sqlite3.Error as error:
        raise schema.sqlite_error_meaning(error, file) from error
    except msgspec.MsgspecError as error:
        message = f"a row cannot be read: {error}"
        raise schema.DamagedState(message) from error


class ArchiveState:
    """The rows of the last run, updated by this one."""

    def __init__(self, db: sqlite3.Connection, flow: str) -> None:
        """Work in `db`, which has the tables of `schema`; `flow` as in `open_state`."""
        self.db, self.flow = db, flow
        self.run = int(self.fact("run") or 0) + 1
        self.chapters = ChapterTable(self.db)
        self.db.execute("BEGIN")
        self.learn("run", str(self.run))  # first: rows that this run sees carry its number, even if the run is killed

    def commit(self) -> None:
        """Commit the rows stored so far."""
        self.db.execute("COMMIT")
        self.db.execute("BEGIN")

    def fact(self, name: str) -> str:
        """Return a fact about the whole archive; empty if unknown."""
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def learn(self, name: str, value: str) -> None:
        """Store a fact about the whole archive."""
        self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def known(self, found: FoundFile) -> tuple[str, str]:
        """Return the stamp and the SHA-256 of a source when it was last seen; both empty if it is new."""
        query = "SELECT stamp, sha256 FROM documents WHERE path = ? AND flow = ?"
        row = self.db.execute(query, (str(found.path), self._flow_of(found))).fetchone()
        return (row[0], row[1]) if row else ("", "")

    def _flow_of(self, found: FoundFile) -> str:
        """Return the digest of the flow for a source; where drafts are posts, the flow is another."""
        return self.flow + DRAFTS_FLOW * found.drafts

    def keep(self, found: FoundFile) -> None:
        """Record that this run saw a source and that its row is up to date."""
        query = "UPDATE documents SET run = ?, stamp = ? WHERE path = ?"
        self.db.execute(query, (self.run, found.stamp, str(found.path)))

    def put(self, found: FoundFile, row: DocumentRow, evidence: str = "") -> None:
        """Store the row of a source, and the digest of the other documents that its characters were inferred from."""
        path, name, flow = str(found.path), safe_name(found.path), self._flow_of(found)
        values = (path, flow, found.stamp if row.lasting else "", row.sha256, row.kind, name, name.casefold())
        digest = hashlib.sha256(row.outcome).hexdigest()
        inferred = row.inferred or bool(evidence)  # a document without open inferences still depends on its evidence
        self.db.execute(
            f"INSERT OR REPLACE INTO documents VALUES ({'?, ' * 10} {'NULL, ' * 5} ?, ?, ?, ?)",  # noqa: S608 - ours
            (*values, row.outcome, digest, row.fingerprint, row.rolled_back, inferred, evidence, self.run),
        )
        self.db.execute("DELETE FROM pictures WHERE path = ?", (path,))
        self.db.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?)", ((path, file) for file in row.pictures))

    def pictures(self, path: PurePosixPath | None = None) -> list[str]:
        """Return the paths below raw/ of the images in the document at `path`, or in any document."""
        if path is None:
            rows = self.db.execute("SELECT DISTINCT file FROM pictures ORDER BY file")
        else:
            rows = self.db.execute("SELECT file FROM pictures WHERE path = ? ORDER BY file", (str(path),))
        return [file for (file,) in rows]

    def forget_unseen(self) -> None:
        """Delete the rows of sources that this run did not see."""
        self.db.execute("DELETE FROM documents WHERE run <> ?", (self.run,))
        self.db.execute("DELETE FROM pictures WHERE path NOT IN (SELECT path FROM documents)")

    def sound(self) -> Iterator[tuple[str, Document]]:
        """Yield (digest, document) of every cleaned document without inferred characters, by path."""
        query = "SELECT digest, outcome FROM documents WHERE kind = 'cleaned' AND NOT inferred ORDER BY path"
        for known, packed in self.db.execute(query):
            yield known, unpack(packed, Document)

    def inferred(self, evidence: str) -> list[FoundFile]:
        """Return the sources whose characters were inferred from evidence with another digest."""
        query = "SELECT path, stamp, flow FROM documents WHERE inferred AND evidence <> ? ORDER BY path"
        rows = self.db.execute(query, (evidence,))
        return [
            FoundFile(PurePosixPath(path), int(stamp.partition(" ")[0]), stamp, drafts=flow.endswith(DRAFTS_FLOW))
            for path, stamp, flow in rows
        ]

    def digests(self) -> str:
        """Return one digest of the outcomes of all documents."""
        combined = hashlib.sha256()
        for row in self.db.execute("SELECT path, digest FROM documents ORDER BY path"):
            combined.update("\0".join(row).encode() + b"\n")
        return combined.hexdigest()

    def update_fingerprints(self) -> None:
        """Compute all fingerprints again if they are of another version, and empty the index of duplicates."""
        if self.fact("fingerprints") == FINGERPRINT_VERSION:
            return
        for (path,) in self.db.execute("SELECT path FROM documents WHERE kind = 'cleaned'").fetchall():
            row = (pack(fingerprint(self.document(PurePosixPath(path)))), path)
            self.db.execute("UPDATE documents SET fingerprint = ? WHERE path = ?", row)
        for table in index_tables.INDEX_TABLES:
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        self.learn("fingerprints", FINGERPRINT_VERSION)

    def unindexed(self) -> tuple[list[PurePosixPath], Iterator[tuple[Fingerprint, str]]]:
        """Return the paths to remove from the index of duplicates, and the (fingerprint, digest) pairs to add to it."""
        gone = self.db.execute(
            "SELECT path FROM members "
            "WHERE NOT EXISTS (SELECT 1 FROM documents WHERE documents.path = members.path "
            "AND kind = 'cleaned' AND documents.digest = members.digest)"
        )
        query = (
            "SELECT fingerprint, digest FROM documents WHERE kind = 'cleaned' "
            "AND path NOT IN (SELECT path FROM members) ORDER BY path"
        )
        return [PurePosixPath(path) for (path,) in gone], self._unpacked(query)

    def _unpacked(self, query: str) -> Iterator[tuple[Fingerprint, str]]:
        for packed, digest in self.db.execute(query):
            yield unpack(packed, Fingerprint), digest

    def relate(self, duplicates: DuplicateMap) -> None:
        """Store which documents are duplicates, and clear the problems of all books."""
        self.db.execute("UPDATE documents SET problem = NULL, cause = NULL WHERE problem IS NOT NULL")
        new = {str(path): (str(one.of), one.why, one.similarity) for path, one in duplicates.items()}
        query = "SELECT path, duplicate_of, why, similarity FROM documents WHERE duplicate_of IS NOT NULL"
        old = {path: tuple(row) for path, *row in self.db.execute(query)}
        rows = [(*new.get(path, (None,) * 3), path) for path in new.keys() | old if new.get(path) != old.get(path)]
        self.db.executemany("UPDATE documents SET duplicate_of = ?, why = ?, similarity = ? WHERE path = ?", rows)

    def fail(self, path: PurePosixPath, problem: str, cause: Cause) -> None:
        """Store why the source at `path` has no books: it is skipped."""
        self.db.execute("UPDATE documents SET problem = ?, cause = ? WHERE path = ?", (problem, cause, str(path)))

    def passages(self, path: PurePosixPath) -> tuple[SharedPassage, ...]:
        """Return the paragraphs of the document at `path` that other kept documents have as well."""
        return tuple(find_shared_passages(self.db, path, self._is_kept))

    def similar(self, path: PurePosixPath) -> tuple[SimilarDocument, ...]:
        """Return the kept documents most similar to the one at `path`, the most similar first."""
        return tuple(find_similar_documents(self.db, path, self._is_kept))

    def _is_kept(self, path: PurePosixPath) -> bool:
        query = "SELECT 1 FROM documents WHERE path = ? AND duplicate_of IS NULL"
        return self.db.execute(query, (str(path),)).fetchone() is not None

    def count(self, condition: str) -> int:
        """Return how many documents meet an SQL condition over the columns of `documents`."""
        return int(self.db.execute(f"SELECT count(*) FROM documents WHERE {condition}").fetchone()[0])  # noqa: S608 - ours

    def skipped(self) -> Iterator[Skipped]:
        """Yield the skipped documents, by path."""
        query = f"{SELECT_OUTCOME} WHERE kind = 'skipped' OR problem IS NOT NULL ORDER BY path"
        for row in self.db.execute(query):
            outcome = _unpacked_outcome(*row)
            if isinstance(outcome, Skipped):
                yield outcome

    def outcome(self, path: PurePosixPath) -> Outcome:
        """Return the outcome of the source at `path`. Raises KeyError where there is none."""
        row = self.db.execute(f"{SELECT_OUTCOME} WHERE path = ?", (str(path),)).fetchone()
        if row is None:
            raise KeyError(str(path))
        return _unpacked_outcome(*row)

    def document(self, path: PurePosixPath) -> Document:
        """Return the clean document at `path`. Raises KeyError where there is none."""
        query = "SELECT outcome FROM documents WHERE path = ? AND kind = 'cleaned'"
        row = self.db.execute(query, (str(path),)).fetchone()
        if row is None:
            raise KeyError(str(path))
        return unpack(row[0], Document)

    def outcomes(self) -> Iterator[tuple[Outcome, str, str]]:
        """Yield (outcome, name of its files, digest) of every source but drafts; equal names get a hash of the path."""
        for *row, path, name, digest, clash in self.db.execute(SELECT_OUTCOMES_WITH_NAMES):
            outcome = _unpacked_outcome(*row)
            unique = with_path_hash(name, PurePosixPath(path), CLASH_DIGITS) if clash else name
            yield outcome, f"{DUPLICATES_FOLDER}/{unique}" if isinstance(outcome, Duplicate) else unique, digest


def _unpacked_outcome(kind: str, packed: bytes, *columns: Any) -> Outcome:  # noqa: ANN401 - the other columns of COLUMNS
    of, why, similarity, problem, cause = columns
    if kind == "skipped":
        return unpack(packed, Skipped)
    document = unpack(packed, Document)
    if problem:
        return Skipped(document.path, "editions", problem, cause)
    return Duplicate(document, PurePosixPath(of), why, similarity) if of else Cleaned(document)
