"""The command `explain`: what happened to one document, and why."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.archive import settings_of
from pipeline.exits import ExitCode


@click.command()
@click.argument("name")
@click.option("--clean", metavar="DIR", help="Folder of the clean text. Default: clean.")
@click.option("--step", metavar="STEP", help="Only the changes and notes of this step.")
@click.option("--json", "as_json", is_flag=True, help="Print the line of report.jsonl.")
def explain(name: str, clean: str | None, step: str | None, *, as_json: bool) -> int:
    """Show the changes made to one document: a summary, the repairs, then formatting.

    NAME is its path below raw/ or clean/, or a part of the path that fits one document.
    """
    from pipeline.flow import assemble
    from pipeline.records.explanation import AmbiguousName, find_record, of_step, record_in_words
    from pipeline.records.report_jsonl import json_line
    from pipeline.settings import suggestion

    settings = settings_of(clean=clean)
    known = ("decode", *(one.name for one in assemble(settings)))
    if step and step not in known:
        message = f"no step `{step}`" + suggestion(step, known)
        raise click.UsageError(message)
    file = Path(settings.clean, "report.jsonl")
    if not file.exists():
        message = f"{file} does not exist; run `lacuna run` first"
        raise click.UsageError(message)
    with file.open("rb") as lines:
        try:
            record = find_record(lines, name)
        except AmbiguousName as ambiguous:
            raise click.UsageError(str(ambiguous)) from ambiguous
    if record is None:
        message = f"{file} has no document `{name}`; its `path` fields list the names"
        raise click.UsageError(message)
    record = of_step(record, step) if step else record
    click.echo(json_line(record).decode().rstrip() if as_json else record_in_words(record, settings.clean))
    return ExitCode.DONE


COMMANDS = (explain,)
