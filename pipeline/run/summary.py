"""The state -> how a run ended. A run without changes imports this module and no step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pipeline.run.changed_posts import passed_over
from pipeline.run.decided_posts import PROBLEMS_FACT, outdated_in_words
from pipeline.run.engines import Engine
from pipeline.run.stopwatch import Stopwatch
from pipeline.run_report import RunReport
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.output_ledger import OutputLedger

BOOK = "archive"  # the name of the archive's book, and of the folder with its volumes
POSTS = "posts"  # the folder of the books of single posts
EDITIONS = "editions"  # the folder of the collections that the settings name
CATALOGUE = "opds"  # the folder of the feeds, below out/
BOOK_PREFIXES = (f"{BOOK}.", f"{BOOK}/", f"{POSTS}/", f"{EDITIONS}/")  # of the names of all books, below out/
Progress = Callable[[str, str], None]  # stage, name


class RunContext(NamedTuple):
    """What a run works with. `progress(stage, name)` is called for each document and book.

    With `leave_books`, the books stay as they are, even if their posts changed.
    """

    settings: Settings
    database: ArchiveState
    ledger: OutputLedger
    progress: Progress
    leave_books: bool
    engine: Engine
    watch: Stopwatch


def report_of(
    database: ArchiveState, ledger: OutputLedger, out: Path, *, books: bool, strict: bool = False
) -> RunReport:
    """Return the counts of the run so far; without `books`, problems of the books in `out` do not count."""
    return RunReport(
        cleaned=database.count("kind = 'cleaned' AND duplicate_of IS NULL AND problem IS NULL"),
        duplicates=database.count("kind = 'cleaned' AND duplicate_of IS NOT NULL"),
        skipped=tuple(database.skipped()),
        rolled_back=database.count("rolled_back"),
        failed_books=tuple(failed_books(ledger, out)) if books else (),
        incomplete=database.chapters.incomplete() if books else 0,
        written=tuple(ledger.written),
        removed=tuple(ledger.removed),
        edited=tuple(ledger.edited),
        check=ledger.check,
        strict=strict,
        passed_over=passed_over(database),
        obeyed=database.decisions.counts()[0],
        open_items=database.decisions.counts()[1],
        outdated_decisions=outdated_in_words(database),
        decision_problems=tuple(json.loads(database.fact(PROBLEMS_FACT) or "[]")),
    )


def failed_books(ledger: OutputLedger, out: Path) -> list[str]:
    """Return the reasons why collections could not be made."""
    root, _ = ledger.place(out / "x")
    collected = (f"{BOOK}.", f"{BOOK}/", f"{EDITIONS}/")
    return list(dict.fromkeys(problem for name, _, problem in ledger.rows.problems(root) if name.startswith(collected)))
