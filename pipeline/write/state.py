"""What the last run found and wrote, in SQLite: how a run knows what has not changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.document import OUR_MISTAKE, Cleaned, Document, Outcome, Passage, Quarantined, Repeated
from pipeline.read.folder import Found
from pipeline.unique import index
from pipeline.unique.families import Repeats
from pipeline.unique.fingerprint import VERSION as PRINTS
from pipeline.unique.fingerprint import Fingerprint, fingerprint
from pipeline.unique.passages import shared
from pipeline.write.names import marked, safe_name
from pipeline.write.packed import pack, unpack
from pipeline.write.schema import opened, trial_of

COLUMNS = "SELECT kind, outcome, repeats, why, similarity, problem FROM documents"
OUTCOMES = """
SELECT kind, outcome, repeats, why, similarity, problem, path, name, digest, (
    SELECT count(*) FROM documents AS other
    WHERE other.folded = documents.folded AND other.kind = 'cleaned' AND other.repeats IS NULL
) > 1 FROM documents ORDER BY path
"""


class State:
    """The rows of the last run, and of this one as it goes on. Only the holder of the lock may have one on a file."""

    def __init__(self, file: Path, flow: str, *, trial: bool = False) -> None:
        """Open `file`; a trial works on a copy in memory.

        `flow` is the digest of all that decides a document's outcome beside its source; rows of another do not count.
        """
        self.flow = flow
        self.db = trial_of(file) if trial else opened(file)
        self.run = int(self.fact("run") or 0) + 1
        self.db.execute("BEGIN")

    def commit(self) -> None:
        """Make what was kept so far survive whatever happens next."""
        self.db.execute("COMMIT")
        self.db.execute("BEGIN")

    def close(self) -> None:
        """Keep all, and close the file."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")
        self.db.close()

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

    def put(
        self,
        found: Found,
        sha256: str,
        outcome: Cleaned | Quarantined,
        fingerprint: Fingerprint | None,
        evidence: str = "",
    ) -> None:
        """Keep what became of a source, and the digest of what else its letters were inferred from."""
        if isinstance(outcome, Cleaned):
            kind, packed, inferred = "cleaned", pack(outcome.document), outcome.document.inferred
            undone = any(note.promise for note in outcome.document.notes)
        else:
            kind, packed, inferred, undone = "quarantined", pack(outcome), False, False
        name = safe_name(found.path)
        folded, sum_ = name.casefold(), hashlib.sha256(packed).hexdigest()
        row = (str(found.path), self.flow, found.stamp, sha256, kind, name, folded, packed, sum_)
        self.db.execute(
            f"INSERT OR REPLACE INTO documents VALUES ({'?, ' * 10} NULL, NULL, NULL, NULL, ?, ?, ?, ?)",  # noqa: S608
            (*row, pack(fingerprint) if fingerprint else None, undone, inferred, evidence, self.run),
        )

    def forget_unseen(self) -> None:
        """Drop the rows of sources that this run did not see."""
        self.db.execute("DELETE FROM documents WHERE run <> ?", (self.run,))

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
        for table in index.TABLES:
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
        self.db.execute("UPDATE documents SET problem = NULL WHERE problem IS NOT NULL")
        told = {str(path): (str(one.of), one.why, one.similarity) for path, one in repeats.items()}
        query = "SELECT path, repeats, why, similarity FROM documents WHERE repeats IS NOT NULL"
        known = {path: tuple(row) for path, *row in self.db.execute(query)}
        rows = [
            (*told.get(path, (None,) * 3), path) for path in told.keys() | known if told.get(path) != known.get(path)
        ]
        self.db.executemany("UPDATE documents SET repeats = ?, why = ?, similarity = ? WHERE path = ?", rows)

    def fail(self, path: PurePosixPath, problem: str) -> None:
        """Keep why there are no editions of the source at `path`: it is set aside."""
        self.db.execute("UPDATE documents SET problem = ? WHERE path = ?", (problem, str(path)))

    def passages(self, path: PurePosixPath) -> tuple[Passage, ...]:
        """Return the paragraphs of the document at `path` that others, which are kept, have as well."""
        query = "SELECT 1 FROM documents WHERE path = ? AND repeats IS NULL"
        return tuple(shared(self.db, path, lambda other: bool(self.db.execute(query, (str(other),)).fetchone())))

    # Chapters: documents as the book of them all holds them

    def put_chapter(self, path: PurePosixPath, key: str, date: str, chapter: bytes) -> None:
        """Keep a document as a chapter, made from `key`."""
        self.db.execute("INSERT OR REPLACE INTO chapters VALUES (?, ?, ?, ?)", (str(path), key, date, chapter))

    def chapters(self) -> Iterator[tuple[str, bytes]]:
        """Yield (key, chapter) of the documents that have editions, by date, those without one last."""
        yield from self.db.execute(
            "SELECT key, chapter FROM chapters JOIN documents USING (path) "
            "WHERE kind = 'cleaned' AND repeats IS NULL AND problem IS NULL ORDER BY date = '', date, path"
        )

    def forget_chapters(self) -> None:
        """Drop the chapters of documents that are gone."""
        self.db.execute("DELETE FROM chapters WHERE path NOT IN (SELECT path FROM documents)")

    def count(self, condition: str) -> int:
        """Return how many documents meet an SQL condition over the columns above."""
        return int(self.db.execute(f"SELECT count(*) FROM documents WHERE {condition}").fetchone()[0])  # noqa: S608 - ours

    def quarantined(self) -> Iterator[Quarantined]:
        """Yield what is set aside, in the order of paths."""
        query = f"{COLUMNS} WHERE kind = 'quarantined' OR problem IS NOT NULL ORDER BY path"
        for row in self.db.execute(query):
            outcome = _outcome(*row)
            if isinstance(outcome, Quarantined):
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
            yield _outcome(*row), marked(name, PurePosixPath(path)) if clash else name, known


def _outcome(kind: str, packed: bytes, *told: Any) -> Outcome:  # noqa: ANN401 - the columns that COLUMNS names
    of, why, similarity, problem = told
    if kind == "quarantined":
        return unpack(packed, Quarantined)
    document = unpack(packed, Document)
    if problem:
        return Quarantined(document.path, "editions", problem, bug=problem.endswith(OUR_MISTAKE))
    return Repeated(document, PurePosixPath(of), why, similarity) if of else Cleaned(document)
