"""The database -> the files of clean/ and out/ that are missing or outdated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pipeline.books import book
from pipeline.citations.cited_works import Work, catalogue, works_of
from pipeline.citations.post_graph import Edge, Graph, edges_of
from pipeline.citations.post_index import PostIndex, post_index
from pipeline.document import Cleaned, Document, Outcome, Skipped
from pipeline.read.picture_paths import PictureFinder
from pipeline.read.pictures import missing_images
from pipeline.records import bibliography, clean_file, link_files, report_html, report_jsonl
from pipeline.run.book_jobs import BOOK_PREFIXES, BookMaker, Progress, failed_books
from pipeline.run.changed_posts import passed_over
from pipeline.run.inner_pictures import write_inner_pictures
from pipeline.run_report import RunReport
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values
from pipeline.urls.canonical import canonical_url

OUTPUT_VERSIONS = (
    clean_file.VERSION,
    book.VERSION,
    report_html.VERSION,
    report_jsonl.VERSION,
    link_files.VERSION,
    bibliography.VERSION,
)
OUTPUT_SETTINGS = ("editions", "title", "edition", "page", "vertical", "image_width", "grey", "formats")  # of Settings


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


class Writer:
    """Writes the outputs of the database, and records them in the output ledger."""

    def __init__(self, settings: Settings, database: ArchiveState, ledger: OutputLedger, progress: Progress) -> None:
        """Write below settings.clean and settings.out; `progress(stage, name)` is called for each book."""
        self.settings, self.database, self.ledger, self.progress = settings, database, ledger, progress
        self.clean, self.out = Path(settings.clean), Path(settings.out)
        self.books, self.system_failed = settings.editions, False

    def write_all(self, made: str, *, leave_books: bool) -> None:
        """Write every missing or outdated output; `made` is the digest of all that decides them.

        With `leave_books`, the books stay as they are, even if their posts changed.
        """
        self.write_clean()
        write_inner_pictures(self.settings, self.database, self.ledger)
        if leave_books:
            self.books = False
            self.ledger.keep_all(self.out, BOOK_PREFIXES)
        elif self.books:
            maker = BookMaker(self.settings, self.database, self.ledger, self.progress)
            maker.write_all()
            self.system_failed = maker.system_failed
        self.write_records("" if self.system_failed else made)  # outdated at the next run after a failure of the system

    def outcomes(self) -> Iterator[tuple[Outcome, str]]:
        """Yield each outcome and its file below clean/, or an empty string."""
        for outcome, name, _ in self.database.outcomes():
            yield outcome, "" if isinstance(outcome, Skipped) else f"{name}.md"

    def reported(self) -> Iterator[tuple[Outcome, str]]:
        """Yield the same, with shared passages, and notes on missing images and on what the books omit."""
        finder = PictureFinder(Path(self.settings.raw))
        for outcome, file in self.outcomes():
            if isinstance(outcome, Cleaned):
                document = outcome.document
                if gone := missing_images(finder, document):
                    document = document.noted(
                        "images", f"{len(gone)} missing image{'s' * (len(gone) > 1)}: {', '.join(gone)}"
                    )
                for warning in self.database.chapters.warnings(outcome.path) if self.books else ():
                    document = document.noted("books", warning)
                found = self.database.passages(outcome.path), self.database.similar(outcome.path)
                yield Cleaned(document, *found), file
            else:
                yield outcome, file

    def write_clean(self) -> None:
        """Write the clean file of every document, those of duplicates to a separate folder."""
        for outcome, name, known in self.database.outcomes():
            if not isinstance(outcome, Skipped):
                path, key = self.clean / f"{name}.md", digest_of_values(known, clean_file.VERSION)
                if not self.ledger.fresh(path, key):
                    self.ledger.put(path, key, clean_file.clean_file(outcome.document))

    def write_records(self, made: str) -> None:
        """Write the records of the archive: reports, links, cited works, the graph of posts."""
        files: dict[Path, Callable[[], Iterable[bytes]]] = {
            self.clean / "report.jsonl": lambda: (report_jsonl.report_line(*one) for one in self.reported()),
            self.clean / "links.jsonl": lambda: map(report_jsonl.json_line, self.links()),
            self.clean / "links.csv": lambda: link_files.csv_rows(self.links()),
            self.out / "works.json": lambda: [bibliography.works_json(self.graph.works)],
            self.out / "works.bib": lambda: [bibliography.works_bib(self.graph.works)],
            self.out / "graph.graphml": lambda: link_files.graphml(self.graph),
            self.out / "report.html": self.report,
        }
        for path, lines in files.items():
            if not self.ledger.fresh(path, made):
                with self.ledger.replacing(path, made) as file:
                    file.writelines(lines())

    def kept(self) -> Iterator[Document]:
        """Yield every cleaned document."""
        return (outcome.document for outcome, _ in self.outcomes() if isinstance(outcome, Cleaned))

    @cached_property
    def homes(self) -> PostIndex:
        """The URLs and files of the posts, which links between posts lead to."""
        return post_index(outcome for outcome, _ in self.outcomes())

    @cached_property
    def graph(self) -> Graph:
        """The works that the archive cites, and the links between posts and works; duplicates are left out."""
        posts: list[tuple[str, str, str]] = []
        cited: list[Work] = []
        links: list[Edge] = []
        for one in self.kept():
            of_post = works_of(one)
            posts.append((str(one.path), one.meta.title, canonical_url(one.meta.source_url)))
            cited += of_post
            links += edges_of(one, of_post, self.homes)
        return Graph(tuple(posts), tuple(catalogue(cited)), tuple(links))

    def links(self) -> Iterator[report_jsonl.ReportRecord]:
        """Yield every link of the archive."""
        for outcome, file in self.outcomes():
            yield from link_files.link_rows(outcome, file, self.homes)

    def report(self) -> Iterator[bytes]:
        """Yield report.html."""
        counts = report_of(self.database, self.ledger, self.out, books=self.books)
        return report_html.report_page(self.settings.title, counts, self.reported(), self.graph)
