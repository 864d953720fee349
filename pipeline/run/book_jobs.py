"""Cleaned documents -> their books that are missing or outdated, then the collections."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from pipeline.books import book
from pipeline.books.book import style_of_settings
from pipeline.citations.post_index import PostIndex, post_targets
from pipeline.document import Cause, Cleaned
from pipeline.read.fetched_pictures import FETCHED_FOLDER
from pipeline.read.picture_paths import PictureFinder
from pipeline.run.book_worker import BookJob, MadeBooks, make_books
from pipeline.run.collections import CollectionMaker, book_files
from pipeline.run.engines import Engine
from pipeline.run.limits import Limits, NoResult
from pipeline.run.summary import BOOK, BOOK_PREFIXES, EDITIONS, POSTS, Progress
from pipeline.settings import BOOK_FORMATS, Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.atomic import PARTIAL_FOLDER
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values

BOOKS_PER_COMMIT = 20  # documents with books: a kill loses the work on as many
DOCUMENTS_PER_TASK = 8  # starting pandoc is half of its cost
STAGE = "building"  # of progress
BOOKS_FACT = "books"  # the digest of all that decides the form of the books


class BookMaker:
    """Makes the books of the documents in the database, and records them in the output ledger.

    `system_failed` says that a book is missing because the system failed.
    """

    def __init__(
        self, settings: Settings, database: ArchiveState, ledger: OutputLedger, progress: Progress, engine: Engine
    ) -> None:
        """Write below settings.out; `progress(stage, name)` is called for each book, `engine` makes them."""
        self.settings, self.database, self.ledger, self.progress = settings, database, ledger, progress
        self.engine = engine
        self.out, self.scratch = Path(settings.out), Path(settings.clean, PARTIAL_FOLDER)
        self.causes: dict[str, Cause] = {}  # why documents have no books, by path
        self.key = digest_of_values(book.VERSION, style_of_settings(settings), list(ledger.roots))
        self.system_failed = False

    def write_all(self, disturbed: Collection[str]) -> None:
        """Write every missing or outdated book; `disturbed` are documents whose files somebody changed."""
        moved = self.database.fact(BOOKS_FACT) != self.key
        if moved:
            self.database.unmade.add()
        outdated = sorted({*self.database.unmade.paths(), *disturbed})
        self.write_posts(outdated)
        self.store_problems()
        collections = CollectionMaker(self.settings, self.database, self.ledger, self.scratch)
        collections.write_all(self.out / BOOK, self.out / EDITIONS, lambda title: self.progress(STAGE, title))
        self.system_failed |= collections.system_failed
        if not self.system_failed:
            owners = None if moved else outdated
            self.ledger.clear(self.out, owners, lambda below_out, name: below_out and name.startswith(BOOK_PREFIXES))
            self.database.unmade.clear()
            self.database.learn(BOOKS_FACT, self.key)
        self.database.commit()

    def bindings(self, paths: Iterable[str]) -> Iterator[BookJob]:
        """Yield the job of each of some documents that is kept."""
        raw, look = Path(self.settings.raw), style_of_settings(self.settings)
        fetched = Path(self.settings.clean, FETCHED_FOLDER)
        finder, posts = (
            PictureFinder(raw, fetched),
            PostIndex(self.database.links.home_before_books, self.database.links.url),
        )
        for path in paths:
            found = self.database.named_outcome(path, problems=False)
            if found is None:
                continue
            outcome, name, known = found
            if isinstance(outcome, Cleaned):
                stamps = [finder.stamp(picture) for picture in self.database.pictures.of(outcome.path)]
                targets = post_targets(outcome.document, posts)
                key = digest_of_values(known, book.VERSION, stamps, look, targets)
                yield BookJob(outcome.document, raw, self.out / POSTS / name, key, look, targets, fetched)

    def write_posts(self, outdated: Sequence[str]) -> None:
        """Write the EPUB and the PDF of cleaned documents; one that cannot be made is skipped."""
        if self.ledger.check:
            for binding in self.stale(outdated):
                self.put(binding, MadeBooks(dict.fromkeys(BOOK_FORMATS, b"")))
            self.ledger.flush()
            return
        with closing(self.bound(_batches(self.stale(outdated)))) as results:
            for at, (binding, bound) in enumerate(results):
                self.progress(STAGE, str(binding.document.path))
                if bound.problem:
                    self.fail(binding, NoResult(bound.problem, bound.cause))
                else:
                    self.put(binding, bound)
                if at % BOOKS_PER_COMMIT == 0:
                    self.ledger.flush()
                    self.database.commit()
        self.ledger.flush()
        self.database.commit()

    def bound(self, batches: Iterable[Sequence[BookJob]]) -> Generator[tuple[BookJob, MadeBooks]]:
        """Yield the books of batches; a batch that fails is tried one by one, so that one document affects no other."""
        limits = Limits(self.settings.max_seconds, self.scratch)
        with closing(self.engine.run_each(make_books, batches, limits)) as results:
            for batch, result in results:
                if not isinstance(result, NoResult):
                    yield from zip(batch, result, strict=True)
                elif len(batch) > 1:
                    yield from self.bound([one] for one in batch)
                else:
                    yield batch[0], MadeBooks(problem=result.reason, cause=result.cause)

    def stale(self, outdated: Iterable[str]) -> Iterator[BookJob]:
        """Yield the jobs whose books are missing or outdated."""
        for binding in self.bindings(outdated):
            fresh = [self.ledger.fresh(path, binding.key) for path in book_files(binding.place).values()]
            if not all(fresh):
                yield binding

    def put(self, binding: BookJob, bound: MadeBooks) -> None:
        """Write both books of a document, and store its chapter for the collections."""
        document = binding.document
        for kind, path in book_files(binding.place).items():
            self.ledger.put(path, binding.key, bound.editions[kind], str(document.path))
        self.database.chapters.put(document.path, binding.key, document.meta.date, bound.chapter, bound.warnings)

    def fail(self, binding: BookJob, lost: NoResult) -> None:
        """Record why a document has no books; unless the document is the cause, the next run tries again."""
        path = str(binding.document.path)
        self.causes[path] = lost.cause
        self.system_failed |= lost.cause != "document"
        for file in book_files(binding.place).values():
            self.ledger.fail(file, binding.key if lost.cause == "document" else "", lost.reason, path)

    def store_problems(self) -> None:
        """Store which kept documents have no books, and why; write only what changed."""
        root, _ = self.ledger.place(self.out / "x")
        problems = {path: problem for _, path, problem in self.ledger.rows.problems(root) if path}
        self.database.chapters.put_problems(
            {path: (why, self.causes.get(path, "document")) for path, why in problems.items()}
        )


def _batches(bindings: Iterator[BookJob]) -> Iterator[Sequence[BookJob]]:
    while batch := tuple(islice(bindings, DOCUMENTS_PER_TASK)):
        yield batch
