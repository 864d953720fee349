"""Commands that explain what a run does: explain, steps."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.last_run import check_exists
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode


@click.command()
@click.argument("name")
@click.option("--clean", metavar="DIR", help="Folder of the clean text. Default: clean.")
@click.option("--step", metavar="STEP", help="Only the changes and notes of this step.")
@json_option
def explain(name: str, clean: str | None, step: str | None, *, as_json: bool) -> int:
    """Show the changes made to one document: a summary, the repairs, then formatting.

    NAME is its path below raw/ or clean/, or a part of the path that fits one document.
    """
    from pipeline.flow import assemble
    from pipeline.records.explanation import AmbiguousName, find_record, of_step, record_in_words
    from pipeline.settings import suggestion

    settings = settings_of(clean=clean)
    known = ("decode", *(one.name for one in assemble(settings)))
    if step and step not in known:
        message = f"no step `{step}`" + suggestion(step, known)
        raise click.UsageError(message)
    file = Path(settings.clean, "report.jsonl")
    check_exists(file)
    with file.open("rb") as lines:
        try:
            record = find_record(lines, name)
        except AmbiguousName as ambiguous:
            raise click.UsageError(str(ambiguous)) from ambiguous
    if record is None:
        message = f"{file} has no document `{name}`; give a path below raw/, or a part of one"
        raise click.UsageError(message)
    record = of_step(record, step) if step else record
    if as_json:
        echo_json(record)
    else:
        click.echo(record_in_words(record, settings.clean))
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
