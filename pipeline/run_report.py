"""How a run ended: the counts of its outcomes, and the exit code they mean."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.document import Skipped
from pipeline.exits import ExitCode


@dataclass(frozen=True, slots=True)
class StageTime:
    """What a stage of a run took: seconds of wall time, CPU seconds of the main process and of work on documents."""

    name: str
    wall: float
    main: float
    workers: float


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended: counts of outcomes (report.jsonl lists them), and the files that changed or would change."""

    cleaned: int
    duplicates: int
    skipped: tuple[Skipped, ...]
    rolled_back: int  # documents for which a step was rolled back
    failed_books: tuple[str, ...]  # why collections could not be made
    incomplete: int  # documents whose books omit something; report.jsonl lists what
    written: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]  # copies of hand-edited files of clean/, saved before these were regenerated
    check: bool = False
    strict: bool = False
    passed_over: tuple[tuple[str, int], ...] = ()  # how many files of each kind are not posts
    obeyed: int = 0  # decisions that documents obey
    open_items: int = 0  # inferred characters that nobody has decided on
    outdated_decisions: tuple[str, ...] = ()  # that no longer apply, a sentence each
    decision_problems: tuple[str, ...] = ()  # lines of decisions.jsonl that are not obeyed
    stages: tuple[StageTime, ...] = field(default=(), compare=False)
    slowest: tuple[tuple[str, float], ...] = field(default=(), compare=False)  # CPU seconds of cleaning, by path

    @property
    def found(self) -> int:
        """The number of sources: the sum of the three outcomes."""
        return self.cleaned + self.duplicates + len(self.skipped)

    @property
    def exit_code(self) -> ExitCode:
        """FOUND for changes in a check, INCOMPLETE for skipped documents (if `strict`: or rolled back), else DONE."""
        changes = self.check and (self.written or self.removed)
        incomplete = self.skipped or self.failed_books or (self.strict and self.rolled_back)
        return ExitCode.FOUND if changes else ExitCode.INCOMPLETE if incomplete else ExitCode.DONE
