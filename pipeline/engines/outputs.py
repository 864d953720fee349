"""What a run knows -> the files of clean/ and out/, those that are not fresh."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.addresses.canonical import canonical
from pipeline.catalogue.graph import Edge, Homes, edges, homes
from pipeline.catalogue.works import Work, catalogue, works_of
from pipeline.document import Cleaned, Document, Outcome, RunReport, Unfit
from pipeline.engines import worker
from pipeline.engines.pool import Lost, each
from pipeline.engines.worker import Binding
from pipeline.settings import Edition, Settings
from pipeline.write import book, clean, graph, records, report, works
from pipeline.write.book import Look
from pipeline.write.epub import to_epub
from pipeline.write.images import missing
from pipeline.write.names import safe_name
from pipeline.write.pdf import to_pdf
from pipeline.write.selection import select
from pipeline.write.shelf import Shelf, stamp_of
from pipeline.write.state import State, digest, unpack

VERSIONS = (clean.VERSION, book.VERSION, report.VERSION, records.VERSION, graph.VERSION, works.VERSION)
COMMIT_EVERY = 20  # documents: what a kill can cost
BOOK = "archive"
POSTS = "posts"
EDITIONS = "editions"
KINDS = ("epub", "pdf")
Tell = Callable[[str, str], None]


def jobs(settings: Settings) -> int:
    """Return how many processes to work with."""
    return settings.jobs or os.cpu_count() or 1


def report_of(state: State, shelf: Shelf, *, check: bool = False, strict: bool = False) -> RunReport:
    """Return the counts of a run so far."""
    return RunReport(
        cleaned=state.count("kind = 'cleaned' AND repeats IS NULL AND problem IS NULL"),
        repeated=state.count("kind = 'cleaned' AND repeats IS NOT NULL"),
        quarantined=tuple(state.quarantined()),
        undone=state.count("undone"),
        unbound=next(shelf.problems(shelf.out / f"{BOOK}.epub", shelf.out / EDITIONS), ""),
        written=tuple(shelf.written),
        removed=tuple(shelf.removed),
        check=check,
        strict=strict,
    )


class Writer:
    """Writes what the state holds to where the shelf has it."""

    def __init__(self, settings: Settings, state: State, shelf: Shelf, tell: Tell) -> None:
        """Write below settings.clean and settings.out; `tell(stage, name)` is called for each edition."""
        self.settings, self.state, self.shelf, self.tell = settings, state, shelf, tell
        self.clean, self.out = Path(settings.clean), Path(settings.out)

    def write_all(self, made: str) -> None:
        """Write every output that is not fresh; `made` is the digest of all that decides them."""
        self.write_clean()
        if self.settings.editions:
            self.write_editions()
            for path, edition in self.books():
                self.write_book(path, edition)
        else:
            self.keep_editions()
        self.write_records(made)

    def outcomes(self) -> Iterator[tuple[Outcome, str]]:
        """Yield each outcome and its file below clean/, empty if it has none."""
        for outcome, name, _ in self.state.outcomes():
            yield outcome, f"{name}.md" if isinstance(outcome, Cleaned) else ""

    def told(self) -> Iterator[tuple[Outcome, str]]:
        """Yield each outcome and its file, those that are kept with a note of the image files that are missing."""
        raw = Path(self.settings.raw)
        for outcome, file in self.outcomes():
            if isinstance(outcome, Cleaned) and (gone := missing(raw, outcome.document)):
                said = f"{len(gone)} image files are missing: {', '.join(gone)}"
                yield Cleaned(outcome.document.noted("images", said)), file
            else:
                yield outcome, file

    def write_clean(self) -> None:
        """Write the clean file of every document that is kept."""
        for outcome, name, known in self.state.outcomes():
            if isinstance(outcome, Cleaned):
                path, key = self.clean / f"{name}.md", digest(known, clean.VERSION)
                if not self.shelf.fresh(path, key):
                    self.shelf.put(path, key, clean.clean_file(outcome.document))

    def bindings(self) -> Iterator[Binding]:
        """Yield what is to be bound: every document that is kept."""
        raw = Path(self.settings.raw)
        for outcome, name, known in self.state.outcomes():
            if isinstance(outcome, Cleaned):
                images = [link.written for link in outcome.document.links if link.kind == "image"]
                stamps = [stamp_of(raw / outcome.path.parent / image) for image in images]
                epub, pdf = (self.out / POSTS / f"{name}.{kind}" for kind in KINDS)
                key = digest(known, book.VERSION, stamps, self.look())
                yield Binding(outcome.document, raw, epub, pdf, key, self.look())

    def keep_editions(self) -> None:
        """Leave the editions of what is still there as they stand."""
        for binding in self.bindings():
            self.shelf.keep(binding.epub)
            self.shelf.keep(binding.pdf)
        for path, _ in self.books():
            for kind in KINDS:
                self.shelf.keep(path.with_name(f"{path.name}.{kind}"))

    def look(self, edition: Edition | None = None) -> Look:
        """Return how the settings want editions to look."""
        look = Look(self.settings.page, self.settings.vertical)
        return replace(look, cover=edition.cover) if edition else look

    def books(self) -> Iterator[tuple[Path, Edition | None]]:
        """Yield each book of several posts: its path without suffix, and what it selects; none means all."""
        yield self.out / BOOK, None
        for edition in self.settings.edition:
            yield self.out / EDITIONS / safe_name(PurePosixPath(f"{edition.title}.md")), edition

    def write_editions(self) -> None:
        """Write the EPUB and the PDF of every document that is kept; what cannot be bound is set aside."""
        if self.shelf.check:
            for binding in self.stale():
                self.put(binding, worker.Bound())
            return
        bound = each(worker.bind, self.stale(), jobs(self.settings), self.settings.max_seconds)
        for at, (binding, result) in enumerate(bound):
            self.tell("bind", str(binding.document.path))
            problem = str(result) if isinstance(result, Lost) else result.problem
            if problem:
                self.fail(binding, problem)
            elif not isinstance(result, Lost):
                self.put(binding, result)
            if at % COMMIT_EVERY == 0:
                self.state.commit()
        self.state.forget_chapters()
        self.state.commit()

    def stale(self) -> Iterator[Binding]:
        """Yield what is to be bound anew."""
        for binding in self.bindings():
            fresh = [self.shelf.fresh(path, binding.key) for path in (binding.epub, binding.pdf)]
            if not all(fresh):
                yield binding
            elif problem := self.shelf.problem(binding.epub):
                self.state.fail(binding.document.path, problem)

    def put(self, binding: Binding, bound: worker.Bound) -> None:
        """Write both editions of a document, and keep it as a chapter."""
        self.shelf.put(binding.epub, binding.key, bound.epub)
        self.shelf.put(binding.pdf, binding.key, bound.pdf)
        self.state.put_chapter(binding.document.path, binding.key, binding.document.meta.date, bound.chapter)

    def fail(self, binding: Binding, problem: str) -> None:
        """Keep why a document has no editions."""
        for path in (binding.epub, binding.pdf):
            self.shelf.fail(path, binding.key, problem)
        self.state.fail(binding.document.path, problem)

    def write_book(self, place: Path, edition: Edition | None) -> None:
        """Write one book of several posts, as chapters in the order of their dates unless it asks for another.

        Its identifier derives from its title: a new issue takes the place of the old one on a reader.
        """
        paths = [place.with_name(f"{place.name}.{kind}") for kind in KINDS]
        title, look = edition.title if edition else self.settings.title, self.look(edition)
        key = digest(book.VERSION, title, [key for key, _ in self.state.chapters()], look, edition)
        fresh = [self.shelf.fresh(path, key) for path in paths]  # each is to be asked: asking plans it
        if all(fresh) or not next(self.state.chapters(), None):
            return
        self.tell("bind", title)
        if self.shelf.check:
            bound = b"", b""
        else:
            every = (unpack(packed, book.Chapter) for _, packed in self.state.chapters())
            chapters = select(edition, every) if edition else list(every)
            if not chapters:
                for path in paths:
                    self.shelf.fail(path, key, f"`{title}` selects no post; see [[edition]] in the settings")
                return
            language = Counter(chapter.language for chapter in chapters).most_common(1)[0][0]
            whole = book.Book(title, language, book.identifier(title), tuple(chapters), look)
            try:
                bound = to_epub(whole), to_pdf(whole)
            except (
                Unfit,
                RuntimeError,
            ) as error:  # of pandoc and Typst; what stood there goes, and the report says why
                for path in paths:
                    self.shelf.fail(path, key, str(error))
                return
        for path, data in zip(paths, bound, strict=True):
            self.shelf.put(path, key, data)

    def write_records(self, made: str) -> None:
        """Write what programs and people read of the archive: reports, links, the works it cites, the graph."""
        files: dict[Path, Callable[[], Iterable[bytes]]] = {
            self.clean / "report.jsonl": lambda: (records.report_line(*one) for one in self.told()),
            self.clean / "links.jsonl": lambda: map(records.line, self.links()),
            self.clean / "links.csv": lambda: graph.csv_rows(self.links()),
            self.out / "works.json": lambda: [works.works_json(self.works)],
            self.out / "works.bib": lambda: [works.works_bib(self.works)],
            self.out / "graph.graphml": lambda: graph.graphml(self.posts(), self.works, self.edges),
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
    def homes(self) -> Homes:
        """Where the posts of the archive are to be had."""
        return homes(outcome for outcome, _ in self.outcomes())

    @cached_property
    def cited(self) -> dict[str, list[Work]]:
        """The works that each post cites, by its path: what repeats a post cites nothing of its own."""
        return {str(one.path): cited for one in self.kept() if (cited := works_of(one))}

    @cached_property
    def works(self) -> list[Work]:
        """The works that the archive cites."""
        return catalogue(work for cited in self.cited.values() for work in cited)

    @cached_property
    def edges(self) -> list[Edge]:
        """Where the documents lead."""
        cited = self.cited
        return [edge for one in self.kept() for edge in edges(one, cited.get(str(one.path), ()), self.homes)]

    def links(self) -> Iterator[records.Record]:
        """Yield every link of the archive."""
        for outcome, file in self.outcomes():
            yield from graph.link_rows(outcome, file, self.homes)

    def posts(self) -> Iterator[tuple[str, str, str]]:
        """Yield the path, the title and the address of every document that is kept."""
        for document in self.kept():
            yield str(document.path), document.meta.title, canonical(document.meta.source_url)

    def report(self) -> Iterator[bytes]:
        """Yield the page for people."""
        counts = report_of(self.state, self.shelf)
        between = [edge for edge in self.edges if edge.kind == "post"]
        return report.report_page(self.settings.title, counts, self.told(), (self.works, between))
