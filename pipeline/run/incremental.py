"""raw/ -> clean/ and out/: one run over a whole archive, doing only what changed since the last."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.document import RunReport, Skipped
from pipeline.duplicates.clusters import duplicate_clusters
from pipeline.duplicates.lsh_index import LshIndex
from pipeline.flow import REPAIRED, signature
from pipeline.language.archive_statistics import (
    MOST_ARCHIVE_CHARACTERS,
    NO_STATISTICS,
    pack_statistics,
    statistics_of,
    unpack_statistics,
)
from pipeline.read.folder import scan_folder
from pipeline.read.pictures import image_stamp
from pipeline.run import outputs, worker
from pipeline.run.book_jobs import COMMIT_EVERY, Tell
from pipeline.run.pool import Limits, Lost, each, jobs
from pipeline.settings import Settings, SettingsError
from pipeline.store.atomic import errors_naming, write_atomically
from pipeline.store.database import StateDatabase, open_state
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values
from pipeline.store.rows import DocumentRow, document_row
from pipeline.store.schema import DamagedState

STATE = ".state.sqlite"  # in clean/


class Locked(Exception):  # noqa: N818 - a condition, not a fault
    """Another run works on the same clean/; the message says which."""


def run_archive(
    settings: Settings,
    *,
    check: bool = False,
    strict: bool = False,
    leave_books: bool = False,
    tell: Tell = lambda _stage, _name: None,
) -> RunReport:
    """Bring clean/ and out/ up to date with raw/ and return how it went; with `check`, only report what would be done.

    With `leave_books`, books are neither made nor removed. `tell(stage, name)` is called as each document is taken up.
    Raises SettingsError where the folders cannot be used so, Locked where another run works on them, OSError where the
    machine fails: a disk, memory, processes.
    """
    raw, clean, out = Path(settings.raw), Path(settings.clean), Path(settings.out)
    _apart(raw, clean, out)
    flow, file = digest_of_values(signature(settings)), clean / STATE

    def once(*, rebuild: bool = False) -> RunReport:
        with open_state(file, flow, trial=check, rebuild=rebuild) as state:
            shelf = OutputLedger(state, clean, out, check=check)
            try:
                _Run(settings, state, shelf, tell, leave_books=leave_books).go()
            finally:
                shelf.sweep()
            books = settings.editions and not leave_books
            return outputs.report_of(state, shelf, out, books=books, strict=strict)

    with locked(clean, check=check):
        _usable(out, check=check)
        try:
            return once()
        except DamagedState as damage:
            tell("rebuild", f"{file}: {damage}; every post is cleaned again")
            try:
                return once(rebuild=True)
            except DamagedState as error:
                raise OSError(0, f"{error}, even when it was new; check the disk", str(file)) from error


def _apart(raw: Path, clean: Path, out: Path) -> None:
    """Refuse folders that would let a run write into what it reads."""
    if not raw.is_dir():
        message = f"raw: there is no folder `{raw}`; name the one your posts are in"
        raise SettingsError(message)
    for name, folder in (("clean", clean), ("out", out)):
        if folder.resolve().is_relative_to(raw.resolve()):
            message = f"{name}: `{folder}` lies in `{raw}`, which is never written; name another folder"
            raise SettingsError(message)
        if raw.resolve().is_relative_to(folder.resolve()):
            message = f"{name}: `{raw}` lies in `{folder}`, whose files are derived; name another folder"
            raise SettingsError(message)
    if clean.resolve().is_relative_to(out.resolve()) or out.resolve().is_relative_to(clean.resolve()):
        message = f"out: `{out}` and `{clean}` lie in one another; name two folders side by side"
        raise SettingsError(message)


def _usable(folder: Path, *, check: bool) -> None:
    """Raise OSError, before any work, where outputs cannot be written to `folder`; a check writes nothing there."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(folder))
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def locked(clean: Path, *, check: bool) -> Iterator[None]:
    """Hold the lock of clean/, for it and for what is derived from it. A check writes nothing and needs none."""
    if check:
        yield
        return
    clean.mkdir(parents=True, exist_ok=True)
    file = clean / ".lock"
    try:
        with FileLock(file, timeout=0):
            with errors_naming(file):
                file.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
            yield
    except Timeout as error:
        message = f"another run works on {clean}: {file.read_text('utf-8', 'replace')}; wait for it or stop it"
        raise Locked(message) from error


class _Run:
    """One run: what it was asked, and where its results go. `troubled` says that the machine failed a document."""

    def __init__(
        self, settings: Settings, state: StateDatabase, shelf: OutputLedger, tell: Tell, *, leave_books: bool
    ) -> None:
        self.settings, self.state, self.shelf, self.tell, self.leave_books = settings, state, shelf, tell, leave_books
        self.troubled = False

    def go(self) -> None:
        """Look at every source; if any changed, or any output is not as it was left, make what is not fresh."""
        self.keep_each(self.changed(), "clean")
        self.state.forget_unseen()
        self.state.commit()
        self.infer()
        made = self.decides_all()
        if self.state.fact("made") == made and self.shelf.intact():
            self.shelf.renew_ledgers()
            return
        self.state.learn("made", "")  # until all is made
        self.relate()
        writer = outputs.Writer(self.settings, self.state, self.shelf, self.tell)
        writer.write_all(made, leave_books=self.leave_books)
        if not (self.troubled or writer.troubled):  # else what is not planned may be what the machine kept us from
            self.shelf.clear()
            self.shelf.renew_ledgers()
            self.state.learn("made", made)

    def decides_all(self) -> str:
        """Return the digest of all that decides what is in clean/ and out/."""
        raw = Path(self.settings.raw)
        pictures = [(file, image_stamp(raw, file)) for file in self.state.pictures()]
        choices = [getattr(self.settings, name) for name in outputs.CHOICES]
        how = [*choices, list(self.shelf.roots), self.leave_books, outputs.VERSIONS]
        return digest_of_values(self.state.flow, self.state.digests(), pictures, how)

    def keep_each(self, tasks: Iterable[worker.Task], stage: str) -> None:
        """Clean the sources of `tasks` and keep what became of each."""
        with self.shelf.scratch() as scratch:
            limits = Limits(self.settings.max_seconds, scratch)
            with closing(each(worker.clean, tasks, jobs(self.settings), limits)) as results:
                self.keep_results(results, stage)

    def keep_results(
        self, results: Iterable[tuple[worker.Task, worker.Unchanged | DocumentRow | Lost]], stage: str
    ) -> None:
        """Keep what became of each task."""
        for at, (task, result) in enumerate(results):
            self.tell(stage, str(task.found.path))
            if isinstance(result, worker.Unchanged):
                self.state.keep(task.found)
            else:
                row = result if isinstance(result, DocumentRow) else document_row(_aside(task, result))
                self.troubled |= row.cause == "environment"
                self.state.put(task.found, row, task.evidence)
            if at % COMMIT_EVERY == 0:
                self.state.commit()

    def infer(self) -> None:
        """Clean again the sources whose letters were inferred from other evidence than what the rest now says."""
        if not self.state.count("inferred"):
            return
        texts, evidence = self.sound()
        stale = self.state.inferred(evidence)
        if not stale:
            return
        evidence_file = Path(self.settings.clean, ".evidence")
        before = unpack_statistics(evidence_file.read_bytes()) if evidence_file.is_file() else NO_STATISTICS
        with self.shelf.scratch() as scratch:
            file = scratch / "evidence" if self.shelf.check else evidence_file
            write_atomically(file.parent, file, pack_statistics(statistics_of(texts, before)))
            tasks = (worker.Task(self.settings, found, archive=file, evidence=evidence) for found in stale)
            self.keep_each(tasks, "infer")
        self.state.commit()

    def sound(self) -> tuple[dict[str, str], str]:
        """Return the texts that lost nothing, up to MOST characters of them, and a digest of all these.

        They are as their authors left them, as a damaged copy is: what later steps make of Markdown is undone.
        """
        texts: dict[str, str] = {}
        known, size = [], 0
        for one, document in self.state.sound():
            if size + len(document.text) <= MOST_ARCHIVE_CHARACTERS:
                path = str(document.path)
                texts[path] = document.text_after(REPAIRED)
                size += len(texts[path])
                known.append((path, one))
        return texts, digest_of_values(known)

    def changed(self) -> Iterator[worker.Task]:
        """Yield the sources that may have changed since the last run."""
        for found in scan_folder(Path(self.settings.raw), self.settings.ignore):
            if found.ignored:
                continue
            stamp, sha256 = self.state.known(found.path)
            if stamp and stamp == found.stamp:
                self.state.keep(found)
            else:
                yield worker.Task(self.settings, found, sha256)

    def relate(self) -> None:
        """Find out which documents repeat which, comparing those that are new since the last run."""
        self.state.print_anew()
        index = LshIndex(self.state.db, self.state.document)
        index.update(*self.state.unindexed())
        self.state.relate(duplicate_clusters(index))
        self.state.commit()


def _aside(task: worker.Task, lost: Lost) -> Skipped:
    return Skipped(task.found.path, "clean", lost.reason, lost.cause)
