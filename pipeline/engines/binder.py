"""Documents that are kept -> their editions, and the books of several: those that are not fresh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath

from pipeline.document import Cleaned, Unfit
from pipeline.engines import worker
from pipeline.engines.pool import Lost, each, jobs
from pipeline.engines.worker import Binding
from pipeline.settings import Edition, Settings
from pipeline.write import book
from pipeline.write.book import Look, look_of
from pipeline.write.devices import SUFFIXES, converted, tool
from pipeline.write.editions import KINDS, editions
from pipeline.write.names import safe_name
from pipeline.write.packed import digest, unpack
from pipeline.write.selection import select
from pipeline.write.shelf import Shelf, stamp_of
from pipeline.write.state import State

COMMIT_EVERY = 20  # documents: what a kill can cost
TOGETHER = 8  # documents that are bound at once: half of what pandoc costs is that it is started
BOOK = "archive"
POSTS = "posts"
EDITIONS = "editions"
Tell = Callable[[str, str], None]


def unbound(shelf: Shelf) -> Iterator[str]:
    """Yield why books of several posts could not be made in this run."""
    return shelf.problems(f"{BOOK}.", f"{EDITIONS}/")


class Binder:
    """Binds what the state holds, and puts it where the shelf has it."""

    def __init__(self, settings: Settings, state: State, shelf: Shelf, tell: Tell) -> None:
        """Write below settings.out; `tell(stage, name)` is called for each edition."""
        self.settings, self.state, self.shelf, self.tell = settings, state, shelf, tell
        self.out = Path(settings.out)

    def write_all(self) -> None:
        """Write every edition and every book that is not fresh."""
        self.write_editions()
        for place, edition in self.books():
            self.write_book(place, edition)

    def bindings(self) -> Iterator[Binding]:
        """Yield what is to be bound: every document that is kept."""
        raw, look = Path(self.settings.raw), look_of(self.settings)
        for outcome, name, known in self.state.outcomes():
            if isinstance(outcome, Cleaned):
                images = [link.written for link in outcome.document.links if link.kind == "image"]
                stamps = [stamp_of(raw / outcome.path.parent / image) for image in images]
                key = digest(known, book.VERSION, stamps, look)
                yield Binding(outcome.document, raw, self.out / POSTS / name, key, look)

    def keep_all(self) -> None:
        """Leave the editions of what is still there as they stand."""
        for binding in self.bindings():
            self.keep(_files(binding.place))
        for place, _ in self.books():
            self.keep(self.files(place))

    def keep(self, files: Mapping[str, Path]) -> None:
        """Leave files as they stand."""
        for path in files.values():
            self.shelf.keep(path)

    def books(self) -> Iterator[tuple[Path, Edition | None]]:
        """Yield each book of several posts: its path without suffix, and what it selects; none means all."""
        yield self.out / BOOK, None
        for edition in self.settings.edition:
            yield self.out / EDITIONS / safe_name(PurePosixPath(f"{edition.title}.md")), edition

    def write_editions(self) -> None:
        """Write the EPUB and the PDF of every document that is kept; what cannot be bound is set aside."""
        if self.shelf.check:
            for binding in self.stale():
                self.put(binding, worker.Bound(dict.fromkeys(KINDS, b"")))
            return
        for at, (binding, bound) in enumerate(self.bound(_batches(self.stale()))):
            self.tell("bind", str(binding.document.path))
            if bound.problem:
                self.fail(binding, bound.problem)
            else:
                self.put(binding, bound)
            if at % COMMIT_EVERY == 0:
                self.state.commit()
        self.state.forget_chapters()
        self.state.commit()

    def bound(self, batches: Iterable[Sequence[Binding]]) -> Iterator[tuple[Binding, worker.Bound]]:
        """Yield what is bound; a batch that comes to nothing is tried one by one, so that one spoils no other."""
        for batch, result in each(worker.bind, batches, jobs(self.settings), self.settings.max_seconds):
            if not isinstance(result, Lost):
                yield from zip(batch, result, strict=True)
            elif len(batch) > 1:
                yield from self.bound([one] for one in batch)
            else:
                yield batch[0], worker.Bound(problem=str(result))

    def stale(self) -> Iterator[Binding]:
        """Yield what is to be bound anew."""
        for binding in self.bindings():
            fresh = [self.shelf.fresh(path, binding.key) for path in _files(binding.place).values()]
            if not all(fresh):
                yield binding
            elif problem := self.shelf.problem(_files(binding.place)["epub"]):
                self.state.fail(binding.document.path, problem)

    def put(self, binding: Binding, bound: worker.Bound) -> None:
        """Write both editions of a document, and keep it as a chapter."""
        for kind, path in _files(binding.place).items():
            self.shelf.put(path, binding.key, bound.editions[kind])
        self.state.put_chapter(binding.document.path, binding.key, binding.document.meta.date, bound.chapter)

    def fail(self, binding: Binding, problem: str) -> None:
        """Keep why a document has no editions."""
        for path in _files(binding.place).values():
            self.shelf.fail(path, binding.key, problem)
        self.state.fail(binding.document.path, problem)

    def write_book(self, place: Path, edition: Edition | None) -> None:
        """Write one book of several posts, as chapters in the order of their dates unless it asks for another.

        Its identifier derives from its title: a new issue takes the place of the old one on a reader.
        """
        paths = self.files(place)
        title, look = self.settings.title, look_of(self.settings)
        if edition:
            title, look = edition.title, replace(look, cover=edition.cover)
        key = digest(
            book.VERSION,
            title,
            [key for key, _ in self.state.chapters()],
            look,
            edition,
            self.settings.formats and tool(),
        )
        fresh = [self.shelf.fresh(path, key) for path in paths.values()]  # each is to be asked: asking plans it
        if all(fresh) or not next(self.state.chapters(), None):
            return
        self.tell("bind", title)
        bound = dict.fromkeys(paths, b"") if self.shelf.check else self.made(title, look, edition)
        for kind, path in paths.items():
            data = bound[kind]
            if isinstance(data, Exception):  # what stood there goes, and the report says why
                self.shelf.fail(path, key, f"{path.name}: {data}")
            else:
                self.shelf.put(path, key, data)

    def made(self, title: str, look: Look, edition: Edition | None) -> Mapping[str, bytes | Exception]:
        """Return a book of several posts in each kind that the settings want, or why there is none."""
        every = (unpack(packed, book.Chapter) for _, packed in self.state.chapters())
        chapters = select(edition, every) if edition else list(every)
        kinds = (*KINDS, *self.settings.formats)
        if not chapters:
            nothing = f"`{title}` selects no post; change or delete its [[edition]] in the settings"
            return dict.fromkeys(kinds, Unfit(nothing))
        language = Counter(chapter.language for chapter in chapters).most_common(1)[0][0]
        try:
            (bound,) = editions([book.Book(title, language, book.identifier(title), tuple(chapters), look)])
        except (Unfit, RuntimeError) as error:  # of pandoc and Typst
            return dict.fromkeys(kinds, error)
        return bound | {form: converted(bound["epub"], form) for form in self.settings.formats}

    def files(self, place: Path) -> dict[str, Path]:
        """Return the files of a book of several posts by kind; `place` is their path without suffix."""
        return _files(place, *self.settings.formats)


def _files(place: Path, *more: str) -> dict[str, Path]:
    """Return the files of an edition by kind; `place` is their path without suffix."""
    return {kind: place.with_name(f"{place.name}.{SUFFIXES.get(kind, kind)}") for kind in (*KINDS, *more)}


def _batches(bindings: Iterator[Binding]) -> Iterator[Sequence[Binding]]:
    while batch := tuple(islice(bindings, TOGETHER)):
        yield batch
