"""raw/ -> the posts that may have changed since the last run, and the counts of the files that are no posts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.read.folder import FoundFile, scan_folder
from pipeline.read.kinds import PASSED_OVER, FileKind, suffix_of_name
from pipeline.read.posts import PostRules
from pipeline.read.readers import PARTS_ENDING, chosen_readers, container_of, container_suffixes, folder_of_parts
from pipeline.run.tasks import Task
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState

LANGUAGE_FACT = "language"  # the fact of the database with the main language of the archive, for short posts
PASSED_OVER_FACT = "passed over"  # the fact of the database with the counts of the last scan
KnownRow = tuple[str, str, str]  # stamp, SHA-256 and flow of a document as it was last seen


@dataclass(slots=True)
class FoundContainers:
    """The containers of raw/, and the rows of documents that the last run found in them, by path."""

    found: list[FoundFile] = field(default_factory=list)
    known: dict[str, KnownRow] = field(default_factory=dict)


def changed_posts(settings: Settings, database: ArchiveState, containers: FoundContainers) -> Iterator[Task]:
    """Yield the posts of raw/ that may have changed; at the end, forget those that are gone.

    Files with many documents are added to `containers`, with the known documents in them. Then store how many files of
    each kind are no posts.
    """
    counts: Counter[str] = Counter()
    known, language = database.sources(), database.fact(LANGUAGE_FACT)
    suffixes = container_suffixes(chosen_readers(settings.plugins))
    for found in scan_folder(Path(settings.raw), post_rules(settings)):
        if found.passed_over:
            counts[found.passed_over] += 1
            continue
        if not found.problem and suffix_of_name(found.path.name) in suffixes:
            containers.found.append(found)
            continue
        yield from _task_if_changed(settings, database, found, known, language)
    paths = {str(found.path) for found in containers.found}
    for path in [*known] if paths else ():
        if path in paths or str(container_of(PurePosixPath(path))) in paths:
            containers.known[path] = known.pop(path)
    database.forget(known)
    database.learn(PASSED_OVER_FACT, json.dumps(counts))


def parts_to_clean(settings: Settings, database: ArchiveState, containers: FoundContainers) -> Iterator[Task]:
    """Yield the parts of containers that may have changed; at the end, forget those that are gone.

    A pattern of `ignore` names parts if it names a folder of parts: `crawl.warc.parts/ads.example.org/*`.
    """
    known, language = containers.known, database.fact(LANGUAGE_FACT)
    ignored = [one for one in settings.ignore if f"{PARTS_ENDING}/" in one]
    for part in parts_of_containers(database, containers.found):
        if any(fnmatchcase(str(part.path), pattern) for pattern in ignored):
            continue
        yield from _task_if_changed(settings, database, part, known, language)
    database.forget(known)


def _task_if_changed(
    settings: Settings, database: ArchiveState, found: FoundFile, known: dict[str, KnownRow], language: str
) -> Iterator[Task]:
    """Yield the task of a document that may have changed, and take its row out of `known`."""
    stamp, sha256, flow = known.pop(str(found.path), ("", "", ""))
    if flow != database.flow_of(found):
        stamp = sha256 = ""
    if not stamp or stamp != found.stamp:
        yield Task(settings, found, sha256, language=language)


def parts_of_containers(database: ArchiveState, containers: list[FoundFile]) -> Iterator[FoundFile]:
    """Yield the parts of containers as the last run listed them, as if they were files."""
    for found in containers:
        folder = folder_of_parts(found.path)
        for name in database.containers.parts(str(found.path)):
            yield replace(found, path=folder / name)


def post_rules(settings: Settings) -> PostRules:
    """Return the rules that say which files of raw/ are posts."""
    suffixes = {suffix for reader in chosen_readers(settings.plugins) for suffix in reader.suffixes}
    return PostRules(settings.include, settings.ignore, frozenset(suffixes))


def passed_over(database: ArchiveState) -> tuple[tuple[str, int], ...]:
    """Return how many files of each kind are no posts; some are drafts by their front matter."""
    counts = Counter(json.loads(database.fact(PASSED_OVER_FACT) or "{}"))
    left_out = database.count("kind = 'draft' AND path IN (SELECT path FROM applied)")
    counts[FileKind.LEFT_OUT] += left_out
    listed = database.count("kind = 'draft' AND title = 'listing'")
    counts[FileKind.LISTING] += listed
    counts[FileKind.DRAFT] += database.count("kind = 'draft'") - left_out - listed
    return tuple((kind, counts[kind]) for kind in PASSED_OVER if counts[kind])
