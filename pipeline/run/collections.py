"""Chapters of all posts -> the archive's book, in volumes where it would be long, and the books of the settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.books import book
from pipeline.books.book import BookStyle, Chapter, style_of_settings
from pipeline.books.epub.device_formats import DEVICE_SUFFIXES, converted_for_device, converter_path
from pipeline.citations.cited_works import Work
from pipeline.citations.completion import Completion
from pipeline.run.edition_posts import EditionPosts
from pipeline.run.limits import MOST_MEMORY, Limits, NoResult
from pipeline.run.periods import MOST_POSTS, UNDATED, DatedPost, posts_it_counts_as, volumes_of
from pipeline.run.pool import run_each, worker_count
from pipeline.run.volume import Volume, VolumeEntry, make_collection, save_chapters
from pipeline.settings import BOOK_FORMATS, Edition, Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.completion_cache import read_completions
from pipeline.store.file_names import safe_name
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values, unpack

BOOK_SECONDS = 3600  # CPU time for a collection
BOOK_MEMORY = max(MOST_MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4)


@dataclass(frozen=True, slots=True)
class Collection:
    """A book of several posts: its path without suffix, its title and look, and the keys of its posts by path.

    With an `edition`, only the posts that it selects are in the book. `index` lists the volumes of which this book is
    the index; then it has no posts.
    """

    place: Path
    title: str
    look: BookStyle
    posts: Mapping[str, str]
    edition: Edition | None = None
    index: tuple[VolumeEntry, ...] = ()


class CollectionMaker:
    """Makes the collections that are missing or outdated; `system_failed` says that the system failed one."""

    def __init__(self, settings: Settings, database: ArchiveState, ledger: OutputLedger, scratch: Path) -> None:
        """Write below settings.out, with temporary files in `scratch`."""
        self.settings, self.database, self.ledger, self.scratch = settings, database, ledger, scratch
        self.completions = read_completions(Path(settings.clean))
        self.system_failed = False

    @cached_property
    def lengths(self) -> dict[str, int]:
        """The characters of each post that has a chapter, by path."""
        return self.database.chapters.lengths()

    def write_all(self, archive: Path, editions: Path, progress: Callable[[str], None]) -> None:
        """Write the archive's book and the books of the settings; `progress(title)` is called for each."""
        posts = [*self.database.chapters.ordered()]
        if not posts:
            return
        for collection in self.collections(archive, editions, posts):
            self.write(collection, progress)

    def collections(self, archive: Path, editions: Path, posts: Sequence[DatedPost]) -> Iterator[Collection]:
        """Yield each collection of `posts`, which are by date; volumes come before their index."""
        look = style_of_settings(self.settings)
        yield from self.with_volumes(Collection(archive, self.settings.title, look, {}), posts)
        chosen = EditionPosts(self.database, trial=self.ledger.check)
        for edition in self.settings.edition:
            place = editions / safe_name(PurePosixPath(f"{edition.title}.md"))
            collection = Collection(place, edition.title, replace(look, cover=edition.cover), {}, edition)
            members = chosen.members(edition, posts)
            if edition.every and members:
                yield from self.volumes(collection, members)
            else:
                yield from self.with_volumes(collection, members)
        chosen.forget_others(self.settings.edition)

    def with_volumes(self, collection: Collection, posts: Sequence[DatedPost]) -> Iterator[Collection]:
        """Yield the collection of `posts`; where they are many, yield its volumes and then their index."""
        if sum(posts_it_counts_as(self.lengths.get(path, 0)) for path, _, _ in posts) <= MOST_POSTS:
            yield replace(collection, posts={path: key for path, key, _ in posts})
            return
        entries = []
        for name, volume in self.named_volumes(collection, posts):
            yield volume
            first = unpack(self.database.chapters.chapter(next(iter(volume.posts))), Chapter)
            titles = tuple(self.database.chapters.titles(volume.posts))
            entries.append(VolumeEntry(name, titles, first.language, first.authors))
        yield replace(collection, index=tuple(entries))

    def volumes(self, collection: Collection, posts: Sequence[DatedPost]) -> Iterator[Collection]:
        """Yield a book for each period that `edition.every` names; a post of no period is in none."""
        for name, volume in self.named_volumes(collection, posts):
            if not name.startswith(UNDATED):
                yield volume

    def named_volumes(self, collection: Collection, posts: Sequence[DatedPost]) -> Iterator[tuple[str, Collection]]:
        """Yield the name of each volume of a collection, and the volume."""
        keys = {path: key for path, key, _ in posts}
        every = collection.edition.every if collection.edition else None
        for name, members in volumes_of(posts, every, self.lengths):
            chosen = {path: keys[path] for path in members}
            title = f"{collection.title}, {name}"
            yield name, replace(collection, place=collection.place / name, title=title, posts=chosen)

    def write(self, collection: Collection, progress: Callable[[str], None]) -> None:
        """Write one collection, its chapters by date unless its settings choose another order."""
        paths = book_files(collection.place, *self.settings.formats)
        formats = self.settings.formats and converter_path()
        keys = [*collection.posts.values()]
        completions = self.completions_of(collection.posts)
        parts = (collection.title, keys, collection.look, collection.edition, formats, collection.index, completions)
        key = digest_of_values(book.VERSION, *parts)
        fresh = [self.ledger.fresh(path, key) for path in paths.values()]  # ask for each: that also plans the file
        if all(fresh):
            return
        progress(collection.title)
        made = dict.fromkeys(paths, b"") if self.ledger.check else self.made(collection, completions)
        for kind, path in paths.items():
            data = made[kind]
            if isinstance(data, NoResult):  # an older file is removed, and the report says why
                self.system_failed |= data.cause != "document"
                self.ledger.fail(path, key if data.cause == "document" else "", f"{path.name}: {data.reason}")
            else:
                self.ledger.put(path, key, data)
        self.ledger.flush()

    def completions_of(self, paths: Iterable[str]) -> tuple[Completion, ...]:
        """Return the completions of the works that posts cite, each once."""
        if not self.completions:
            return ()
        packed = filter(None, map(self.database.works_of, paths))
        keys = dict.fromkeys(work.key for works in packed for work in unpack(works, list[Work]))
        return tuple(self.completions[key] for key in keys if key in self.completions)

    def made(self, collection: Collection, completions: tuple[Completion, ...]) -> Mapping[str, bytes | NoResult]:
        """Return a collection in each kind that the settings name, or why it failed.

        Each kind is made in its own process: the limits and the failure of one do not affect the other.
        """
        chapters = self.scratch / "chapters"
        save_chapters(map(self.database.chapters.chapter, collection.posts), chapters)
        volumes = [
            Volume(
                collection.title,
                collection.look,
                collection.edition,
                kind,
                chapters,
                self.scratch / f"book.{kind}",
                collection.index,
                completions,
            )
            for kind in BOOK_FORMATS
        ]
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


def book_files(place: Path, *more: str) -> dict[str, Path]:
    """Return the files of a book by kind; `place` is their path without suffix."""
    return {kind: place.with_name(f"{place.name}.{DEVICE_SUFFIXES.get(kind, kind)}") for kind in (*BOOK_FORMATS, *more)}


def _device_format(epub: bytes, form: str) -> bytes | NoResult:
    data = converted_for_device(epub, form)
    return NoResult(str(data), "document") if isinstance(data, RuntimeError) else data
