"""raw/ -> the posts that may have changed since the last run, and the counts of the files that are no posts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.read.folder import scan_folder
from pipeline.read.kinds import PASSED_OVER, FileKind
from pipeline.read.posts import PostRules
from pipeline.run.tasks import Task
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState

LANGUAGE_FACT = "language"  # the fact of the database with the main language of the archive, for short posts
PASSED_OVER_FACT = "passed over"  # the fact of the database with the counts of the last scan


def changed_posts(settings: Settings, database: ArchiveState) -> Iterator[Task]:
    """Yield the posts of raw/ that may have changed; at the end, forget those that are gone.

    Then store how many files of each kind are no posts.
    """
    counts: Counter[str] = Counter()
    known, language = database.sources(), database.fact(LANGUAGE_FACT)
    for found in scan_folder(Path(settings.raw), post_rules(settings)):
        if found.passed_over:
            counts[found.passed_over] += 1
            continue
        stamp, sha256, flow = known.pop(str(found.path), ("", "", ""))
        if flow != database.flow_of(found):
            stamp = sha256 = ""
        if not stamp or stamp != found.stamp:
            yield Task(settings, found, sha256, language=language)
    database.forget(known)
    database.learn(PASSED_OVER_FACT, json.dumps(counts))


def post_rules(settings: Settings) -> PostRules:
    """Return the rules that say which files of raw/ are posts."""
    if not settings.plugins:
        return PostRules(settings.include, settings.ignore)
    from pipeline.read.readers import chosen_readers  # noqa: PLC0415 - few archives need other readers

    suffixes = {suffix for reader in chosen_readers(settings.plugins) for suffix in reader.suffixes}
    return PostRules(settings.include, settings.ignore, frozenset(suffixes))


def passed_over(database: ArchiveState) -> tuple[tuple[str, int], ...]:
    """Return how many files of each kind are no posts; some are drafts by their front matter."""
    counts = Counter(json.loads(database.fact(PASSED_OVER_FACT) or "{}"))
    left_out = database.count("kind = 'draft' AND path IN (SELECT path FROM applied)")
    counts[FileKind.LEFT_OUT] += left_out
    counts[FileKind.DRAFT] += database.count("kind = 'draft'") - left_out
    return tuple((kind, counts[kind]) for kind in PASSED_OVER if counts[kind])
