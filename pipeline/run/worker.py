"""A source -> its outcome. Every failure of a document becomes its outcome."""

from __future__ import annotations

import functools
import pickle
import traceback
from dataclasses import replace
from pathlib import Path, PurePosixPath

import msgspec

from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.decisions_file import parse_decisions
from pipeline.document import Cause, Cleaned, Document, RetryLater, SkipDocument, Skipped, Source, Step
from pipeline.flow import assemble, with_archive, with_language
from pipeline.language.archive_statistics import ArchiveStatistics, unpack_statistics, with_duplicates
from pipeline.read.found_source import parts_found, read_found
from pipeline.read.kinds import FileKind
from pipeline.read.readers import PictureFiles, chosen_readers, pictures_inside
from pipeline.run.follow import NOTHING_DECIDED, follow_all
from pipeline.run.limits import bug_reason
from pipeline.run.tasks import Task, Unchanged
from pipeline.settings import Settings
from pipeline.store.decision_tables import DecisionRows
from pipeline.store.packing import unpack
from pipeline.store.rows import DocumentRow, document_row


def clean_source(task: Task) -> DocumentRow | Unchanged:
    """Return the outcome of one source as a row. Raises OSError and MemoryError, which the system causes."""
    path = task.found.path
    try:
        readers = chosen_readers(task.settings.plugins)
        source = read_found(Path(task.settings.raw), task.found, task.settings.max_bytes, readers)
    except SkipDocument as unfit:
        cause: Cause = "environment" if isinstance(unfit, RetryLater) else "document"
        return document_row(Skipped(path, "read", str(unfit), cause))
    sha256 = source.sha256
    if sha256 == task.known:
        return Unchanged()
    steps = _assembled(pickle.dumps(task.settings))
    if task.language:
        steps = with_language(steps, task.language)
    if task.archive:
        archive = _unpacked_archive(task.archive, task.statistics)
        steps = with_archive(steps, with_duplicates(archive, dict(task.duplicates)) if task.duplicates else archive)
    decisions = _unpacked_decisions(task.decisions, task.decided) if task.decisions else NOTHING_DECIDED
    outcome = follow_all(source, steps, readers, drafts=task.found.drafts, decisions=decisions)
    try:
        row = document_row(outcome, sha256, from_archive=task.archive is not None)
        if task.settings.plugins and isinstance(outcome, Cleaned):
            unpack(row.outcome, Document)  # a plugin may fill fields with values of other types
    except (ValueError, TypeError, OverflowError, msgspec.MsgspecError) as error:
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
    readers = chosen_readers(task.settings.plugins)
    try:
        source = read_found(Path(task.settings.raw), task.found, task.settings.max_bytes, readers)
    except SkipDocument:
        return {}
    return pictures_inside(source, readers)


def parts_of_source(task: Task) -> tuple[str, ...] | Skipped:
    """Return the names of the parts of a container; why it is skipped if it cannot be opened."""
    try:
        return parts_found(Path(task.settings.raw), task.found, chosen_readers(task.settings.plugins))
    except RetryLater as unfit:
        return Skipped(task.found.path, "read", str(unfit), "environment")
    except SkipDocument as unfit:
        return Skipped(task.found.path, "decode", str(unfit))


@functools.lru_cache(maxsize=1)
def _unpacked_archive(file: Path, statistics: str) -> ArchiveStatistics:  # noqa: ARG001 - the key of the cache
    return unpack_statistics(file.read_bytes())


@functools.lru_cache(maxsize=1)
def _unpacked_decisions(file: Path, digest: str) -> DecisionSet:  # noqa: ARG001 - the key of the cache
    return DecisionSet(parse_decisions(file.read_bytes()).decisions)


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
