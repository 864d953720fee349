"""A source -> its outcome. Every failure of a document becomes its outcome."""

from __future__ import annotations

import functools
import hashlib
import pickle
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.decisions_file import parse_decisions
from pipeline.decisions.obey import LeftOut, as_decoded, obeying, refuse_left_out
from pipeline.document import Cause, Cleaned, Document, Metadata, RetryLater, SkipDocument, Skipped, Source, Step
from pipeline.flow import assemble, follow_each, with_archive
from pipeline.language.archive_statistics import ArchiveStatistics, unpack_statistics, with_duplicates
from pipeline.read.folder import read_source
from pipeline.read.kinds import FileKind
from pipeline.read.posts import is_draft
from pipeline.read.readers import PictureFiles, Reader, chosen_readers, pictures_inside, read_document
from pipeline.run.pool import bug_reason
from pipeline.run.tasks import Task, Unchanged
from pipeline.settings import Settings
from pipeline.store.decision_tables import DecisionRows
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


NOTHING_DECIDED = DecisionSet()


def follow_all(
    source: Source,
    steps: Sequence[Step],
    readers: Sequence[Reader] = (),
    *,
    drafts: bool = True,
    decisions: DecisionSet = NOTHING_DECIDED,
) -> Cleaned | Skipped:
    """Return the document after every step, or where and why it was skipped. Only this function catches every error.

    `readers` are those of plugins. Without `drafts`, a document whose front matter says that it is a draft is skipped
    at the step DRAFT. The document obeys `decisions`; one that they skip is skipped at LEFT_OUT.

    Raises OSError and MemoryError, which the system causes.
    """
    at = "decode"
    try:
        if decisions.all:
            refuse_left_out(_unread(source), decisions)
        document = as_decoded(read_document(source, readers), decisions)
        for at, document in follow_each(obeying(steps, decisions), document):  # noqa: B007, B020 - `at` is used where a step fails
            if not drafts and is_draft(document.meta):
                return Skipped(source.path, FileKind.DRAFT, "is a draft")
        _refuse_blank(document)
        _refuse_large_report(document)
    except LeftOut as decided:
        return Skipped(source.path, FileKind.LEFT_OUT, str(decided))
    except SkipDocument as unfit:
        return Skipped(source.path, at, str(unfit))
    except (OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the failure of a document stops no other
        return Skipped(source.path, at, bug_reason(error), "bug", traceback.format_exc())
    return Cleaned(document)


def _unread(source: Source) -> Document:
    """Return what is known of a source before it is read."""
    return Document(source.path, "", Metadata(hashlib.sha256(source.data).hexdigest()))


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
