"""raw/ -> clean/ and out/: an incremental run over a whole archive."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.document import Skipped
from pipeline.extras import is_installed, require
from pipeline.run.changed_posts import LANGUAGE_FACT, FoundContainers, changed_posts, parts_to_clean, passed_over
from pipeline.run.code_state import code_state
from pipeline.run.decided_posts import PROBLEMS_FACT, learn_decisions, learn_kept, outdated_in_words
from pipeline.run.engines import opened_engine, with_absolute_folders
from pipeline.run.folders import check_folders, check_writable, locked
from pipeline.run.stopwatch import Stopwatch, TimedEngine
from pipeline.run.summary import Progress, RunContext, report_of
from pipeline.run.tasks import Task, Unchanged
from pipeline.run_report import RunReport
from pipeline.settings import Settings
from pipeline.store.archive_state import open_state
from pipeline.store.completion_cache import read_completions
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values
from pipeline.store.schema import DATABASE_FILE, DamagedState, keep_few_pages

if TYPE_CHECKING:
    from pipeline.run.limits import NoResult
    from pipeline.store.rows import DocumentRow

COMMIT_EVERY = 200  # documents: a kill loses the work on as many, or, where commits take long,
COMMIT_RATIO = 20  # of 20 times the time of the last one: in large archives, keys go to pages all over the database


def run_archive(
    settings: Settings,
    *,
    check: bool = False,
    strict: bool = False,
    leave_books: bool = False,
    tell: Progress = lambda _stage, _name: None,
) -> RunReport:
    """Bring clean/ and out/ up to date with raw/ and return a report; with `check`, write nothing.

    With `leave_books`, books are neither made nor removed. `tell(stage, name)` is called for each document. Raises
    MissingExtra if the settings ask for books that nothing installed can make, SettingsError if the folders contain
    each other or raw/ is missing, Locked if another run uses them, OSError if the system fails: a disk, memory,
    processes.
    """
    if settings.editions and not leave_books:
        require("books", "books")
    leave_books = leave_books or not is_installed("books")
    settings = with_absolute_folders(settings)
    raw, clean, out = Path(settings.raw), Path(settings.clean), Path(settings.out)
    check_folders(raw, clean, out)
    file, code = clean / DATABASE_FILE, code_state(settings)
    flow = "" if file.exists() else _flow_digest(settings)  # before anything is written: it checks the settings

    def once(*, rebuild: bool = False) -> RunReport:
        watch = Stopwatch()
        with opened_engine(settings) as engine, open_state(file, flow, trial=check, rebuild=rebuild) as database:
            database.flow = database.remembered("flow", code, lambda: flow or _flow_digest(settings))
            ledger = OutputLedger(database, clean, out, check=check)
            timed = TimedEngine(engine, watch)
            try:
                IncrementalRun(RunContext(settings, database, ledger, tell, leave_books, timed, watch), code).update()
            finally:
                ledger.sweep()
            report = report_of(database, ledger, out, books=settings.editions and not leave_books, strict=strict)
            return replace(report, stages=tuple(watch.stages), slowest=watch.slowest())

    check_writable(clean, out, check=check)
    with locked(clean, check=check):
        try:
            return once()
        except DamagedState as damage:
            tell("rebuild", f"{file}: {damage}; every post is cleaned again")
            try:
                return once(rebuild=True)
            except DamagedState as error:
                raise OSError(0, f"{error}, even after a rebuild; check the disk", str(file)) from error


def _flow_digest(settings: Settings) -> str:
    """Return the digest of the flow: rows of another flow are out of date. Raises SettingsError."""
    from pipeline.cache_key import cache_key
    from pipeline.store.rows import ROW_VERSION

    return digest_of_values(cache_key(settings), ROW_VERSION)


class IncrementalRun:
    """One run over an archive. `system_failed` says that the system failed a document."""

    def __init__(self, context: RunContext, code: str) -> None:
        """Clean what the settings name; `code` is the digest of `code_state`."""
        self.context, self.code, self.system_failed = context, code, False
        self.settings, self.database, self.ledger, self.progress, self.leave_books, self.engine, self.watch = context

    def update(self) -> None:
        """Look at every source; if one changed, or an output is not as it was written, make what is outdated."""
        self.decisions = learn_decisions(self.settings, self.database)
        with self.watch.stage("cleaning"):
            self.clean_changed()
            self.database.commit()
        with self.watch.stage("re-checking"):
            self.recheck()
        learn_kept(self.decisions.arranged, self.database)
        self.mark_changed_pictures()
        made = self.form()
        changed, disturbed = self.database.fact("made") != made, self.ledger.disturbed()
        marked = self.database.stale.any() or (self.makes_books and self.database.unmade.any())
        if not (changed or disturbed or marked):
            self.ledger.renew_ledgers()
            return
        self.database.learn("made", "")  # until everything is written
        with self.watch.stage("duplicates"):
            self.find_duplicates()
            keep_few_pages(self.database.db)
        from pipeline.run import outputs

        writer = outputs.Writer(self.context)
        writer.write_all({*disturbed} - {""}, changed=changed, system_failed=self.system_failed)
        if not (self.system_failed or writer.system_failed):  # else unplanned files may come back
            self.ledger.renew_ledgers()
            self.database.learn("made", made)

    def clean_changed(self) -> None:
        """Clean the sources that changed, and the parts of those that hold several documents."""
        containers = FoundContainers()
        self.keep_each(changed_posts(self.settings, self.database, containers), "cleaning")
        if containers.found or self.database.containers.known():
            from pipeline.run.containers import open_containers

            self.system_failed |= open_containers(self.context, containers)
            self.keep_each(parts_to_clean(self.settings, self.database, containers), "cleaning")

    @property
    def makes_books(self) -> bool:
        """Whether this run makes books."""
        return self.settings.editions and not self.leave_books

    def form(self) -> str:
        """Return the digest of all that decides the contents of clean/ and out/ besides documents and pictures."""
        how = [list(self.ledger.roots), self.leave_books, passed_over(self.database)]
        how += [read_completions(Path(self.settings.clean))]
        how += [self.database.decisions.counts(), outdated_in_words(self.database), self.database.fact(PROBLEMS_FACT)]

        def form_by_versions() -> str:
            from pipeline.run import outputs

            choices = [getattr(self.settings, name) for name in outputs.OUTPUT_SETTINGS]
            return digest_of_values(self.database.flow, choices, how, outputs.output_versions())

        return self.database.remembered("form", digest_of_values(self.code, how), form_by_versions)

    def mark_changed_pictures(self) -> None:
        """Mark the documents whose pictures changed since the last run."""
        pictures = self.database.pictures
        files, known = pictures.files(), pictures.stamps()
        if not (files or known):
            return
        from pipeline.read.fetched_pictures import FETCHED_FOLDER
        from pipeline.read.picture_paths import PictureFinder

        finder = PictureFinder(Path(self.settings.raw), Path(self.settings.clean, FETCHED_FOLDER))
        for file in files:
            stamp = finder.stamp(file)
            if known.pop(file, None) != stamp:
                pictures.put(file, stamp)
        pictures.forget(known)

    def keep_each(self, tasks: Iterator[Task], stage: str) -> None:
        """Clean the sources of `tasks` and store their outcomes."""
        if (first := next(tasks, None)) is None:
            return
        from pipeline.run import worker
        from pipeline.run.limits import Limits

        tasks = chain([first], tasks)
        with self.ledger.scratch() as scratch:
            limits = Limits(self.settings.max_seconds, scratch)
            copy = self.decisions.copied_to(scratch)
            deciding = (
                (replace(task, decisions=copy, decided=self.decisions.digest) for task in tasks) if copy else tasks
            )
            with closing(self.engine.run_each(worker.clean_source, deciding, limits)) as results:
                self.keep_results(results, stage)

    def keep_results(self, results: Iterable[tuple[Task, Unchanged | DocumentRow | NoResult]], stage: str) -> None:
        """Store the outcome of each task."""
        from pipeline.store.rows import DocumentRow, document_row

        ended, took = time.monotonic(), 0.0
        for at, (task, result) in enumerate(results):
            self.progress(stage, task.found.name)
            if isinstance(result, Unchanged):
                self.database.keep(task.found)
            else:
                if isinstance(result, DocumentRow):
                    row = result
                else:
                    row = document_row(Skipped(task.found.path, "clean", result.reason, result.cause))
                self.system_failed |= row.cause == "environment"
                self.database.put(task.found, row, task.evidence, task.language)
            if at % COMMIT_EVERY == 0 and time.monotonic() - ended >= COMMIT_RATIO * took:
                start = time.monotonic()
                self.database.commit()
                ended = time.monotonic()
                took = ended - start

    def recheck(self) -> None:
        """Clean short posts and those with reconstructed characters again, if their evidence in the archive changed."""
        if not self.database.stale.any():
            return
        from pipeline.run import evidence as others

        language = others.main_language(self.settings, self.database)
        self.database.learn(LANGUAGE_FACT, language)
        self.keep_each(others.outdated_short_posts(self.settings, self.database, language), "re-checking")
        evidence = Path(self.settings.clean, ".evidence")
        with self.ledger.scratch() as scratch:
            file = scratch / "evidence" if self.ledger.check else evidence
            tasks = others.outdated_inferences(self.settings, self.database, file, language)
            if first := next(tasks, None):
                others.write_statistics(self.database, file, evidence)
                self.keep_each(chain([first], tasks), "re-checking")
        self.database.commit()

    def find_duplicates(self) -> None:
        """Find the duplicates; only documents that are new since the last run are compared."""
        from pipeline.duplicates.clusters import duplicate_clusters
        from pipeline.duplicates.fingerprint import VERSION as FINGERPRINT_VERSION
        from pipeline.duplicates.lsh_index import LshIndex

        tables = self.database.duplicates
        if self.database.fact("fingerprints") != FINGERPRINT_VERSION:
            tables.compute_fingerprints(self.database.document)
            self.database.stale.add()
            self.database.learn("fingerprints", FINGERPRINT_VERSION)
        if self.database.stale.any():
            index = LshIndex(self.database.db, self.database.document)
            index.update(*tables.unindexed())
            tables.relate(duplicate_clusters(index, self.database.decisions.kept()))
            self.database.commit()
