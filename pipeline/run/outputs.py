"""What a run knows -> the files of clean/ and out/, those that are not fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pipeline.books import book
from pipeline.citations.cited_works import Work, catalogue, works_of
from pipeline.citations.post_graph import Edge, Graph, PostIndex, edges_of, post_index
from pipeline.document import Cleaned, Document, Outcome, RunReport, Skipped
from pipeline.read.pictures import missing_images
from pipeline.records import bibliography, clean_file, link_files, report_html, report_jsonl
from pipeline.run.book_jobs import PLACES, Binder, Tell, unbound
from pipeline.settings import Settings
from pipeline.store.database import StateDatabase
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


def report_of(state: StateDatabase, shelf: OutputLedger, out: Path, *, books: bool, strict: bool = False) -> RunReport:
    """Return the counts of a run so far; without `books`, what is wrong with those in `out` does not count."""
    return RunReport(
        cleaned=state.count("kind = 'cleaned' AND duplicate_of IS NULL AND problem IS NULL"),
        duplicates=state.count("kind = 'cleaned' AND duplicate_of IS NOT NULL"),
        skipped=tuple(state.skipped()),
        rolled_back=state.count("rolled_back"),
        failed_books=tuple(unbound(shelf, out)) if books else (),
        incomplete=state.chapters.incomplete() if books else 0,
        written=tuple(shelf.written),
        removed=tuple(shelf.removed),
        edited=tuple(shelf.edited),
        check=shelf.check,
        strict=strict,
    )


class Writer:
    """Writes what the state holds to where the shelf has it."""

    def __init__(self, settings: Settings, state: StateDatabase, shelf: OutputLedger, tell: Tell) -> None:
        """Write below settings.clean and settings.out; `tell(stage, name)` is called for each edition."""
        self.settings, self.state, self.shelf, self.tell = settings, state, shelf, tell
        self.clean, self.out = Path(settings.clean), Path(settings.out)
        self.books, self.troubled = settings.editions, False

    def write_all(self, made: str, *, leave_books: bool) -> None:
        """Write every output that is not fresh; `made` is the digest of all that decides them.

        With `leave_books`, the books stay as they are, whatever became of their posts.
        """
        self.write_clean()
        if leave_books:
            self.books = False
            self.shelf.keep_all(self.out, PLACES)
        elif self.books:
            binder = Binder(self.settings, self.state, self.shelf, self.tell)
            binder.write_all()
            self.troubled = binder.troubled
        self.write_records("" if self.troubled else made)  # else a healthy run would take them for its own

    def outcomes(self) -> Iterator[tuple[Outcome, str]]:
        """Yield each outcome and its file below clean/, empty if it has none."""
        for outcome, name, _ in self.state.outcomes():
            yield outcome, "" if isinstance(outcome, Skipped) else f"{name}.md"

    def told(self) -> Iterator[tuple[Outcome, str]]:
        """Yield the same, with the passages that documents share and a note of the image files that are missing."""
        raw = Path(self.settings.raw)
        for outcome, file in self.outcomes():
            if isinstance(outcome, Cleaned):
                document = outcome.document
                if gone := missing_images(raw, document):
                    document = document.noted("images", f"{len(gone)} image files are missing: {', '.join(gone)}")
                for warning in self.state.chapters.warnings(outcome.path) if self.books else ():
                    document = document.noted("books", warning)
                found = self.state.passages(outcome.path), self.state.similar(outcome.path)
                yield Cleaned(document, *found), file
            else:
                yield outcome, file

    def write_clean(self) -> None:
        """Write the clean file of every document, those of duplicates to a folder of their own."""
        for outcome, name, known in self.state.outcomes():
            if not isinstance(outcome, Skipped):
                path, key = self.clean / f"{name}.md", digest_of_values(known, clean_file.VERSION)
                if not self.shelf.fresh(path, key):
                    self.shelf.put(path, key, clean_file.clean_file(outcome.document))

    def write_records(self, made: str) -> None:
        """Write what programs and people read of the archive: reports, links, the works it cites, the graph."""
        files: dict[Path, Callable[[], Iterable[bytes]]] = {
            self.clean / "report.jsonl": lambda: (report_jsonl.report_line(*one) for one in self.told()),
            self.clean / "links.jsonl": lambda: map(report_jsonl.json_line, self.links()),
            self.clean / "links.csv": lambda: link_files.csv_rows(self.links()),
            self.out / "works.json": lambda: [bibliography.works_json(self.graph.works)],
            self.out / "works.bib": lambda: [bibliography.works_bib(self.graph.works)],
            self.out / "graph.graphml": lambda: link_files.graphml(self.graph),
            self.out / "report.html": self.report,
        }
        for path, lines in files.items():
            if not self.shelf.fresh(path, made):
                with self.shelf.replacing(path, made) as file:
                    file.writelines(lines())

    def kept(self) -> Iterator[Document]:
        """Yield every document that is kept."""
        return (outcome.document for outcome, _ in self.outcomes() if isinstance(outcome, Cleaned))

    @cached_property
    def homes(self) -> PostIndex:
        """Where the posts of the archive are to be had."""
        return post_index(outcome for outcome, _ in self.outcomes())

    @cached_property
    def graph(self) -> Graph:
        """The works that the archive cites, and who leads to what; what repeats a post cites nothing of its own."""
        posts: list[tuple[str, str, str]] = []
        cited: list[Work] = []
        told: list[Edge] = []
        for one in self.kept():
            of_post = works_of(one)
            posts.append((str(one.path), one.meta.title, canonical_url(one.meta.source_url)))
            cited += of_post
            told += edges_of(one, of_post, self.homes)
        return Graph(tuple(posts), tuple(catalogue(cited)), tuple(told))

    def links(self) -> Iterator[report_jsonl.ReportRecord]:
        """Yield every link of the archive."""
        for outcome, file in self.outcomes():
            yield from link_files.link_rows(outcome, file, self.homes)

    def report(self) -> Iterator[bytes]:
        """Yield the page for people."""
        counts = report_of(self.state, self.shelf, self.out, books=self.books)
        return report_html.report_page(self.settings.title, counts, self.told(), self.graph)
