"""Files with many documents, as WARC and EPUB -> the names of their parts in the state."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pipeline.document import Skipped
from pipeline.read.folder import FoundFile
from pipeline.read.readers import folder_of_parts
from pipeline.run.changed_posts import FoundContainers
from pipeline.run.summary import RunContext
from pipeline.run.tasks import Task
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState

BLOCKED = (
    "holds several documents, and a real folder has the name of the one for them, which ends in `.parts`; rename it"
)


def open_containers(run: RunContext, containers: FoundContainers) -> bool:
    """Store the names of the parts of containers that changed; one that cannot be opened is skipped.

    Forget those that are gone. Return whether the system failed one.
    """
    database = run.database
    listed = database.containers.known()
    changed, failed = [], False
    for found in containers.found:
        containers.known.pop(found.name, None)
        before = listed.pop(found.name, None)
        if is_blocked(run.settings, found):
            _skip(database, Skipped(found.path, "read", BLOCKED), found)
        elif before != (found.stamp, database.flow_of(found)):
            changed.append(found)
    database.containers.forget(listed)
    if not changed:
        return failed
    from pipeline.run import worker  # noqa: PLC0415 - a run without changes reads nothing
    from pipeline.run.limits import Limits  # noqa: PLC0415 - the same

    with run.ledger.scratch() as scratch:
        tasks = (Task(run.settings, found) for found in changed)
        limits = Limits(run.settings.max_seconds, scratch)
        with closing(run.engine.run_each(worker.parts_of_source, tasks, limits)) as results:
            for task, result in results:
                found = task.found
                if isinstance(result, tuple):
                    database.containers.put(found.name, found.stamp, database.flow_of(found), result)
                    database.forget([found.name])
                    continue
                skipped = (
                    result if isinstance(result, Skipped) else Skipped(found.path, "read", result.reason, result.cause)
                )
                failed |= skipped.cause == "environment"
                _skip(database, skipped, found)
    return failed


def _skip(database: ArchiveState, skipped: Skipped, found: FoundFile) -> None:
    """Store that a container cannot be opened."""
    from pipeline.store.rows import document_row  # noqa: PLC0415 - the same

    database.put(found, document_row(skipped))
    database.containers.put(found.name, found.stamp if skipped.lasting else "", database.flow_of(found), ())


def is_blocked(settings: Settings, found: FoundFile) -> bool:
    """Return whether a real folder has the name of the folder of a container's parts."""
    return Path(settings.raw, folder_of_parts(found.path)).exists()
