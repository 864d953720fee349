"""Documents that are kept -> their editions, and the books of several: those that are not fresh."""

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
from pipeline.document import Cleaned
from pipeline.read.pictures import image_stamp
from pipeline.run import worker
from pipeline.run.pool import MOST_MEMORY, Limits, Lost, each, jobs
from pipeline.run.volume import Volume, make, save
from pipeline.run.worker import Binding
from pipeline.settings import Edition, Settings
from pipeline.store.atomic import PARTIAL_FOLDER
from pipeline.store.database import StateDatabase
from pipeline.store.file_names import safe_name
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values

COMMIT_EVERY = 20  # documents: what a kill can cost
TOGETHER = 8  # documents that are bound at once: half of what pandoc costs is that it is started
BOOK_SECONDS = 3600  # CPU time for a book of several posts
BOOK_MEMORY = max(MOST_MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4)
BOOK = "archive"
POSTS = "posts"
EDITIONS = "editions"
PLACES = (f"{BOOK}.", f"{POSTS}/", f"{EDITIONS}/")  # how the names of all books begin, below out/
Tell = Callable[[str, str], None]


def unbound(shelf: OutputLedger, out: Path) -> list[str]:
    """Return why books of several posts could not be made."""
    return shelf.problems(out, (f"{BOOK}.", f"{EDITIONS}/"))


class Binder:
    """Binds what the state holds, and puts it where the shelf has it. `troubled` says that the machine failed it."""

    def __init__(self, settings: Settings, state: StateDatabase, shelf: OutputLedger, tell: Tell) -> None:
        """Write below settings.out; `tell(stage, name)` is called for each edition."""
        self.settings, self.state, self.shelf, self.tell = settings, state, shelf, tell
        self.out, self.scratch = Path(settings.out), Path(settings.clean, PARTIAL_FOLDER)
        self.troubled = False

    def write_all(self) -> None:
        """Write every edition and every book that is not fresh."""
        self.write_editions()
        for place, edition in self.books():
            self.write_book(place, edition)

    def bindings(self) -> Iterator[Binding]:
        """Yield what is to be bound: every document that is kept."""
        raw, look = Path(self.settings.raw), style_of_settings(self.settings)
        for outcome, name, known in self.state.outcomes():
            if isinstance(outcome, Cleaned):
                stamps = [image_stamp(raw, picture) for picture in self.state.pictures(outcome.path)]
                key = digest_of_values(known, book.VERSION, stamps, look)
                yield Binding(outcome.document, raw, self.out / POSTS / name, key, look)

    def books(self) -> Iterator[tuple[Path, Edition | None]]:
        """Yield each book of several posts: its path without suffix, and what it selects; none means all."""
        yield self.out / BOOK, None
        for edition in self.settings.edition:
            yield self.out / EDITIONS / safe_name(PurePosixPath(f"{edition.title}.md")), edition

    def write_editions(self) -> None:
        """Write the EPUB and the PDF of every document that is kept; what cannot be bound is set aside."""
        if self.shelf.check:
            for binding in self.stale():
                self.put(binding, worker.Bound(dict.fromkeys(BOOK_FORMATS, b"")))
            return
        with closing(self.bound(_batches(self.stale()))) as every:
            for at, (binding, bound) in enumerate(every):
                self.tell("bind", str(binding.document.path))
                if bound.problem:
                    self.fail(binding, Lost(bound.problem, bound.cause))
                else:
                    self.put(binding, bound)
                if at % COMMIT_EVERY == 0:
                    self.state.commit()
        self.state.chapters.forget_gone()
        self.state.commit()

    def bound(self, batches: Iterable[Sequence[Binding]]) -> Generator[tuple[Binding, worker.Bound]]:
        """Yield what is bound; a batch that comes to nothing is tried one by one, so that one spoils no other."""
        limits = Limits(self.settings.max_seconds, self.scratch)
        with closing(each(worker.bind, batches, jobs(self.settings), limits)) as results:
            for batch, result in results:
                if not isinstance(result, Lost):
                    yield from zip(batch, result, strict=True)
                elif len(batch) > 1:
                    yield from self.bound([one] for one in batch)
                else:
                    yield batch[0], worker.Bound(problem=result.reason, cause=result.cause)

    def stale(self) -> Iterator[Binding]:
        """Yield what is to be bound anew."""
        for binding in self.bindings():
            fresh = [self.shelf.fresh(path, binding.key) for path in _files(binding.place).values()]
            if not all(fresh):
                yield binding
            elif problem := self.shelf.problem(_files(binding.place)["epub"]):
                self.state.fail(binding.document.path, problem, "document")  # no other is remembered

    def put(self, binding: Binding, bound: worker.Bound) -> None:
        """Write both editions of a document, and keep it as a chapter."""
        for kind, path in _files(binding.place).items():
            self.shelf.put(path, binding.key, bound.editions[kind])
        document = binding.document
        self.state.chapters.put(document.path, binding.key, document.meta.date, bound.chapter, bound.warnings)

    def fail(self, binding: Binding, lost: Lost) -> None:
        """Keep why a document has no editions."""
        for path in _files(binding.place).values():
            self.fail_at(path, binding.key, lost)
        self.state.fail(binding.document.path, lost.reason, lost.cause)

    def fail_at(self, path: Path, key: str, lost: Lost) -> None:
        """Keep why there is no file at `path`; if that is not the document's fault, the next run tries again."""
        self.troubled |= lost.cause != "document"
        self.shelf.fail(path, key if lost.cause == "document" else "", lost.reason)

    def write_book(self, place: Path, edition: Edition | None) -> None:
        """Write one book of several posts, as chapters in the order of their dates unless it asks for another."""
        paths = self.files(place)
        title, look = self.settings.title, style_of_settings(self.settings)
        if edition:
            title, look = edition.title, replace(look, cover=edition.cover)
        keys = [key for key, _ in self.state.chapters.ordered()]
        key = digest_of_values(book.VERSION, title, keys, look, edition, self.settings.formats and converter_path())
        fresh = [self.shelf.fresh(path, key) for path in paths.values()]  # each is to be asked: asking plans it
        if all(fresh) or not keys:
            return
        self.tell("bind", title)
        made = dict.fromkeys(paths, b"") if self.shelf.check else self.made(title, look, edition)
        for kind, path in paths.items():
            data = made[kind]
            if isinstance(data, Lost):  # an older file of that name goes, and the report says why
                self.fail_at(path, key, replace(data, reason=f"{path.name}: {data.reason}"))
            else:
                self.shelf.put(path, key, data)

    def made(self, title: str, look: BookStyle, edition: Edition | None) -> Mapping[str, bytes | Lost]:
        """Return a book of several posts in each kind that the settings want, or why there is none.

        Each kind is made in a process of its own: what one takes, or fails at, is not the other's.
        """
        chapters = self.scratch / "chapters"
        save((chapter for _, chapter in self.state.chapters.ordered()), chapters)
        volumes = [Volume(title, look, edition, kind, chapters, self.scratch / f"book.{kind}") for kind in BOOK_FORMATS]
        limits = Limits(BOOK_SECONDS, self.scratch, BOOK_MEMORY)
        made: dict[str, bytes | Lost] = {}
        with closing(each(make, volumes, min(len(BOOK_FORMATS), jobs(self.settings)), limits)) as results:
            for volume, result in results:
                if isinstance(result, str):
                    made[volume.kind] = Lost(result, "document") if result else volume.target.read_bytes()
                else:
                    made[volume.kind] = result
        epub = made["epub"]
        return made | {
            form: epub if isinstance(epub, Lost) else _converted(epub, form) for form in self.settings.formats
        }

    def files(self, place: Path) -> dict[str, Path]:
        """Return the files of a book of several posts by kind; `place` is their path without suffix."""
        return _files(place, *self.settings.formats)


def _files(place: Path, *more: str) -> dict[str, Path]:
    """Return the files of an edition by kind; `place` is their path without suffix."""
    return {kind: place.with_name(f"{place.name}.{DEVICE_SUFFIXES.get(kind, kind)}") for kind in (*BOOK_FORMATS, *more)}


def _converted(epub: bytes, form: str) -> bytes | Lost:
    data = converted_for_device(epub, form)
    return Lost(str(data), "document") if isinstance(data, RuntimeError) else data


def _batches(bindings: Iterator[Binding]) -> Iterator[Sequence[Binding]]:
    while batch := tuple(islice(bindings, TOGETHER)):
        yield batch
