"""Settings -> what the archive holds, and what changed in raw/ since the last run. Nothing is written."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.cache_key import cache_key
from pipeline.document import Skipped
from pipeline.read.folder import scan_folder
from pipeline.read.readers import container_of
from pipeline.run.changed_posts import no_posts, post_rules
from pipeline.settings import Settings
from pipeline.store.archive_state import DRAFTS_FLOW, ArchiveState
from pipeline.store.packing import digest_of_values
from pipeline.store.rows import ROW_VERSION
from pipeline.store.schema import DATABASE_FILE, VERSION


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """What the last run left, and what the next one would do. `state` says why the first is not known."""

    state: str = ""
    cleaned: int = 0
    duplicates: int = 0
    skipped: tuple[Skipped, ...] = ()
    open_items: int = 0  # inferred characters that nobody has decided on
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    outdated: int = 0  # posts cleaned with other settings, or by another version
    passed_over: tuple[tuple[str, int], ...] = ()  # how many files of raw/ of each kind are not posts

    @property
    def posts(self) -> int:
        """The number of posts of the last run."""
        return self.cleaned + self.duplicates + len(self.skipped)

    @property
    def to_clean(self) -> int:
        """The number of posts that the next run cleans."""
        return len(self.new) + len(self.changed) + self.outdated


def archive_status(settings: Settings) -> ArchiveStatus:
    """Return the status of an archive. Raises OSError if raw/ cannot be listed."""
    file = Path(settings.clean, DATABASE_FILE)
    try:
        with _state_to_read(file) as database:
            known = _by_file(database)
            last = ArchiveStatus(
                cleaned=database.count("kind = 'cleaned' AND duplicate_of IS NULL AND problem IS NULL"),
                duplicates=database.count("kind = 'cleaned' AND duplicate_of IS NOT NULL"),
                skipped=tuple(database.skipped()),
                open_items=database.decisions.counts()[1],
            )
            counts = no_posts(database)
    except sqlite3.Error as error:
        reason = "no run yet" if not file.exists() else f"the state cannot be read now ({error})"
        known, counts, last = {}, Counter(), ArchiveStatus(reason)
    return _with_changes(last, settings, known, counts)


def _by_file(database: ArchiveState) -> dict[str, tuple[str, str]]:
    """Return stamp and flow of every file as it was last seen, by path; a container is one file."""
    containers = database.containers.known()
    known = dict(containers)
    for path, row in database.sources.known().items():
        container = str(container_of(PurePosixPath(path))) if containers else ""
        if path not in containers and container not in containers:
            known[path] = row
    return known


def count_pending(settings: Settings, most: int) -> int:
    """Return how many posts the next run cleans; 0 if that is not known, or if the archive has more than `most`."""
    file = Path(settings.clean, DATABASE_FILE)
    if not Path(settings.raw).is_dir() or (file.exists() and file.stat().st_size > most * 1000):
        return 0
    return archive_status(settings).to_clean


@contextmanager
def _state_to_read(file: Path) -> Iterator[ArchiveState]:
    """Open the state of the last run to read it; a run may be at work. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
        database = ArchiveState(db, "")
        if database.fact("version") != VERSION:
            message = "written by another version of Lacuna"
            raise sqlite3.DatabaseError(message)
        yield database


def _with_changes(
    last: ArchiveStatus, settings: Settings, known: dict[str, tuple[str, str]], passed_over: Counter[str]
) -> ArchiveStatus:
    """Return the status with what changed in raw/ since the sources were last seen."""
    flow = digest_of_values(cache_key(settings), ROW_VERSION)
    new, changed, outdated = [], [], 0
    for found in scan_folder(Path(settings.raw), post_rules(settings)):
        if found.passed_over:
            passed_over[found.passed_over] += 1
            continue
        stamp, flow_then = known.pop(found.name, (None, ""))
        if stamp is None:
            new.append(found.name)
        elif stamp != found.stamp:
            changed.append(found.name)
        elif flow_then != flow + DRAFTS_FLOW * found.drafts:
            outdated += 1
    counts = tuple((kind, number) for kind, number in sorted(passed_over.items()) if number)
    return replace(
        last,
        new=tuple(new),
        changed=tuple(changed),
        deleted=tuple(sorted(known)),
        outdated=outdated,
        passed_over=counts,
    )
