"""A source -> its outcome; documents -> their books. Every failure of a document becomes its outcome."""

from __future__ import annotations

import functools
import hashlib
import pickle
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pipeline.books.book import Book, BookStyle, Chapter, ChapterSource, chapters_of, identifier, style_of_settings
from pipeline.books.formats import BOOK_FORMATS, books_as_files
from pipeline.books.omissions import omission_warnings
from pipeline.citations.post_index import PostTarget
from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.decisions_file import parse_decisions
from pipeline.document import Cause, Document, RetryLater, SkipDocument, Skipped, Source, Step
from pipeline.flow import assemble, with_archive
from pipeline.language.archive_statistics import ArchiveStatistics, unpack_statistics, with_duplicates
from pipeline.read.folder import FoundFile, read_source
from pipeline.read.kinds import FileKind
from pipeline.read.readers import PictureFiles, chosen_readers, pictures_inside
from pipeline.run.follow import NOTHING_DECIDED, follow_all
from pipeline.run.pool import bug_reason
from pipeline.settings import Settings
from pipeline.store.decision_tables import DecisionRows
from pipeline.store.packing import pack
from pipeline.store.rows import DocumentRow, document_row


@dataclass(frozen=True, slots=True)
class Task:
    """A source to clean.

    `known` is the SHA-256 of the bytes cleaned last time. `archive` is a file with statistics of the archive, and
    `statistics` the digest of what they count. `duplicates` are further documents that may be sound copies: path and
    text. `evidence` is the digest of all these. `decisions` is a copy of decisions.jsonl, and `decided` its digest.
    """

    settings: Settings
    found: FoundFile
    known: str = ""
    archive: Path | None = None
    evidence: str = ""
    statistics: str = ""
    duplicates: tuple[tuple[str, str], ...] = ()
    decisions: Path | None = None
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The bytes of the source are those cleaned last time."""


def clean_source(task: Task) -> DocumentRow | Unchanged:
    """Return the outcome of one source as a row. Raises OSError and MemoryError, which the system causes."""
    path = task.found.path
    try:
        source = read_source(Path(task.settings.raw), task.found, task.settings.max_bytes)
    except SkipDocument as unfit:
        cause: Cause = "environment" if isinstance(unfit, RetryLater) else "document"
        return document_row(Skipped(path, "read", str(unfit), cause))
    sha256 = hashlib.sha256(source.data).hexdigest()
    if sha256 == task.known:
        return Unchanged()
    steps = _assembled(pickle.dumps(task.settings))
    if task.archive:
        archive = _unpacked_archive(task.archive, task.statistics)
        steps = with_archive(steps, with_duplicates(archive, dict(task.duplicates)) if task.duplicates else archive)
    readers = chosen_readers(task.settings.plugins)
    decisions = _unpacked_decisions(task.decisions, task.decided) if task.decisions else NOTHING_DECIDED
    outcome = follow_all(source, steps, readers, drafts=task.found.drafts, decisions=decisions)
    try:
        row = document_row(outcome, sha256, from_archive=task.archive is not None)
    except (ValueError, TypeError, OverflowError) as error:
        return document_row(Skipped(path, "keep", bug_reason(error), "bug", traceback.format_exc()))
    if isinstance(outcome, Skipped) and outcome.step == FileKind.LEFT_OUT:
        keys = [one.key for one in decisions.named(str(path), sha256) if one.verdict == "skip"]
        return replace(row, decisions=DecisionRows(obeyed=tuple(keys)))
    return row


@functools.lru_cache(maxsize=1)
def _assembled(settings: bytes) -> tuple[Step, ...]:
    """Return the steps for pickled settings, which are those of all tasks of a run."""
    return assemble(pickle.loads(settings))  # noqa: S301 - our own bytes


def pictures_of_source(task: Task) -> PictureFiles:
    """Return the files of the pictures inside a source by name; none if it cannot be read."""
    try:
        source = read_source(Path(task.settings.raw), task.found, task.settings.max_bytes)
    except SkipDocument:
        return {}
    return pictures_inside(source, chosen_readers(task.settings.plugins))


@functools.lru_cache(maxsize=1)
def _unpacked_archive(file: Path, statistics: str) -> ArchiveStatistics:  # noqa: ARG001 - the key of the cache
    return unpack_statistics(file.read_bytes())


@functools.lru_cache(maxsize=1)
def _unpacked_decisions(file: Path, digest: str) -> DecisionSet:  # noqa: ARG001 - the key of the cache
    return DecisionSet(parse_decisions(file.read_bytes()).decisions)


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


def cleaned_document(path: PurePosixPath, data: bytes, settings: Settings) -> Document:
    """Return `data` as a cleaned document. Raises SkipDocument if it would be skipped."""
    try:
        outcome = follow_all(Source(path, data), assemble(settings), chosen_readers(settings.plugins))
    except MemoryError as error:
        message = "needs more memory than is free; split it"
        raise SkipDocument(message) from error
    if isinstance(outcome, Skipped):
        raise SkipDocument(outcome.reason)
    return outcome.document
