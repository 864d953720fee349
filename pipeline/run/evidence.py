"""The archive -> its statistics and main language, which help to clean damaged and short documents.

A damaged document gets the statistics of a sample, and its likely duplicates; a short one the main language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipeline.flow import CHARACTER_STEPS, LANGUAGE
from pipeline.language.archive_statistics import (
    MOST_ARCHIVE_CHARACTERS,
    NO_STATISTICS,
    pack_statistics,
    statistics_of,
    unpack_statistics,
)
from pipeline.read.folder import FoundFile
from pipeline.run.tasks import Task
from pipeline.settings import Settings
from pipeline.store.archive_state import DRAFTS_FLOW, ArchiveState
from pipeline.store.atomic import write_atomically
from pipeline.store.packing import digest_of_values
from pipeline.store.sample_tables import SampledDocument

FEWEST_POSTS = 3  # posts in the main language of an archive
LEAST_SHARE_OF_POSTS = 0.6  # of the posts with a known language


def main_language(settings: Settings, database: ArchiveState) -> str:
    """Return the language of most posts that are long enough to know it; empty if none has a clear majority.

    It is empty, too, where the settings name the language of short posts.
    """
    if LANGUAGE in settings.steps.get("describe", {}):
        return ""
    counts = {tag: number for tag, number in database.samples.language_counts().items() if tag}
    most = max(counts, key=lambda tag: (counts[tag], tag), default="")
    enough = most and counts[most] >= max(FEWEST_POSTS, LEAST_SHARE_OF_POSTS * sum(counts.values()))
    return most if enough else ""


def outdated_short_posts(settings: Settings, database: ArchiveState, language: str) -> Iterator[Task]:
    """Yield the posts, too short to know their language, that were cleaned with another main language."""
    for path, stamp, flow in database.samples.outdated_short(language, inferred=False):
        yield Task(settings, _file_of_row(path, stamp, flow), language=language)


def outdated_inferences(settings: Settings, database: ArchiveState, file: Path, language: str) -> Iterator[Task]:
    """Yield the damaged documents whose evidence changed, to be cleaned again; the statistics are in `file`.

    The evidence of a document are the sample of the archive, and those likely duplicates that are not in the sample.
    The result depends on the documents of the archive only, never on the order of changes.
    """
    sample = database.samples.sample(MOST_ARCHIVE_CHARACTERS)
    known, sampled = set(sample), digest_of_values(sample)
    short = {path for path, *_ in database.samples.outdated_short(language, inferred=True)}
    for path, stamp, flow, evidence in database.samples.damaged():
        more = [one for one in database.samples.likely_duplicates(str(path)) if one not in known]
        now = digest_of_values(sampled, more) if more else sampled
        if now != evidence or path in short:
            duplicates = tuple(_texts_of(database, more).items())
            task = Task(settings, _file_of_row(path, stamp, flow), language=language)
            yield replace(task, archive=file, evidence=now, statistics=sampled, duplicates=duplicates)


def _file_of_row(path: PurePosixPath, stamp: str, flow: str) -> FoundFile:
    return FoundFile(str(path), int(stamp.partition(" ")[0]), stamp, drafts=flow.endswith(DRAFTS_FLOW))


def write_statistics(database: ArchiveState, file: Path, old: Path) -> None:
    """Write the statistics of the sample to `file`; those in the file `old` are updated."""
    before = unpack_statistics(old.read_bytes()) if old.is_file() else NO_STATISTICS
    texts = _texts_of(database, database.samples.sample(MOST_ARCHIVE_CHARACTERS))
    write_atomically(file.parent, file, pack_statistics(statistics_of(texts, before)))


def _texts_of(database: ArchiveState, chosen: Sequence[SampledDocument]) -> Mapping[str, str]:
    """Return the texts of documents by path.

    The changes of the Markdown steps are undone: a damaged copy has not passed them either.
    """
    return {str(one.path): one.text_after(CHARACTER_STEPS) for one in database.samples.documents(chosen)}
