"""Documents -> their books, in a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.books.book import Book, BookStyle, Chapter, ChapterSource, chapters_of, identifier, style_of_settings
from pipeline.books.formats import books_as_files
from pipeline.books.omissions import omission_warnings
from pipeline.citations.post_index import PostTarget
from pipeline.document import Cause, Document, SkipDocument
from pipeline.run.worker import cleaned_document
from pipeline.settings import BOOK_FORMATS, Settings
from pipeline.store.packing import pack


@dataclass(frozen=True, slots=True)
class BookJob:
    """A document to make books of: the folder of its images, the target without suffix, and the cache key."""

    document: Document
    raw: Path
    place: Path
    key: str
    look: BookStyle
    posts: tuple[PostTarget, ...] = ()  # the links of the document that lead to other posts
    fetched: Path | None = None  # the folder of images fetched from the web


@dataclass(frozen=True, slots=True)
class MadeBooks:
    """The books of a document, and its packed chapter for collections; or the problem that prevents them.

    `warnings` are sentences that say what the books omit.
    """

    editions: dict[str, bytes] = field(default_factory=dict)  # files by kind: epub, pdf
    chapter: bytes = b""
    problem: str = ""
    cause: Cause = "document"
    warnings: tuple[str, ...] = ()


def make_books(bindings: Sequence[BookJob], kinds: Sequence[str] = BOOK_FORMATS) -> list[MadeBooks]:
    """Return the books, of some kinds, of documents that have the same look.

    A document that exceeds pandoc's limits has a problem instead. Raises what `books_as_files` raises.
    """
    chapters = chapters_of(
        [ChapterSource(one.document, one.raw, one.posts, one.fetched) for one in bindings], bindings[0].look.pictures
    )
    books = [
        Book(chapter.title, chapter.language, identifier(str(one.document.path)), (chapter,), one.look)
        for one, chapter in zip(bindings, chapters, strict=True)
        if not isinstance(chapter, SkipDocument)
    ]
    made = iter(_editions_of_each(books, kinds))
    return [
        MadeBooks(problem=str(chapter)) if isinstance(chapter, SkipDocument) else _made_books(chapter, next(made))
        for chapter in chapters
    ]


def _editions_of_each(books: Sequence[Book], kinds: Sequence[str]) -> list[dict[str, bytes] | SkipDocument]:
    """Return the files of each book by kind; a book that exceeds pandoc's limits affects no other."""
    try:
        return [*books_as_files(books, kinds)]
    except SkipDocument as unfit:
        return [unfit] if len(books) == 1 else [made for book in books for made in _editions_of_each([book], kinds)]


def _made_books(chapter: Chapter, made: dict[str, bytes] | SkipDocument) -> MadeBooks:
    if isinstance(made, SkipDocument):
        return MadeBooks(problem=str(made))
    warnings = omission_warnings(chapter, made["epub"]) if "epub" in made else ()
    return MadeBooks(made, pack(chapter), warnings=warnings)


@dataclass(frozen=True, slots=True)
class BookInput:
    """A file to make books of: its name and bytes, the folder of its images, the kinds of book wanted."""

    name: PurePosixPath
    data: bytes
    folder: Path
    settings: Settings
    kinds: tuple[str, ...]


def make_books_of_file(post: BookInput) -> MadeBooks:
    """Return the books of one file."""
    try:
        document = cleaned_document(post.name, post.data, post.settings)
    except SkipDocument as unfit:
        return MadeBooks(problem=str(unfit))
    (bound,) = make_books([BookJob(document, post.folder, Path(), "", style_of_settings(post.settings))], post.kinds)
    return bound
