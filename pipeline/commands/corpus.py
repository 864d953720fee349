"""Commands for files of text corpora: shard."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.archive import counted, settings_of
from pipeline.commands.inputs import FOLDER_TYPE, check_output
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode


@click.command("shard")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=FOLDER_TYPE, required=True, help="Folder for documents, attributes and rejects.")
@click.option("--of", "of", type=click.IntRange(min=1), default=1, show_default=True, help="Number of parts.")
@click.option("--part", type=click.IntRange(min=1), default=1, show_default=True, help="The part to repair, from 1.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes. Default: the number of CPUs.")
@json_option
def shard_command(  # noqa: PLR0913 - one argument for each option
    files: tuple[Path, ...], output: Path, *, of: int, part: int, jobs: int | None, as_json: bool
) -> int:
    """Repair the column `text` of corpus FILES: JSON lines (.jsonl, .gz, .zst) and Parquet.

    A run that was stopped goes on where it stopped.
    """
    from pipeline.document import SkipDocument
    from pipeline.run.pool import worker_count
    from pipeline.run.shard import ShardCounts, run_shard
    from pipeline.run.shard_files import ShardPart

    if part > of:
        message = f"there is no part {part} of {of}"
        raise click.UsageError(message)
    chosen = ShardPart(part, of)
    names = [chosen.name_of(file) for file in files]
    if len(set(names)) < len(names):
        message = "two files have the same name; give each its own output folder"
        raise click.UsageError(message)
    check_output(output)
    total = ShardCounts()
    for file in files:
        try:
            counts = run_shard(file, output, chosen, worker_count(settings_of(jobs=jobs)))
        except SkipDocument as unfit:
            raise click.UsageError(str(unfit)) from unfit
        if as_json:
            echo_json({"file": str(file), "rows": counts.rows, "changed": counts.changed, "rejected": counts.rejected})
        else:
            click.echo(f"{file}: {counted(counts.rows, 'row')}, {counts.changed} changed, {counts.rejected} rejected")
        total += counts
    return ExitCode.INCOMPLETE if total.rejected else ExitCode.DONE


COMMANDS = (shard_command,)
