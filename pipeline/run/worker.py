"""A source -> its outcome. Every failure of a document becomes its outcome."""

from __future__ import annotations

import functools
import hashlib
import pickle
import traceback
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pipeline.document import Cause, Cleaned, Document, RetryLater, SkipDocument, Skipped, Source, Step
from pipeline.flow import assemble, follow_each, with_archive
from pipeline.language.archive_statistics import ArchiveStatistics, unpack_statistics, with_duplicates
from pipeline.read.folder import read_source
from pipeline.read.kinds import FileKind
from pipeline.read.posts import is_draft
from pipeline.read.readers import PictureFiles, Reader, chosen_readers, pictures_inside, read_document
from pipeline.run.pool import bug_reason
from pipeline.run.tasks import Task, Unchanged
from pipeline.settings import Settings
from pipeline.store.rows import DocumentRow, document_row

MOST_REPORTED = 100_000_000  # characters; a text of max_bytes that consists of links has fewer


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
    outcome = follow_all(source, steps, chosen_readers(task.settings.plugins), drafts=task.found.drafts)
    try:
        return document_row(outcome, sha256)
    except (ValueError, TypeError, OverflowError) as error:
        return document_row(Skipped(path, "keep", bug_reason(error), "bug", traceback.format_exc()))


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


def follow_all(
    source: Source, steps: Sequence[Step], readers: Sequence[Reader] = (), *, drafts: bool = True
) -> Cleaned | Skipped:
    """Return the document after every step, or where and why it was skipped. Only this function catches every error.

    `readers` are those of plugins. Without `drafts`, a document whose front matter says that it is a draft is skipped
    at the step DRAFT. Raises OSError and MemoryError, which the system causes.
    """
    at = "decode"
    try:
        document = read_document(source, readers)
        for at, document in follow_each(steps, document):  # noqa: B007, B020 - `at` is used where a step fails
            if not drafts and is_draft(document.meta):
                return Skipped(source.path, FileKind.DRAFT, "is a draft")
        _refuse_blank(document)
        _refuse_large_report(document)
    except SkipDocument as unfit:
        return Skipped(source.path, at, str(unfit))
    except (OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the failure of a document stops no other
        return Skipped(source.path, at, bug_reason(error), "bug", traceback.format_exc())
    return Cleaned(document)


def _refuse_blank(document: Document) -> None:
    if not document.text.strip():
        message = "contains only white space and control characters; archive it again or delete it"
        raise SkipDocument(message)


def _refuse_large_report(document: Document) -> None:
    """Refuse a document whose links and changes repeat so much text that its report would be huge."""
    links = sum(
        len(link.written) + len(link.url) + len(link.text) + len(link.title) + len(link.heading)
        for link in document.links
    )
    changes = sum(len(change.before) + len(change.after) for change in document.changes)
    if links + changes > MOST_REPORTED:
        size, most = (links + changes) // 10**6, MOST_REPORTED // 10**6
        message = f"its report entry of links and changes would take {size} MB (limit {most}); split the document"
        raise SkipDocument(message)


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
