"""The command that runs again and again: watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.archive import folders, print_summary, run_once, settings_of, shown

if TYPE_CHECKING:
    from pipeline.settings import Settings

LONGEST_PAUSE = 32  # times --wait: how long `watch` waits after a failed run at most


@click.command()
@folders
@click.option(
    "--wait",
    default=1600,
    type=click.IntRange(min=1),
    show_default=True,
    metavar="MS",
    help="Milliseconds of quiet before a run starts.",
)
def watch(*, no_editions: bool, wait: int, **given: Any) -> int:  # noqa: ANN401
    """Run, and run again whenever RAW changes, until interrupted."""
    from pipeline.commands.folder_changes import changes

    settings = settings_of(**given)
    if not Path(settings.raw).is_dir():
        message = f"raw: there is no folder `{settings.raw}`; name the one your posts are in"
        raise click.UsageError(message)
    started = due = False
    failures = pause = 0
    told = ""
    for changed in changes(settings.raw, wait):
        due = due or changed
        pause = 0 if changed else max(0, pause - 1)
        if not due or pause:
            continue
        problem = _tried(settings, books=not no_editions)
        if problem and problem != told:
            click.echo(f"lacuna: {shown(problem)}; waiting", err=True)
        if not started:
            click.echo(f"watching {settings.raw}; stop with Ctrl-C")
        started, due, told = True, bool(problem), problem
        failures = failures + 1 if problem else 0
        pause = min(2**failures, LONGEST_PAUSE)
    return 0


def _tried(settings: Settings, *, books: bool) -> str:
    """Run once and print the summary; return what was in the way, empty if nothing was."""
    from pipeline.run.incremental import STATE, Locked
    from pipeline.settings import SettingsError

    raw = Path(settings.raw)
    try:
        if not any(raw.iterdir()) and Path(settings.clean, STATE).exists():
            return f"{raw} is empty; if all posts were deleted, `lacuna run` removes what was made of them"
        print_summary(run_once(settings, leave_books=not books), settings, books=books, as_json=False)
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
