"""The command that shows what an archive holds and what changed: status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.chosen_settings import archive_settings, settings_file
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.run.status import ArchiveStatus

MOST_LISTED_NAMES = 10  # names of each kind; --json has all


@click.command("status")
@json_option
def status_command(*, as_json: bool) -> int:
    """Show what the archive holds, and what changed since the last run.

    Nothing is written.
    """
    from pipeline.run.folders import check_raw
    from pipeline.run.status import archive_status

    settings = archive_settings()
    check_raw(Path(settings.raw))
    status, file = archive_status(settings), settings_file()[0]
    if as_json:
        import msgspec

        record = msgspec.to_builtins(status) | {
            "folder": str(Path.cwd()),
            "settings": str(file or ""),
            "posts": status.posts,
            "skipped": [{"path": str(one.path), "reason": one.reason} for one in status.skipped],
            "passed_over": dict(status.passed_over),
        }
        echo_json(record)
        return ExitCode.DONE
    click.echo(f"archive: {on_one_line(str(Path.cwd()))} ({file.name if file else 'no settings file'})")
    for line in _status_lines(status):
        click.echo(on_one_line(line))
    return ExitCode.DONE


def _status_lines(status: ArchiveStatus) -> list[str]:
    from pipeline.read.kinds import passed_over_in_words

    held = f"{counted(status.posts, 'post')}: {status.cleaned} cleaned, {counted(status.duplicates, 'duplicate')}, "
    lines = [f"last run: {status.state or f'{held}{len(status.skipped)} skipped'}"]
    lines += _listed("skipped", [f"{one.path}: {one.reason}" for one in status.skipped])
    for verb, names in (("new", status.new), ("changed", status.changed), ("deleted", status.deleted)):
        lines += _listed(verb, names)
    if status.open_items:
        lines.append(f"open to decide: {counted(status.open_items, 'inferred text')}; run `lacuna review`")
    if status.outdated:
        lines.append(f"outdated: {counted(status.outdated, 'post')}, cleaned with other settings or another version")
    if status.passed_over:
        lines.append(f"passed over: {passed_over_in_words(dict(status.passed_over))}")
    to_do = status.to_clean or status.deleted
    lines.append("next: lacuna run" if to_do else "nothing changed since the last run")
    return lines


def _listed(kind: str, names: tuple[str, ...] | list[str]) -> list[str]:
    """Return a line for each of the first names, then how many more there are."""
    more = [f"{kind}: {len(names) - MOST_LISTED_NAMES:,} more"] if len(names) > MOST_LISTED_NAMES else []
    return [f"{kind}: {name}" for name in names[:MOST_LISTED_NAMES]] + more


COMMANDS = (status_command,)
