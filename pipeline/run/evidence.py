"""The archive -> what helps to repair its damaged documents: statistics of a sample, and likely duplicates of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.flow import CHARACTER_STEPS
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


def outdated_inferences(settings: Settings, database: ArchiveState, file: Path) -> Iterator[Task]:
    """Yield the damaged documents whose evidence changed, to be cleaned again; the statistics are in `file`.

    The evidence of a document are the sample of the archive, and those likely duplicates that are not in the sample.
    The result depends on the documents of the archive only, never on the order of changes.
    """
    sample = database.samples.sample(MOST_ARCHIVE_CHARACTERS)
    known, sampled = set(sample), digest_of_values(sample)
    for path, stamp, flow, evidence in database.samples.damaged():
        more = [one for one in database.samples.likely_duplicates(str(path)) if one not in known]
        now = digest_of_values(sampled, more) if more else sampled
        if now != evidence:
            found = FoundFile(path, int(stamp.partition(" ")[0]), stamp, drafts=flow.endswith(DRAFTS_FLOW))
            duplicates = tuple(_texts_of(database, more).items())
            yield Task(settings, found, archive=file, evidence=now, statistics=sampled, duplicates=duplicates)


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
