"""Pictures inside sources (saved pages, e-books, office documents) -> files next to the clean files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from pipeline.document import Cleaned, Document
from pipeline.read.below import stat_below
from pipeline.read.folder import FoundFile, source_stamp
from pipeline.read.found_source import file_of_post
from pipeline.read.pictures import local_images
from pipeline.read.readers import folder_of_pictures
from pipeline.run.limits import Limits, NoResult
from pipeline.run.pool import run_each, worker_count
from pipeline.run.tasks import Task
from pipeline.run.worker import pictures_of_source
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.file_names import is_safe_folder
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values


def write_inner_pictures(
    settings: Settings, database: ArchiveState, ledger: OutputLedger, changed: Iterable[str]
) -> None:
    """Write the pictures inside the sources of `changed` that are missing or outdated; workers take them out."""
    clean = Path(settings.clean)
    wanted: dict[PurePosixPath, list[tuple[Path, str]]] = {}
    for changed_path in changed:
        shows_pictures = database.pictures.of(PurePosixPath(changed_path))
        found = database.named_outcome(changed_path, problems=False) if shows_pictures else None
        if found is None:
            continue
        outcome, name, digest = found
        if isinstance(outcome, Cleaned):
            place = clean / PurePosixPath(name).parent
            for file in _inner_files(outcome.document):
                path, key = place / file, digest_of_values(digest, file)
                if not ledger.fresh(path, key):
                    wanted.setdefault(outcome.path, []).append((path, key))
    with ledger.scratch() as scratch:
        limits = Limits(settings.max_seconds, scratch)
        tasks = _tasks(settings, wanted)
        with closing(run_each(pictures_of_source, tasks, worker_count(settings), limits)) as results:
            for task, result in results:
                pictures = {} if isinstance(result, NoResult) else result
                for path, key in wanted[task.found.path]:
                    if data := pictures.get(path.name):
                        ledger.put(path, key, data, task.found.name)


def _inner_files(document: Document) -> list[str]:
    """Return the pictures inside its source that a document shows, as `page.html.files/1.png`."""
    folder = folder_of_pictures(document.path)
    if not is_safe_folder(folder):
        return []
    files = {normpath(unquote(written)) for written in local_images(document)}
    return sorted(file for file in files if file.startswith(f"{folder}/") and file.count("/") == 1)


def _tasks(settings: Settings, wanted: dict[PurePosixPath, list[tuple[Path, str]]]) -> Iterator[Task]:
    for path in wanted:
        try:
            state = stat_below(Path(settings.raw), file_of_post(Path(settings.raw), path))
        except OSError:  # removed since; the next run forgets it
            continue
        yield Task(settings, FoundFile(str(path), state.st_size, source_stamp(state)))
