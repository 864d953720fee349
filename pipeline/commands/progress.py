"""What a run does -> one moving line on a terminal: `cleaning [12/30] notes/ja.md 0:41 left`."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from pipeline.commands.messages import on_one_line
from pipeline.commands.options import global_options

if TYPE_CHECKING:
    from pipeline.run.summary import Progress
    from pipeline.settings import Settings

MOST_COUNTED = 100_000  # posts: to count more before a run would take over a second
CLEAR_LINE = "\r\x1b[K"  # ECMA-48: to the first column, erase in line
SECONDS_SHOWN = 0.1  # seconds
ESTIMATE_AFTER = 2  # seconds of a stage: an earlier estimate would jump


@contextmanager
def run_progress(settings: Settings) -> Iterator[Progress]:
    """Yield a function that shows a stage and a document.

    A terminal gets one line that moves, `--verbose` a line for each document, anything else nothing.
    """
    options = global_options()
    if options.verbose:
        yield lambda stage, name: click.echo(f"{stage}: {on_one_line(name)}", err=True)
    elif options.quiet or not options.progress or not sys.stderr.isatty():
        yield lambda _stage, _name: None
    else:
        from pipeline.run.status import count_pending

        shown = MovingLine(sys.stderr)
        try:
            shown.put("scanning the archive", 0.0)
            line = ProgressLine(count_pending(settings, MOST_COUNTED), time.monotonic)
            yield lambda stage, name: shown.put(line.after(stage, on_one_line(name)), time.monotonic())
        finally:
            shown.clear()


class MovingLine:
    """A line on a terminal in the place of the one before."""

    def __init__(self, terminal: TextIO) -> None:
        """Write to a terminal."""
        self.terminal, self.next = terminal, 0.0

    def put(self, text: str, now: float) -> None:
        """Show a text, cut off at the width of the terminal; some of those that follow too fast are left out."""
        if now < self.next:
            return
        from pipeline.commands.review_screen import cut

        self.next = now + SECONDS_SHOWN
        self.terminal.write(f"{CLEAR_LINE}{cut(text, shutil.get_terminal_size().columns - 1)}")
        self.terminal.flush()

    def clear(self) -> None:
        """Remove the line."""
        self.terminal.write(CLEAR_LINE)
        self.terminal.flush()


class ProgressLine:
    """Counts the documents of each stage of a run.

    Books are made of the posts that were cleaned, so both stages have the same number of documents, `total`. A stage
    with more shows no total: others may be outdated too.
    """

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        """Start with no stage; `total` is 0 if it is unknown, and `clock` returns seconds."""
        self.total, self.clock = total, clock
        self.stage, self.done, self.started = "", 0, 0.0

    def after(self, stage: str, name: str) -> str:
        """Return the line after another document of a stage.

        >>> seconds = iter((0.0, 10.0, 20.0))
        >>> line = ProgressLine(3, lambda: next(seconds))
        >>> line.after("cleaning", "a.md"), line.after("cleaning", "ja.md")
        ('cleaning [1/3] a.md', 'cleaning [2/3] ja.md 0:10 left')
        """
        if stage != self.stage:
            self.stage, self.done, self.started = stage, 0, self.clock()
        self.done += 1
        if self.done > self.total or stage == "re-checking":
            return f"{stage} [{self.done}] {name}"
        passed = self.clock() - self.started if self.done > 1 else 0.0
        left = passed / max(1, self.done - 1) * (self.total - self.done)
        shown = f" {int(left) // 60}:{int(left) % 60:02} left" if passed >= ESTIMATE_AFTER else ""
        return f"{stage} [{self.done}/{self.total}] {name}{shown}"
