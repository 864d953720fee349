"""Commands that explain what a run does: explain, steps."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.archive import settings_of
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode


@click.command()
@click.argument("name")
@click.option("--clean", metavar="DIR", help="Folder of the clean text. Default: clean.")
@json_option
def explain(name: str, clean: str | None, *, as_json: bool) -> int:
    """Show the changes made to one document.

    NAME is its path below raw/ or clean/, or a part of the path.
    """
    from pipeline.records.report_jsonl import explain_document, records_of_document

    folder = settings_of(clean=clean).clean
    file = Path(folder, "report.jsonl")
    if not file.exists():
        message = f"{file} does not exist; run `lacuna run` first"
        raise click.UsageError(message)
    with file.open("rb") as lines:
        found = records_of_document(lines, name)
    if not found:
        message = f"{file} has no document `{name}`; its `path` fields list the names"
        raise click.UsageError(message)
    if as_json:
        for record in found:
            echo_json(record)
    else:
        click.echo(explain_document(found, name, folder))
    return ExitCode.DONE


@click.command()
@json_option
def steps(*, as_json: bool) -> int:
    """List the steps in order, each with its invariants."""
    from pipeline.flow import assemble
    from pipeline.invariants import EXPLAINED

    for step in assemble(settings_of()):
        invariants = [invariant.name for invariant in (EXPLAINED, *step.invariants)]
        if as_json:
            echo_json({"name": step.name, "summary": step.summary, "invariants": invariants, "version": step.version})
        else:
            click.echo(f"{step.name:<10} {step.summary} [{', '.join(invariants)}]")
    return ExitCode.DONE


COMMANDS = (explain, steps)
