"""One document, by itself: whatever goes wrong with it becomes its outcome."""

from __future__ import annotations

import functools
import hashlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.books.book import Book, BookStyle, Chapter, chapters_of, identifier, style_of_settings
from pipeline.books.formats import BOOK_FORMATS, books_as_files
from pipeline.books.omissions import omission_warnings
from pipeline.document import BUG_REPORT_HINT, Cause, Cleaned, Document, RetryLater, SkipDocument, Skipped, Source, Step
from pipeline.flow import assemble, beside, follow_each
from pipeline.language.archive_statistics import ArchiveStatistics, unpack_statistics
from pipeline.read.decode import decode
from pipeline.read.folder import FoundFile, read_source
from pipeline.settings import Settings
from pipeline.store.packing import pack
from pipeline.store.rows import DocumentRow, document_row

PAGES = {".html", ".htm", ".xhtml", ".mhtml", ".mht"}
MOST_TOLD = 100_000_000  # characters; a text of max_bytes, every word of which is a link, has fewer


@dataclass(frozen=True, slots=True)
class Task:
    """A source to clean.

    `known` is the SHA-256 of the bytes that were cleaned last time; `archive` holds what the other documents say, as a
    file whose digest is `evidence`.
    """

    settings: Settings
    found: FoundFile
    known: str = ""
    archive: Path | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The source's bytes are those known."""


def clean_source(task: Task) -> DocumentRow | Unchanged:
    """Return what becomes of one source. Raises OSError and MemoryError: these are the machine's."""
    path = task.found.path
    try:
        source = read_source(Path(task.settings.raw), task.found, task.settings.max_bytes)
    except SkipDocument as unfit:
        cause: Cause = "environment" if isinstance(unfit, RetryLater) else "document"
        return document_row(Skipped(path, "read", str(unfit), cause))
    sha256 = hashlib.sha256(source.data).hexdigest()
    if sha256 == task.known:
        return Unchanged()
    steps = assemble(task.settings)
    if task.archive:
        steps = beside(steps, _archive(task.archive, task.evidence))
    outcome = follow_all(source, steps)
    try:
        return document_row(outcome, sha256)
    except (ValueError, TypeError, OverflowError) as error:
        return document_row(Skipped(path, "keep", _mistake(error), "bug", traceback.format_exc()))


@functools.lru_cache(maxsize=1)
def _archive(file: Path, evidence: str) -> ArchiveStatistics:  # noqa: ARG001 - a file of other evidence is read anew
    return unpack_statistics(file.read_bytes())


def follow_all(source: Source, steps: Sequence[Step]) -> Cleaned | Skipped:
    """Return the document after every step, or where and why it was set aside. The one place that catches all.

    Raises OSError and MemoryError: these are the machine's.
    """
    at = "decode"
    try:
        _no_page(source.path)
        document = decode(source)
        for at, document in follow_each(steps, document):  # noqa: B007 - used where one fails
            pass
        _holds_text(document)
        _bounded(document)
    except SkipDocument as unfit:
        return Skipped(source.path, at, str(unfit))
    except (OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a document's failure is its own
        return Skipped(source.path, at, _mistake(error), "bug", traceback.format_exc())
    return Cleaned(document)


def _mistake(error: Exception) -> str:
    return f"{type(error).__name__}: {error}; {BUG_REPORT_HINT}"


def _no_page(path: PurePosixPath) -> None:
    if path.suffix.lower() in PAGES:
        message = (
            "is a web page, which is not read yet; convert it to Markdown, or name it under `ignore` in the settings"
        )
        raise SkipDocument(message)


def _holds_text(document: Document) -> None:
    if not document.text.strip():
        message = "holds no text but white space and control characters; archive it again or delete it"
        raise SkipDocument(message)


def _bounded(document: Document) -> None:
    """Refuse a document whose records are out of proportion to it: a long address, title or heading told often."""
    links = sum(
        len(link.written) + len(link.url) + len(link.text) + len(link.title) + len(link.heading)
        for link in document.links
    )
    changes = sum(len(change.before) + len(change.after) for change in document.changes)
    if links + changes > MOST_TOLD:
        message = f"what is to be told of its links and changes takes {(links + changes) // 10**6} MB; split it"
        raise SkipDocument(message)


@dataclass(frozen=True, slots=True)
class BookJob:
    """A document to bind, where its images are, where its editions go (without suffix), and what decides them."""

    document: Document
    raw: Path
    place: Path
    key: str
    look: BookStyle


@dataclass(frozen=True, slots=True)
class MadeBooks:
    """The editions of a document, and its chapter for the book of them all, packed; or why there are none.

    `warnings` say what the editions do not show of the document, a sentence each.
    """

    editions: dict[str, bytes] = field(default_factory=dict)  # by kind: epub, pdf
    chapter: bytes = b""
    problem: str = ""
    cause: Cause = "document"
    warnings: tuple[str, ...] = ()


def make_books(bindings: Sequence[BookJob], kinds: Sequence[str] = BOOK_FORMATS) -> list[MadeBooks]:
    """Return the editions, of some kinds, of documents that are to look alike.

    A document that is more than pandoc can do has a problem instead; all else is raised (see `books_as_files`).
    """
    found = chapters_of([(one.document, one.raw) for one in bindings], bindings[0].look.pictures)
    books = [
        Book(chapter.title, chapter.language, identifier(str(one.document.path)), (chapter,), one.look)
        for one, chapter in zip(bindings, found, strict=True)
        if not isinstance(chapter, SkipDocument)
    ]
    made = iter(_each(books, kinds))
    return [
        MadeBooks(problem=str(chapter)) if isinstance(chapter, SkipDocument) else _bound(chapter, next(made))
        for chapter in found
    ]


def _each(books: Sequence[Book], kinds: Sequence[str]) -> list[dict[str, bytes] | SkipDocument]:
    """Return the editions of each book; what is too much for pandoc spoils no other."""
    try:
        return [*books_as_files(books, kinds)]
    except SkipDocument as unfit:
        return [unfit] if len(books) == 1 else [made for book in books for made in _each([book], kinds)]


def _bound(chapter: Chapter, made: dict[str, bytes] | SkipDocument) -> MadeBooks:
    if isinstance(made, SkipDocument):
        return MadeBooks(problem=str(made))
    warnings = omission_warnings(chapter, made["epub"]) if "epub" in made else ()
    return MadeBooks(made, pack(chapter), warnings=warnings)


@dataclass(frozen=True, slots=True)
class BookInput:
    """A file to bind by itself: its name and bytes, the folder its pictures are in, the kinds of editions wanted."""

    name: PurePosixPath
    data: bytes
    folder: Path
    settings: Settings
    kinds: tuple[str, ...]


def make_books_of_file(post: BookInput) -> MadeBooks:
    """Return the editions of one file."""
    try:
        document = cleaned_document(post.name, post.data, post.settings)
    except SkipDocument as unfit:
        return MadeBooks(problem=str(unfit))
    (bound,) = make_books([BookJob(document, post.folder, Path(), "", style_of_settings(post.settings))], post.kinds)
    return bound


def cleaned_document(path: PurePosixPath, data: bytes, settings: Settings) -> Document:
    """Return the document that `data` becomes. Raises SkipDocument where it would be set aside."""
    try:
        outcome = follow_all(Source(path, data), assemble(settings))
    except MemoryError as error:
        message = "needs more memory than there is; split it"
        raise SkipDocument(message) from error
    if isinstance(outcome, Skipped):
        raise SkipDocument(outcome.reason)
    return outcome.document
