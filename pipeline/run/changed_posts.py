"""raw/ -> the posts that may have changed since the last run, and the counts of the files that are not posts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.read.folder import FoundFile, scan_folder
from pipeline.read.found_source import MOST_CONTAINER_BYTES
from pipeline.read.kinds import COUNTED_AS, PASSED_OVER, FileKind, kind_of_name, suffix_of_name
from pipeline.read.posts import PostRules
from pipeline.read.readers import PARTS_ENDING, chosen_readers, container_of, container_suffixes, folder_of_parts
from pipeline.run.tasks import Task
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState

LANGUAGE_FACT = "language"  # the fact of the database with the main language of the archive, for short posts
PASSED_OVER_FACT = "passed over"  # the fact of the database with the counts of the last scan
KnownRow = tuple[str, str]  # stamp and flow of a document as it was last seen


@dataclass(slots=True)
class FoundContainers:
    """The containers of raw/, and the rows of documents that the last run found in them, by path."""

    found: list[FoundFile] = field(default_factory=list)
    known: dict[str, KnownRow] = field(default_factory=dict)


def changed_posts(settings: Settings, database: ArchiveState, containers: FoundContainers) -> Iterator[Task]:
    """Yield the posts of raw/ that may have changed; at the end, forget those that are gone.

    Files with many documents are added to `containers`, with the known documents in them. Then store how many files of
    each kind are not posts.
    """
    counts: Counter[str] = Counter()
    known, language = database.sources.known(), database.fact(LANGUAGE_FACT)
    suffixes = container_suffixes(chosen_readers(settings.plugins))
    for found in scan_folder(Path(settings.raw), post_rules(settings)):
        if found.passed_over:
            counts[found.passed_over] += 1
            continue
        name = found.name.rpartition("/")[2]
        kind = kind_of_name(name)
        if kind == FileKind.ZIPPED and found.size > MOST_CONTAINER_BYTES:
            counts[COUNTED_AS[kind]] += 1
            continue
        if not found.problem and suffix_of_name(name) in suffixes:
            containers.found.append(found)
            continue
        if task := _task_if_changed(settings, database, found, known, language):
            yield task
    paths = {found.name for found in containers.found}
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
    rules = post_rules(settings)
    for part in parts_of_containers(database, containers.found, rules):
        if any(fnmatchcase(part.name, pattern) for pattern in ignored):
            continue
        if task := _task_if_changed(settings, database, part, known, language):
            yield task
    database.forget(known)


def _task_if_changed(
    settings: Settings, database: ArchiveState, found: FoundFile, known: dict[str, KnownRow], language: str
) -> Task | None:
    """Return the task of a document if it may have changed, and take its row out of `known`."""
    stamp, flow = known.pop(found.name, ("", ""))
    outdated = flow != database.flow_of(found)
    if stamp and stamp == found.stamp and not outdated:
        return None
    return Task(settings, found, "" if outdated else database.sources.sha256(found.name), language=language)


def parts_of_containers(database: ArchiveState, containers: list[FoundFile], rules: PostRules) -> Iterator[FoundFile]:
    """Yield the parts of containers as the last run listed them, as if they were files.

    A part that says that it is a draft is none of the posts: the website did not show it. `include` takes it.
    """
    for found in containers:
        folder = folder_of_parts(found.path)
        for name in database.containers.parts(found.name):
            part = str(folder / name)
            yield found._replace(name=part, drafts=rules.included(part))


def post_rules(settings: Settings) -> PostRules:
    """Return the rules that say which files of raw/ are posts."""
    suffixes = {suffix for reader in chosen_readers(settings.plugins) for suffix in reader.suffixes}
    return PostRules(settings.include, settings.ignore, frozenset(suffixes))


def no_posts(database: ArchiveState) -> Counter[str]:
    """Return how many files of each kind were read and hold no posts: drafts, lists of links, files of other data."""
    listed = database.count("kind = 'draft' AND title = 'listing'")
    kinds = (kind_of_name(PurePosixPath(path).name) for path in database.containers.empty())
    counts = Counter[str](COUNTED_AS[kind] for kind in kinds if kind in COUNTED_AS)
    counts.update({FileKind.DRAFT: database.count("kind = 'draft'") - listed, FileKind.LISTING: listed})
    return counts


def passed_over(database: ArchiveState) -> tuple[tuple[str, int], ...]:
    """Return how many files of each kind are not posts; some are drafts by their front matter."""
    counts = Counter(json.loads(database.fact(PASSED_OVER_FACT) or "{}"))
    left_out = database.count("kind = 'draft' AND path IN (SELECT path FROM applied)")
    counts[FileKind.LEFT_OUT] += left_out
    counts.update(no_posts(database))
    counts[FileKind.DRAFT] -= left_out
    return tuple((kind, counts[kind]) for kind in PASSED_OVER if counts[kind])
