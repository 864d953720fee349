"""Cleaned documents -> their books and the collections that are missing or outdated."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath

from pipeline.books import book
from pipeline.books.book import BookStyle, style_of_settings
from pipeline.books.device_formats import DEVICE_SUFFIXES, converted_for_device, converter_path
from pipeline.books.formats import BOOK_FORMATS
from pipeline.citations.post_index import post_index, post_targets
from pipeline.document import Cleaned
from pipeline.read.picture_paths import PictureFinder
from pipeline.run import worker
from pipeline.run.pool import MOST_MEMORY, Limits, NoResult, run_each, worker_count
from pipeline.run.volume import Volume, make_collection, save_chapters
from pipeline.run.worker import BookJob
from pipeline.settings import Edition, Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.atomic import PARTIAL_FOLDER
from pipeline.store.file_names import safe_name
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values

COMMIT_EVERY = 20  # documents: a kill loses the work on as many
DOCUMENTS_PER_TASK = 8  # starting pandoc is half of its cost
BOOK_SECONDS = 3600  # CPU time for a collection
BOOK_MEMORY = max(MOST_MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4)
BOOK = "archive"
POSTS = "posts"
EDITIONS = "editions"
BOOK_PREFIXES = (f"{BOOK}.", f"{POSTS}/", f"{EDITIONS}/")  # of the names of all books, below out/
STAGE = "building"  # of progress
Progress = Callable[[str, str], None]  # stage, name


def failed_books(ledger: OutputLedger, out: Path) -> list[str]:
    """Return the reasons why collections could not be made."""
    return ledger.problems(out, (f"{BOOK}.", f"{EDITIONS}/"))


class BookMaker:
    """Makes the books of the documents in the database, and records them in the output ledger.

    `system_failed` says that a book is missing because the system failed.
    """

    def __init__(self, settings: Settings, database: ArchiveState, ledger: OutputLedger, progress: Progress) -> None:
        """Write below settings.out; `progress(stage, name)` is called for each book."""
        self.settings, self.database, self.ledger, self.progress = settings, database, ledger, progress
        self.out, self.scratch = Path(settings.out), Path(settings.clean, PARTIAL_FOLDER)
        self.system_failed = False

    def write_all(self) -> None:
        """Write every missing or outdated book."""
        self.write_posts()
        for place, edition in self.collections():
            self.write_collection(place, edition)

    def bindings(self) -> Iterator[BookJob]:
        """Yield the job of every cleaned document."""
        raw, look = Path(self.settings.raw), style_of_settings(self.settings)
        finder, known = PictureFinder(raw), post_index(outcome for outcome, _, _ in self.database.outcomes())
        for outcome, name, digest in self.database.outcomes():
            if isinstance(outcome, Cleaned):
                stamps = [finder.stamp(picture) for picture in self.database.pictures(outcome.path)]
                posts = post_targets(outcome.document, known)
                key = digest_of_values(digest, book.VERSION, stamps, look, posts)
                yield BookJob(outcome.document, raw, self.out / POSTS / name, key, look, posts)

    def collections(self) -> Iterator[tuple[Path, Edition | None]]:
        """Yield each collection: its path without suffix, and its selection; None means all posts."""
        yield self.out / BOOK, None
        for edition in self.settings.edition:
            yield self.out / EDITIONS / safe_name(PurePosixPath(f"{edition.title}.md")), edition

    def write_posts(self) -> None:
        """Write the EPUB and the PDF of every cleaned document; one that cannot be made is skipped."""
        if self.ledger.check:
            for binding in self.stale():
                self.put(binding, worker.MadeBooks(dict.fromkeys(BOOK_FORMATS, b"")))
            return
        with closing(self.bound(_batches(self.stale()))) as results:
            for at, (binding, bound) in enumerate(results):
                self.progress(STAGE, str(binding.document.path))
                if bound.problem:
                    self.fail(binding, NoResult(bound.problem, bound.cause))
                else:
                    self.put(binding, bound)
                if at % COMMIT_EVERY == 0:
                    self.database.commit()
        self.database.chapters.forget_gone()
        self.database.commit()

    def bound(self, batches: Iterable[Sequence[BookJob]]) -> Generator[tuple[BookJob, worker.MadeBooks]]:
        """Yield the books of batches; a batch that fails is tried one by one, so that one document affects no other."""
        limits = Limits(self.settings.max_seconds, self.scratch)
        with closing(run_each(worker.make_books, batches, worker_count(self.settings), limits)) as results:
            for batch, result in results:
                if not isinstance(result, NoResult):
                    yield from zip(batch, result, strict=True)
                elif len(batch) > 1:
                    yield from self.bound([one] for one in batch)
                else:
                    yield batch[0], worker.MadeBooks(problem=result.reason, cause=result.cause)

    def stale(self) -> Iterator[BookJob]:
        """Yield the jobs whose books are missing or outdated."""
        for binding in self.bindings():
            fresh = [self.ledger.fresh(path, binding.key) for path in _files(binding.place).values()]
            if not all(fresh):
                yield binding
            elif problem := self.ledger.problem(_files(binding.place)["epub"]):
                self.database.fail(binding.document.path, problem, "document")  # only those are remembered

    def put(self, binding: BookJob, bound: worker.MadeBooks) -> None:
        """Write both books of a document, and store its chapter for the collections."""
        for kind, path in _files(binding.place).items():
            self.ledger.put(path, binding.key, bound.editions[kind])
        document = binding.document
        self.database.chapters.put(document.path, binding.key, document.meta.date, bound.chapter, bound.warnings)

    def fail(self, binding: BookJob, lost: NoResult) -> None:
        """Record why a document has no books."""
        for path in _files(binding.place).values():
            self.fail_at(path, binding.key, lost)
        self.database.fail(binding.document.path, lost.reason, lost.cause)

    def fail_at(self, path: Path, key: str, lost: NoResult) -> None:
        """Record why `path` is missing; unless the document is the cause, the next run tries again."""
        self.system_failed |= lost.cause != "document"
        self.ledger.fail(path, key if lost.cause == "document" else "", lost.reason)

    def write_collection(self, place: Path, edition: Edition | None) -> None:
        """Write one collection, its chapters by date unless its settings choose another order."""
        paths = self.files(place)
        title, look = self.settings.title, style_of_settings(self.settings)
        if edition:
            title, look = edition.title, replace(look, cover=edition.cover)
        keys = [key for key, _ in self.database.chapters.ordered()]
        key = digest_of_values(book.VERSION, title, keys, look, edition, self.settings.formats and converter_path())
        fresh = [self.ledger.fresh(path, key) for path in paths.values()]  # ask for each: that also keeps the file
        if all(fresh) or not keys:
            return
        self.progress(STAGE, title)
        made = dict.fromkeys(paths, b"") if self.ledger.check else self.made(title, look, edition)
        for kind, path in paths.items():
            data = made[kind]
            if isinstance(data, NoResult):  # an older file is removed, and the report says why
                self.fail_at(path, key, replace(data, reason=f"{path.name}: {data.reason}"))
            else:
                self.ledger.put(path, key, data)

    def made(self, title: str, look: BookStyle, edition: Edition | None) -> Mapping[str, bytes | NoResult]:
        """Return a collection in each kind that the settings name, or why it failed.

        Each kind is made in its own process: the limits and the failure of one do not affect the other.
        """
        chapters = self.scratch / "chapters"
        save_chapters((chapter for _, chapter in self.database.chapters.ordered()), chapters)
        volumes = [Volume(title, look, edition, kind, chapters, self.scratch / f"book.{kind}") for kind in BOOK_FORMATS]
        limits = Limits(BOOK_SECONDS, self.scratch, BOOK_MEMORY)
        made: dict[str, bytes | NoResult] = {}
        with closing(
            run_each(make_collection, volumes, min(len(BOOK_FORMATS), worker_count(self.settings)), limits)
        ) as results:
            for volume, result in results:
                if isinstance(result, str):
                    made[volume.kind] = NoResult(result, "document") if result else volume.target.read_bytes()
                else:
                    made[volume.kind] = result
        epub = made["epub"]
        return made | {
            form: epub if isinstance(epub, NoResult) else _device_format(epub, form) for form in self.settings.formats
        }

    def files(self, place: Path) -> dict[str, Path]:
        """Return the files of a collection by kind; `place` is their path without suffix."""
        return _files(place, *self.settings.formats)


def _files(place: Path, *more: str) -> dict[str, Path]:
    """Return the files of a book by kind; `place` is their path without suffix."""
    return {kind: place.with_name(f"{place.name}.{DEVICE_SUFFIXES.get(kind, kind)}") for kind in (*BOOK_FORMATS, *more)}


def _device_format(epub: bytes, form: str) -> bytes | NoResult:
    data = converted_for_device(epub, form)
    return NoResult(str(data), "document") if isinstance(data, RuntimeError) else data


def _batches(bindings: Iterator[BookJob]) -> Iterator[Sequence[BookJob]]:
    while batch := tuple(islice(bindings, DOCUMENTS_PER_TASK)):
        yield batch
