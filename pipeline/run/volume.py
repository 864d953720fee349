"""Chapters of several posts -> a book in one format, made in its own process, which holds them all in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.books.book import Book, BookStyle, Chapter, identifier
from pipeline.books.formats import books_as_files
from pipeline.books.pandoc_ast import Node, all_printable, div, printable
from pipeline.books.phrases import phrase
from pipeline.books.selection import selected_chapters
from pipeline.citations.completion import Completion
from pipeline.document import SkipDocument
from pipeline.settings import Edition
from pipeline.store.atomic import errors_naming
from pipeline.store.packing import unpack

_SIZE = 8  # bytes of the length before each chapter in a file


@dataclass(frozen=True, slots=True)
class VolumeEntry:
    """What an index says about a volume: its name, (title, date) of its posts, language and authors of the first."""

    name: str
    posts: tuple[tuple[str, str], ...]
    language: str  # BCP 47; empty if unknown
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Volume:
    """A book to make: its title and look, the selection (None: all chapters), and the format.

    `chapters` is a file that `save_chapters` wrote; `target` is the file of the book. With `index`, the book lists
    these volumes instead. `completions` are those of the works that the posts cite.
    """

    title: str
    look: BookStyle
    edition: Edition | None
    kind: str
    chapters: Path
    target: Path
    index: tuple[VolumeEntry, ...] = ()
    completions: tuple[Completion, ...] = ()


def save_chapters(chapters: Iterable[bytes], file: Path) -> None:
    """Write packed chapters to a file, one at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with errors_naming(file), file.open("wb") as out:
        for packed in chapters:
            out.write(len(packed).to_bytes(_SIZE) + packed)


def _saved(file: Path) -> Iterator[Chapter]:
    with file.open("rb") as data:
        while size := data.read(_SIZE):
            yield unpack(data.read(int.from_bytes(size)), Chapter)


def _index_chapters(volume: Volume) -> list[Chapter]:
    """Return one chapter for each volume of an index, with a list of its posts, and the authors of all volumes."""
    by = {entry.authors for entry in volume.index}
    authors = by.pop() if len(by) == 1 else ()
    return [
        Chapter(entry.name, authors, entry.language, "", "", "nothing", [_post_list(entry)]) for entry in volume.index
    ]


def _post_list(entry: VolumeEntry) -> Node:
    """Return a list of (title, date) as a node of pandoc's AST."""
    lines = (f"{title} ({date})" if date else title for title, date in entry.posts)
    items = [[{"t": "Plain", "c": [{"t": "Str", "c": printable(line)}]}] for line in lines]
    return div("ragged", [{"t": "BulletList", "c": items}])


def make_collection(volume: Volume) -> str:
    """Write a book to its target; return an empty string, or the reason if it cannot be made.

    Its identifier is derived from its title: on an e-reader, a new issue replaces the old one. Raises RuntimeError,
    OSError.
    """
    saved = _saved(volume.chapters)
    if volume.index:
        chapters = _index_chapters(volume)
    else:
        chapters = selected_chapters(volume.edition, saved) if volume.edition else list(saved)
    if not chapters:
        return f"collection `{volume.title}` matches no posts; change or delete its [[edition]] in the settings"
    language = Counter(chapter.language for chapter in chapters).most_common(1)[0][0]
    title = title_in_language(volume.title, language)
    completions = tuple(map(all_printable, volume.completions))
    book = Book(title, language, identifier(volume.title), tuple(chapters), volume.look, completions)
    try:
        (made,) = books_as_files([book], [volume.kind])
    except SkipDocument as unfit:
        return str(unfit)
    volume.target.write_bytes(made[volume.kind])
    return ""


def title_in_language(title: str, language: str) -> str:
    """Return the title of a book, the default of the settings in the main language of the posts.

    >>> title_in_language("Collected posts, 2021", "zh-Hans"), title_in_language("My posts", "zh-Hans")
    ('文集, 2021', 'My posts')
    """
    default = phrase("collected-posts", "en")
    return title.replace(default, phrase("collected-posts", language), 1) if title.startswith(default) else title
