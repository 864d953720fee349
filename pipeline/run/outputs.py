"""The database -> the files of clean/ and out/ that are missing or outdated."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from pipeline.document import Skipped
from pipeline.extras import is_installed
from pipeline.records import bibliography, clean_file, link_files, report_html, report_jsonl, report_search
from pipeline.run.inner_pictures import write_inner_pictures
from pipeline.run.records import RecordWriter
from pipeline.run.report_pages import write_report
from pipeline.run.summary import BOOK_PREFIXES, CATALOGUE, RunContext, report_of
from pipeline.store.packing import digest_of_values

RECORD_VERSIONS = (
    clean_file.VERSION,
    report_html.VERSION,
    report_jsonl.VERSION,
    report_search.VERSION,
    link_files.VERSION,
    bibliography.VERSION,
)
LOOK_SETTINGS = ("page", "sides", "fonts", "vertical", "image_width", "grey", "formats")
OUTPUT_SETTINGS = ("editions", "opds", "title", "edition", *LOOK_SETTINGS)  # of Settings
RECORDS_FACT = "records"  # the digest of all that decides the form of the records and of the clean files


def output_versions() -> tuple[object, ...]:
    """Return the versions of all that is written; those of books only where they can be made."""
    if not is_installed("books"):
        return RECORD_VERSIONS
    from pipeline.books import book  # noqa: PLC0415 - needs the extra `books`
    from pipeline.run import catalogue  # noqa: PLC0415 - the same

    return (*RECORD_VERSIONS, book.VERSION, *catalogue.VERSION)


class Writer:
    """Writes the outputs of the database, and records them in the output ledger."""

    def __init__(self, context: RunContext) -> None:
        """Write below the folders of the settings."""
        settings, database, ledger, self.progress, self.leave_books, self.engine, self.watch = context
        self.settings, self.database, self.ledger = settings, database, ledger
        self.clean, self.out = Path(settings.clean), Path(settings.out)
        self.books = settings.editions and not self.leave_books
        self.system_failed = False
        raw = os.path.relpath(settings.raw, settings.clean)  # the report links to the sources
        places = [*ledger.roots, raw]
        self.key = digest_of_values(RECORD_VERSIONS, settings.title, places, self.books, is_installed("books"))
        self.moved = database.fact(RECORDS_FACT) != self.key  # other folders or another form: look at every document

    def write_all(self, disturbed: Collection[str], *, changed: bool, system_failed: bool) -> None:
        """Write every missing or outdated output, and remove those that are no longer planned.

        `disturbed` are the documents of files that somebody changed; `changed` says that something else than documents
        changed. After a failure of the system nothing is removed or taken for done: the next run tries again.
        """
        if self.moved:
            self.database.stale.add()
        if not self.books:
            self.database.chapters.put_problems({})
        with self.watch.stage("clean files"):
            self.write_clean(disturbed)
            self.ledger.flush()
        if self.books:
            from pipeline.run.book_jobs import BookMaker  # noqa: PLC0415 - needs the extra `books`

            with self.watch.stage("books"):
                maker = BookMaker(self.settings, self.database, self.ledger, self.progress, self.engine)
                maker.write_all(disturbed)
                self.ledger.flush()
            self.system_failed = maker.system_failed
            if self.settings.opds:
                from pipeline.run.catalogue import CatalogueWriter  # noqa: PLC0415 - needs the extra `books`

                with self.watch.stage("catalogue"):
                    CatalogueWriter(self.settings, self.database, self.ledger).write_all()
                    self.ledger.flush()
        system_failed = system_failed or self.system_failed
        stale = self.database.stale.paths()
        self.database.commit()
        with (
            self.watch.stage("records"),
            self.database.all_or_nothing(),
        ):  # the sizes of lines and the files with them belong together
            records = RecordWriter(self.settings, self.database, self.ledger, self.key, books=self.books)
            records.write(stale)
            counts = report_of(self.database, self.ledger, self.out, books=self.books)
            write_report(records, counts, stale, changed=changed or self.moved)
            self.ledger.flush()
            if not system_failed:
                self.remove_unplanned({*stale, *disturbed})
                self.database.stale.clear()
                self.database.learn(RECORDS_FACT, self.key)

    def write_clean(self, disturbed: Collection[str]) -> None:
        """Write the clean files of the documents that changed, those of duplicates to a separate folder."""
        changed = sorted({*self.database.stale.paths(), *disturbed})
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
        left = (*BOOK_PREFIXES, f"{CATALOGUE}/") if self.leave_books else BOOK_PREFIXES
        self.ledger.clear(self.out, changed, lambda below_out, name: not (below_out and name.startswith(left)))
        if not (self.books or self.leave_books):
            self.ledger.clear(self.out, None, lambda below_out, name: below_out and name.startswith(BOOK_PREFIXES))
