"""What the last run found and wrote, in SQLite: how a run knows what has not changed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from pipeline.document import Cause, Cleaned, Document, Duplicate, Outcome, SharedPassage, Skipped
from pipeline.duplicates import lsh_index
from pipeline.duplicates.clusters import Repeats
from pipeline.duplicates.fingerprint import VERSION as PRINTS
from pipeline.duplicates.fingerprint import Fingerprint, fingerprint
from pipeline.duplicates.shared_passages import shared
from pipeline.read.folder import Found
from pipeline.store import schema
from pipeline.store.chapters import Chapters
from pipeline.store.file_names import marked, safe_name
from pipeline.store.packing import pack, unpack
from pipeline.store.rows import Row

COLUMNS = "SELECT kind, outcome, repeats, why, similarity, problem, cause FROM documents"
OUTCOMES = """
SELECT kind, outcome, repeats, why, similarity, problem, cause, path, name, digest, (
    SELECT count(*) FROM documents AS other
    WHERE other.folded = documents.folded AND other.kind = 'cleaned' AND other.repeats IS NULL
) > 1 FROM documents ORDER BY path
"""
CLASH = 16  # hexadecimal digits that keep two equal names apart: 64 bits, which nobody finds two paths for


@contextmanager
def kept(file: Path, flow: str, *, trial: bool = False, rebuild: bool = False) -> Iterator[Database]:
    """Open the state at `file`, and close it. Only the holder of the lock may; a trial works on a copy in memory.

    `flow` is the digest of all that decides a document's outcome beside its source; rows of another do not count. With
    `rebuild`, what is there is thrown away. Raises Damaged, OSError.
    """
    try:
        with closing(schema.trial_of(file, rebuild=rebuild) if trial else schema.opened(file, rebuild=rebuild)) as db:
            try:
                yield Database(db, flow)
            except BaseException:  # what was kept so far stays; without its seal, the next run checks all of the file
                with suppress(sqlite3.Error):
                    db.execute("COMMIT")
                raise
            db.execute("COMMIT")
        if not trial:
            schema.seal(file)
    except sqlite3.Error as error:
        raise schema.explained(error, file) from error
    except msgspec.MsgspecError as error:
        message = f"a row cannot be read: {error}"
        raise schema.Damaged(message) from error


class Database:
    """The rows of the last run, and of this one as it goes on."""

    def __init__(self, db: sqlite3.Connection, flow: str) -> None:
        """Work in `db`, which has the tables of `schema`; `flow` as in `kept`."""
        self.db, self.flow = db, flow
        self.run = int(self.fact("run") or 0) + 1
        self.chapters = Chapters(self.db)
        self.db.execute("BEGIN")
        self.learn("run", str(self.run))  # at once: what this run sees is of this run, even if it is the last to see it

    def commit(self) -> None:
        """Make what was kept so far survive whatever happens next."""
        self.db.execute("COMMIT")
        self.db.execute("BEGIN")

    def fact(self, name: str) -> str:
        """Return a fact about the whole archive, empty if it is not known."""
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def learn(self, name: str, value: str) -> None:
        """Keep a fact about the whole archive."""
        self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # Documents

    def known(self, path: PurePosixPath) -> tuple[str, str]:
        """Return the stamp and the SHA-256 that a source had when it was last seen; both empty if it never was."""
        query = "SELECT stamp, sha256 FROM documents WHERE path = ? AND flow = ?"
        row = self.db.execute(query, (str(path), self.flow)).fetchone()
        return (row[0], row[1]) if row else ("", "")

    def keep(self, found: Found) -> None:
        """Note that a source was seen, and that its row still holds."""
        query = "UPDATE documents SET run = ?, stamp = ? WHERE path = ?"
        self.db.execute(query, (self.run, found.stamp, str(found.path)))

    def put(self, found: Found, row: Row, evidence: str = "") -> None:
        """Keep what became of a source, and the digest of what else its letters were inferred from."""
        path, name = str(found.path), safe_name(found.path)
        values = (path, self.flow, found.stamp if row.lasting else "", row.sha256, row.kind, name, name.casefold())
        digest = hashlib.sha256(row.outcome).hexdigest()
        inferred = row.inferred or bool(evidence)  # what evidence has settled depends on it still
        self.db.execute(
            f"INSERT OR REPLACE INTO documents VALUES ({'?, ' * 10} {'NULL, ' * 5} ?, ?, ?, ?)",  # noqa: S608 - ours
            (*values, row.outcome, digest, row.fingerprint, row.undone, inferred, evidence, self.run),
        )
        self.db.execute("DELETE FROM pictures WHERE path = ?", (path,))
        self.db.executemany("INSERT OR IGNORE INTO pictures VALUES (?, ?)", ((path, file) for file in row.pictures))

    def pictures(self, path: PurePosixPath | None = None) -> list[str]:
        """Return the picture files that the document at `path`, or any, shows: their paths below raw/."""
        if path is None:
            rows = self.db.execute("SELECT DISTINCT file FROM pictures ORDER BY file")
        else:
            rows = self.db.execute("SELECT file FROM pictures WHERE path = ? ORDER BY file", (str(path),))
        return [file for (file,) in rows]

    def forget_unseen(self) -> None:
        """Drop the rows of sources that this run did not see."""
        self.db.execute("DELETE FROM documents WHERE run <> ?", (self.run,))
        self.db.execute("DELETE FROM pictures WHERE path NOT IN (SELECT path FROM documents)")

    def sound(self) -> Iterator[tuple[str, Document]]:
        """Yield digest and document of every one that lost nothing, in the order of paths."""
        query = "SELECT digest, outcome FROM documents WHERE kind = 'cleaned' AND NOT inferred ORDER BY path"
        for known, packed in self.db.execute(query):
            yield known, unpack(packed, Document)

    def inferred(self, evidence: str) -> list[Found]:
        """Return the sources whose letters were inferred from other evidence than this."""
        query = "SELECT path, stamp FROM documents WHERE inferred AND evidence <> ? ORDER BY path"
        rows = self.db.execute(query, (evidence,))
        return [Found(PurePosixPath(path), int(stamp.partition(" ")[0]), stamp) for path, stamp in rows]

    def digests(self) -> str:
        """Return one digest of every document's outcome."""
        total = hashlib.sha256()
        for row in self.db.execute("SELECT path, digest FROM documents ORDER BY path"):
            total.update("\0".join(row).encode() + b"\n")
        return total.hexdigest()

    def print_anew(self) -> None:
        """Make all fingerprints again where they are of another version, and forget what came of them."""
        if self.fact("fingerprints") == PRINTS:
            return
        for (path,) in self.db.execute("SELECT path FROM documents WHERE kind = 'cleaned'").fetchall():
            row = (pack(fingerprint(self.document(PurePosixPath(path)))), path)
            self.db.execute("UPDATE documents SET fingerprint = ? WHERE path = ?", row)
        for table in lsh_index.TABLES:
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        self.learn("fingerprints", PRINTS)

    def unindexed(self) -> tuple[list[PurePosixPath], Iterator[tuple[Fingerprint, str]]]:
        """Return the paths that the index of duplicates should forget, and what it should take in: with its digest."""
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

    def relate(self, repeats: Repeats) -> None:
        """Keep who repeats whom."""
        self.db.execute("UPDATE documents SET problem = NULL, cause = NULL WHERE problem IS NOT NULL")
        told = {str(path): (str(one.of), one.why, one.similarity) for path, one in repeats.items()}
        query = "SELECT path, repeats, why, similarity FROM documents WHERE repeats IS NOT NULL"
        known = {path: tuple(row) for path, *row in self.db.execute(query)}
        rows = [
            (*told.get(path, (None,) * 3), path) for path in told.keys() | known if told.get(path) != known.get(path)
        ]
        self.db.executemany("UPDATE documents SET repeats = ?, why = ?, similarity = ? WHERE path = ?", rows)

    def fail(self, path: PurePosixPath, problem: str, cause: Cause) -> None:
        """Keep why there are no editions of the source at `path`: it is set aside."""
        self.db.execute("UPDATE documents SET problem = ?, cause = ? WHERE path = ?", (problem, cause, str(path)))

    def passages(self, path: PurePosixPath) -> tuple[SharedPassage, ...]:
        """Return the paragraphs of the document at `path` that others, which are kept, have as well."""
        query = "SELECT 1 FROM documents WHERE path = ? AND repeats IS NULL"
        return tuple(shared(self.db, path, lambda other: bool(self.db.execute(query, (str(other),)).fetchone())))

    def count(self, condition: str) -> int:
        """Return how many documents meet an SQL condition over the columns above."""
        return int(self.db.execute(f"SELECT count(*) FROM documents WHERE {condition}").fetchone()[0])  # noqa: S608 - ours

    def skipped(self) -> Iterator[Skipped]:
        """Yield what is set aside, in the order of paths."""
        query = f"{COLUMNS} WHERE kind = 'skipped' OR problem IS NOT NULL ORDER BY path"
        for row in self.db.execute(query):
            outcome = _outcome(*row)
            if isinstance(outcome, Skipped):
                yield outcome

    def outcome(self, path: PurePosixPath) -> Outcome:
        """Return what became of the source at `path`. Raises KeyError where there is none."""
        row = self.db.execute(f"{COLUMNS} WHERE path = ?", (str(path),)).fetchone()
        if row is None:
            raise KeyError(str(path))
        return _outcome(*row)

    def document(self, path: PurePosixPath) -> Document:
        """Return the clean document at `path`. Raises KeyError where there is none."""
        query = "SELECT outcome FROM documents WHERE path = ? AND kind = 'cleaned'"
        row = self.db.execute(query, (str(path),)).fetchone()
        if row is None:
            raise KeyError(str(path))
        return unpack(row[0], Document)

    def outcomes(self) -> Iterator[tuple[Outcome, str, str]]:
        """Yield (outcome, name of its files, digest) of every source in the order of paths.

        Where two names are one on a file system that ignores case, each gets the mark of its own path.
        """
        for *row, path, name, known, clash in self.db.execute(OUTCOMES):
            yield _outcome(*row), marked(name, PurePosixPath(path), CLASH) if clash else name, known


def _outcome(kind: str, packed: bytes, *told: Any) -> Outcome:  # noqa: ANN401 - the columns that COLUMNS names
    of, why, similarity, problem, cause = told
    if kind == "skipped":
        return unpack(packed, Skipped)
    document = unpack(packed, Document)
    if problem:
        return Skipped(document.path, "editions", problem, cause)
    return Duplicate(document, PurePosixPath(of), why, similarity) if of else Cleaned(document)
