"""The database -> the files of clean/ and out/ that are missing or outdated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.books import book
from pipeline.document import Skipped
from pipeline.records import bibliography, clean_file, link_files, report_html, report_jsonl, report_search
from pipeline.run import catalogue
from pipeline.run.book_jobs import BOOK_PREFIXES, BookMaker, Progress, failed_books
from pipeline.run.changed_posts import passed_over
from pipeline.run.inner_pictures import write_inner_pictures
from pipeline.run.records import RecordWriter
from pipeline.run.report_pages import write_report
from pipeline.run_report import RunReport
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values

RECORD_VERSIONS = (
    clean_file.VERSION,
    report_html.VERSION,
    report_jsonl.VERSION,
    report_search.VERSION,
    link_files.VERSION,
    bibliography.VERSION,
)
OUTPUT_VERSIONS = (*RECORD_VERSIONS, book.VERSION, catalogue.VERSION)
LOOK_SETTINGS = ("page", "vertical", "image_width", "grey", "formats")
OUTPUT_SETTINGS = ("editions", "opds", "title", "edition", *LOOK_SETTINGS)  # of Settings
RECORDS_FACT = "records"  # the digest of all that decides the form of the records and of the clean files


def report_of(
    database: ArchiveState, ledger: OutputLedger, out: Path, *, books: bool, strict: bool = False
) -> RunReport:
    """Return the counts of the run so far; without `books`, problems of the books in `out` do not count."""
    return RunReport(
        cleaned=database.count("kind = 'cleaned' AND duplicate_of IS NULL AND problem IS NULL"),
        duplicates=database.count("kind = 'cleaned' AND duplicate_of IS NOT NULL"),
        skipped=tuple(database.skipped()),
        rolled_back=database.count("rolled_back"),
        failed_books=tuple(failed_books(ledger, out)) if books else (),
        incomplete=database.chapters.incomplete() if books else 0,
        written=tuple(ledger.written),
        removed=tuple(ledger.removed),
        edited=tuple(ledger.edited),
        check=ledger.check,
        strict=strict,
        passed_over=passed_over(database),
    )


class RunContext(NamedTuple):
    """What a run works with. `progress(stage, name)` is called for each document and book.

    With `leave_books`, the books stay as they are, even if their posts changed.
    """

    settings: Settings
    database: ArchiveState
    ledger: OutputLedger
    progress: Progress
    leave_books: bool


class Writer:
    """Writes the outputs of the database, and records them in the output ledger."""

    def __init__(self, context: RunContext) -> None:
        """Write below the folders of the settings."""
        settings, database, ledger, self.progress, self.leave_books = context
        self.settings, self.database, self.ledger = settings, database, ledger
        self.clean, self.out = Path(settings.clean), Path(settings.out)
        self.books = settings.editions and not self.leave_books
        self.system_failed = False
        self.key = digest_of_values(RECORD_VERSIONS, settings.title, list(ledger.roots), self.books)
        self.moved = database.fact(RECORDS_FACT) != self.key  # other folders or another form: look at every document

    def write_all(self, disturbed: Collection[str], *, changed: bool, system_failed: bool) -> None:
        """Write every missing or outdated output, and remove those that are no longer planned.

        `disturbed` are the documents of files that somebody changed; `changed` says that something else than documents
        changed. After a failure of the system nothing is removed or taken for done: the next run tries again.
        """
        if self.moved:
            self.database.mark("stale")
        if not self.books:
            self.database.chapters.put_problems({})
        self.write_clean(disturbed)
        if self.books:
            maker = BookMaker(self.settings, self.database, self.ledger, self.progress)
            maker.write_all(disturbed)
            self.system_failed = maker.system_failed
            if self.settings.opds:
                catalogue.CatalogueWriter(self.settings, self.database, self.ledger).write_all()
        self.ledger.flush()
        system_failed = system_failed or self.system_failed
        stale = self.database.marked("stale")
        self.database.commit()
        with self.database.all_or_nothing():  # the sizes of lines and the files with them belong together
            records = RecordWriter(self.settings, self.database, self.ledger, self.key, books=self.books)
            records.write(stale)
            counts = report_of(self.database, self.ledger, self.out, books=self.books)
            write_report(records, counts, stale, changed=changed or self.moved)
            self.ledger.flush()
            if not system_failed:
                self.remove_unplanned({*stale, *disturbed})
                self.database.clear_marks("stale")
                self.database.learn(RECORDS_FACT, self.key)

    def write_clean(self, disturbed: Collection[str]) -> None:
        """Write the clean files of the documents that changed, those of duplicates to a separate folder."""
        changed = sorted({*self.database.marked("stale"), *disturbed})
        for path in changed:
            found = self.database.named_outcome(path, problems=False)
            if found is None:
                continue
            outcome, name, known = found
            if not isinstance(outcome, Skipped):
                file, key = self.clean / f"{name}.md", digest_of_values(known, clean_file.VERSION)
                if not self.ledger.fresh(file, key):
                    self.ledger.put(file, key, clean_file.clean_file(outcome.document), path)
        write_inner_pictures(self.settings, self.database, self.ledger, changed)

    def remove_unplanned(self, owners: Collection[str]) -> None:
        """Remove the files that are no longer planned: of `owners`, of no document, and where folders moved of all."""
        changed: Sequence[str] | None = None if self.moved else sorted(owners)
        left = (*BOOK_PREFIXES, f"{catalogue.CATALOGUE}/") if self.leave_books else BOOK_PREFIXES
        self.ledger.clear(self.out, changed, lambda below_out, name: not (below_out and name.startswith(left)))
        if not (self.books or self.leave_books):
            self.ledger.clear(self.out, None, lambda below_out, name: below_out and name.startswith(BOOK_PREFIXES))
