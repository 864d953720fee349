"""The state of an archive in SQLite: what the last run found and wrote, so that a run only does what changed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.document import Cleaned, Document, Duplicate, Outcome, Skipped
from pipeline.read.folder import FoundFile
from pipeline.store import schema
from pipeline.store.chapters import HAS_BOOKS, ChapterTable
from pipeline.store.container_table import ContainerTable
from pipeline.store.decision_tables import DecisionTables
from pipeline.store.file_names import DUPLICATES_FOLDER, safe_name, with_path_hash
from pipeline.store.link_tables import LinkTables
from pipeline.store.mark_table import MarkTable
from pipeline.store.packed_table import PackedTable
from pipeline.store.packing import name_hash, unpack
from pipeline.store.picture_tables import PictureTables
from pipeline.store.sample_tables import SampleTables, replace_rows
from pipeline.store.selection_table import SelectionTable
from pipeline.store.source_table import SourceTable

if TYPE_CHECKING:
    from pipeline.store.duplicate_tables import DuplicateTables
    from pipeline.store.rows import DocumentRow

SELECT_OUTCOME = (
    "SELECT kind, outcome, duplicate_of, why, similarity, problem, cause FROM documents JOIN contents USING (path)"
)
SELECT_OUTCOME_WITH_NAME = """
SELECT kind, outcome, duplicate_of, why, similarity, problem, cause, name, digest, (
    SELECT count(*) FROM documents AS other
    WHERE other.folded = documents.folded AND other.kind = 'cleaned'
    AND (other.duplicate_of IS NULL) = (documents.duplicate_of IS NULL)
) > 1 FROM documents JOIN contents USING (path) WHERE path = ? AND kind <> 'draft'
"""
DRAFTS_FLOW = " drafts"  # at the end of the flow's digest
CLASH_DIGITS = 16  # hexadecimal digits (64 bits) of the path's hash that distinguish two equal names


@contextmanager
def open_state(file: Path, flow: str, *, trial: bool = False, rebuild: bool = False) -> Iterator[ArchiveState]:
    """Open the state at `file`, and close it. Only the holder of the lock may; a trial works on a copy.

    Rows of another `flow` (a digest) are out of date. `rebuild` deletes the old state. Raises DamagedState, OSError.
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
    """The rows of the last run, updated by this one.

    `stale` are the documents with outdated records, `unmade` those with outdated books.
    """

    def __init__(self, db: sqlite3.Connection, flow: str) -> None:
        """Work in `db`, which has the tables of `schema`; `flow` as in `open_state`."""
        self.db, self.flow = db, flow
        self.chapters = ChapterTable(self.db)
        self.containers = ContainerTable(self.db)
        self.links = LinkTables(self.db)
        self.decisions = DecisionTables(self.db)
        self.pages = PackedTable(self.db, "report_pages")
        self.pictures = PictureTables(self.db)
        self.samples = SampleTables(self.db)
        self.catalogue = PackedTable(self.db, "catalogue")
        self.selections = SelectionTable(self.db)
        self.sources = SourceTable(self.db)
        self.stale, self.unmade = MarkTable(self.db, "stale"), MarkTable(self.db, "unmade")
        self.db.execute("BEGIN")

    @cached_property
    def duplicates(self) -> DuplicateTables:
        """The tables of duplicates."""
        from pipeline.store.duplicate_tables import DuplicateTables

        return DuplicateTables(self.db)

    def commit(self) -> None:
        """Commit the rows stored so far."""
        self.db.execute("COMMIT")
        self.db.execute("BEGIN")

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo what the block stored if it raises an exception."""
        self.db.execute("SAVEPOINT block")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO block")
            raise
        self.db.execute("RELEASE block")

    def fact(self, name: str) -> str:
        """Return a fact about the whole archive; empty if unknown."""
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def learn(self, name: str, value: str) -> None:
        """Store a fact about the whole archive."""
        if self.fact(name) != value:
            self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def remembered(self, name: str, key: str, compute: Callable[[], str]) -> str:
        """Return what `compute` returns; the value it returned last, without a call, if the `key` is still the same."""
        if self.fact(f"{name} key") != key or not self.fact(name):
            self.learn(name, compute())
            self.learn(f"{name} key", key)
        return self.fact(name)

    def flow_of(self, found: FoundFile) -> str:
        """Return the digest of the flow for a source; where drafts are posts, the flow is another."""
        return self.flow + DRAFTS_FLOW * found.drafts

    def keep(self, found: FoundFile) -> None:
        """Store the new stamp of a source whose bytes are those cleaned last time."""
        self.db.execute("UPDATE documents SET stamp = ? WHERE path = ?", (found.stamp, found.name))

    def put(self, found: FoundFile, row: DocumentRow, evidence: str = "", prior: str = "") -> None:
        """Store the row of a source, the digest of the documents that its characters were inferred from, its prior."""
        path, name, flow = found.name, safe_name(found.path), self.flow_of(found)
        digest = hashlib.sha256(row.outcome).hexdigest()
        inferred = row.inferred or bool(evidence)  # a document without open inferences still depends on its evidence
        stamp = found.stamp if row.lasting else ""
        names = (path, flow, stamp, row.sha256, row.kind, name, name.casefold(), row.title, row.url, digest)
        about_text = (name_hash(path), row.length, row.language, row.short, prior if row.short else "")
        values = (*names, row.rolled_back, inferred, evidence, *about_text)
        columns = (
            "path, flow, stamp, sha256, kind, name, folded, title, url, digest, rolled_back, inferred, evidence, "
            "rank, length, language, short, prior"
        )
        old = self.db.execute(f"SELECT {columns} FROM documents WHERE path = ?", (path,)).fetchone()  # noqa: S608 - ours
        self.decisions.put(path, row.decisions)
        if old == values:
            return
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns.split(", ")[1:])
        self.db.execute(
            f"INSERT INTO documents ({columns}) VALUES ({', '.join('?' * len(values))}) "  # noqa: S608 - ours
            f"ON CONFLICT (path) DO UPDATE SET {updates}",
            values,
        )
        self.db.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", (path, row.outcome, row.fingerprint))
        replace_rows(self.db, "pictures", path, [(path, file) for file in row.pictures])
        replace_rows(self.db, "works", path, [(path, row.works)] if row.works else [])
        self.links.put(path, row.homes, row.wants)
        self.samples.put(path, row.shingles, inferred=inferred, first_pass=not evidence)

    def forget(self, paths: Iterable[str]) -> None:
        """Delete the rows of sources that are gone."""
        for path in paths:
            for table in ("documents", "contents", "pictures", "works", "chapters", "selections"):
                self.db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608 - ours
            self.links.put(path, (), ())
            self.decisions.forget(path)
            self.samples.put(path, b"", inferred=False, first_pass=True)

    def clean_again(self, paths: Iterable[str]) -> None:
        """Make the rows of sources outdated, so that this run, or the next if it is killed, cleans them again."""
        self.db.executemany("UPDATE documents SET flow = '' WHERE path = ?", ((path,) for path in paths))

    def works_of(self, path: str) -> bytes:
        """Return the packed works that a document cites; empty if it cites none."""
        row = self.db.execute("SELECT works FROM works WHERE path = ?", (path,)).fetchone()
        return bytes(row[0]) if row else b""

    def works(self) -> Iterator[bytes]:
        """Yield the packed works of each kept document that cites some, by path."""
        query = f"SELECT works FROM works CROSS JOIN documents USING (path) WHERE {HAS_BOOKS} ORDER BY path"  # noqa: S608 - ours
        yield from (packed for (packed,) in self.db.execute(query))

    def reported_paths(self) -> Iterator[str]:
        """Yield the paths of all sources but drafts, in order."""
        for (path,) in self.db.execute("SELECT path FROM documents WHERE kind <> 'draft' ORDER BY path"):
            yield path

    def count(self, condition: str) -> int:
        """Return how many documents meet an SQL condition over the columns of `documents`."""
        return int(self.db.execute(f"SELECT count(*) FROM documents WHERE {condition}").fetchone()[0])  # noqa: S608 - ours

    def skipped(self) -> Iterator[Skipped]:
        """Yield the skipped documents, by path."""
        some = (f"SELECT path FROM documents WHERE {one}" for one in ("kind = 'skipped'", "problem IS NOT NULL"))  # noqa: S608 - ours
        query = f"{SELECT_OUTCOME} WHERE path IN ({' UNION ALL '.join(some)}) ORDER BY path"
        outcomes = (_unpacked_outcome(*row) for row in self.db.execute(query))
        yield from (outcome for outcome in outcomes if isinstance(outcome, Skipped))

    def outcome(self, path: PurePosixPath) -> Outcome:
        """Return the outcome of the source at `path`. Raises KeyError where there is none."""
        row = self.db.execute(f"{SELECT_OUTCOME} WHERE path = ?", (str(path),)).fetchone()
        if row is None:
            raise KeyError(str(path))
        return _unpacked_outcome(*row)

    def document(self, path: PurePosixPath) -> Document:
        """Return the clean document at `path`. Raises KeyError where there is none."""
        query = "SELECT outcome FROM documents JOIN contents USING (path) WHERE path = ? AND kind = 'cleaned'"
        row = self.db.execute(query, (str(path),)).fetchone()
        if row is None:
            raise KeyError(str(path))
        return unpack(row[0], Document)

    def named_outcome(self, path: str, *, problems: bool = True) -> tuple[Outcome, str, str] | None:
        """Return (outcome, name of its files, digest) of a source; None for a draft and if it is gone.

        Equal names get a hash of the path. Without `problems`, a document whose books failed is not skipped.
        """
        row = self.db.execute(SELECT_OUTCOME_WITH_NAME, (path,)).fetchone()
        if row is None:
            return None
        kind, packed, of, why, similarity, problem, cause, name, digest, clash = row
        outcome = _unpacked_outcome(kind, packed, of, why, similarity, problem if problems else None, cause)
        unique = with_path_hash(name, PurePosixPath(path), CLASH_DIGITS) if clash else name
        return outcome, f"{DUPLICATES_FOLDER}/{unique}" if of else unique, digest


def _unpacked_outcome(kind: str, packed: bytes, *columns: Any) -> Outcome:  # noqa: ANN401 - the other columns of SELECT_OUTCOME
    of, why, similarity, problem, cause = columns
    if kind == "skipped":
        return unpack(packed, Skipped)
    document = unpack(packed, Document)
    if problem:
        return Skipped(document.path, "editions", problem, cause)
    return Duplicate(document, PurePosixPath(of), why, similarity) if of else Cleaned(document)
