"""The command that runs whenever raw/ changes: watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.archive import archive_options, print_summary, run_with_progress
from pipeline.commands.chosen_settings import archive_settings
from pipeline.commands.messages import on_one_line
from pipeline.commands.options import say
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.settings import Settings

LONGEST_PAUSE = 32  # times --wait: the longest pause after a failed run


@click.command()
@archive_options
@click.option(
    "--wait",
    default=1600,
    type=click.IntRange(min=1),
    show_default=True,
    metavar="MS",
    help="Start a run this many milliseconds after the last change.",
)
def watch(*, no_editions: bool, wait: int, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Run whenever RAW changes, until interrupted."""
    from pipeline.commands.folder_changes import folder_changes
    from pipeline.run.folders import check_raw

    settings = archive_settings(**given)
    check_raw(Path(settings.raw))
    started = due = False
    failures = pause = 0
    shown_before = ""
    for changed in folder_changes(settings.raw, wait):
        due = due or changed
        pause = 0 if changed else max(0, pause - 1)
        if not due or pause:
            continue
        problem = _tried(settings, books=not no_editions, as_json=as_json)
        if problem and problem != shown_before:
            click.echo(f"lacuna: {on_one_line(problem)}; waiting", err=True)
        if not started:
            say(f"watching {settings.raw}; stop with Ctrl-C", err=as_json)
        started, due, shown_before = True, bool(problem), problem
        failures = failures + 1 if problem else 0
        pause = min(2**failures, LONGEST_PAUSE)
    return ExitCode.DONE


def _tried(settings: Settings, *, books: bool, as_json: bool) -> str:
    """Run once and print the summary; return the problem that prevented it, or an empty string."""
    from pipeline.run.folders import Locked
    from pipeline.settings import SettingsError
    from pipeline.store.schema import DATABASE_FILE

    raw = Path(settings.raw)
    try:
        if not any(raw.iterdir()) and Path(settings.clean, DATABASE_FILE).exists():
            return f"{raw} is empty; if you deleted all posts, `lacuna run` removes their outputs"
        print_summary(run_with_progress(settings, leave_books=not books), settings, books=books, as_json=as_json)
    except Locked as busy:
        return str(busy)
    except OSError as error:
        return f"{error.filename or 'the system'}: {error.strerror or error}"
    except SettingsError as error:
        if raw.is_dir():
            raise
        return str(error)
    return ""


COMMANDS = (watch,)
