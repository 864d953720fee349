"""Chapters -> a book of several posts in one format, made in a process of its own, which holds them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.books.book import Book, BookStyle, Chapter, identifier
from pipeline.books.formats import books_as_files
from pipeline.books.selection import selected_chapters
from pipeline.document import SkipDocument
from pipeline.settings import Edition
from pipeline.store.atomic import errors_naming
from pipeline.store.packing import unpack

_SIZE = 8  # bytes before each chapter of a file: how many the chapter has


@dataclass(frozen=True, slots=True)
class Volume:
    """A book to make: its title and look, what it selects (none means all), its format, and the files it is made of.

    `chapters` is a file that `save` wrote; `target` is where the book goes.
    """

    title: str
    look: BookStyle
    edition: Edition | None
    kind: str
    chapters: Path
    target: Path


def save(chapters: Iterable[bytes], file: Path) -> None:
    """Write packed chapters to a file, one at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with errors_naming(file), file.open("wb") as out:
        for packed in chapters:
            out.write(len(packed).to_bytes(_SIZE) + packed)


def _saved(file: Path) -> Iterator[Chapter]:
    with file.open("rb") as data:
        while size := data.read(_SIZE):
            yield unpack(data.read(int.from_bytes(size)), Chapter)


def make(volume: Volume) -> str:
    """Write a book to its target; return why there is none, else an empty string. Raises RuntimeError, OSError.

    Its identifier derives from its title: a new issue takes the place of the old one on a reader.
    """
    every = _saved(volume.chapters)
    chapters = selected_chapters(volume.edition, every) if volume.edition else list(every)
    if not chapters:
        return f"`{volume.title}` selects no post; change or delete its [[edition]] in the settings"
    language = Counter(chapter.language for chapter in chapters).most_common(1)[0][0]
    book = Book(volume.title, language, identifier(volume.title), tuple(chapters), volume.look)
    try:
        (made,) = books_as_files([book], [volume.kind])
    except SkipDocument as unfit:
        return str(unfit)
    volume.target.write_bytes(made[volume.kind])
    return ""
