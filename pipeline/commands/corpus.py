"""Commands for files of text corpora: shard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.archive import engine_options
from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.inputs import FOLDER_TYPE, check_output
from pipeline.commands.messages import counted
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.run.shards import Shard


@click.command("shard")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=FOLDER_TYPE, required=True, help="Folder for documents, attributes and rejects.")
@click.option("--of", "of", type=click.IntRange(min=1), default=1, show_default=True, help="Number of parts of a file.")
@click.option("--part", type=click.IntRange(min=1), help="Repair this part alone, from 1. Default: all.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes. Default: the number of CPUs.")
@click.option("--duplicates", is_flag=True, help="Then list the rows that are duplicates of others.")
@engine_options
@json_option
def shard_command(
    files: tuple[Path, ...],
    output: Path,
    *,
    of: int,
    part: int | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401
) -> int:
    """Repair the column `text` of corpus FILES: JSON lines (.jsonl, .gz, .zst) and Parquet.

    A run that was stopped goes on where it stopped.
    """
    from pipeline.document import SkipDocument
    from pipeline.run.shard import ShardCounts
    from pipeline.run.shards import run_shards

    duplicates = given.pop("duplicates")
    if part and duplicates:
        message = "--duplicates needs all parts: leave --part out"
        raise click.UsageError(message)
    shards = _shards_of(files, output.absolute(), of, part)
    check_output(output)
    total, settings = ShardCounts(), settings_of(**given)
    try:
        for shard, counts in run_shards(shards, settings):
            of_part = f", part {shard.part.number} of {of}" if of > 1 else ""
            file = os.path.relpath(shard.file)
            if as_json:
                found = {"rows": counts.rows, "changed": counts.changed, "rejected": counts.rejected}
                echo_json({"file": file, "part": shard.part.number, **found})
            else:
                rows = f"{counted(counts.rows, 'row')}, {counts.changed} changed, {counts.rejected} rejected"
                click.echo(f"{file}{of_part}: {rows}")
            total += counts
    except SkipDocument as unfit:
        raise click.UsageError(str(unfit)) from unfit
    if duplicates:
        from pipeline.run.shard_duplicates import RESULT, find_shard_duplicates

        names = [shard.part.name_of(shard.file) for shard in shards]
        number = find_shard_duplicates(output.absolute(), names, settings)
        if as_json:
            echo_json({"file": RESULT, "duplicates": number})
        else:
            click.echo(f"{RESULT}: {counted(number, 'duplicate')}")
    return ExitCode.INCOMPLETE if total.rejected else ExitCode.DONE


def _shards_of(files: tuple[Path, ...], output: Path, of: int, part: int | None) -> list[Shard]:
    """Return the shards of each file: one part, else all `of` of them. Raises UsageError if two have the same name."""
    from pipeline.run.shard_files import ShardPart
    from pipeline.run.shards import Shard

    if part and part > of:
        message = f"there is no part {part} of {of}"
        raise click.UsageError(message)
    parts = [ShardPart(number, of) for number in ([part] if part else range(1, of + 1))]
    shards = [Shard(file.absolute(), output, one) for file in files for one in parts]
    if len({shard.part.name_of(shard.file) for shard in shards}) < len(shards):
        message = "two files have the same name; give each its own output folder"
        raise click.UsageError(message)
    return shards


COMMANDS = (shard_command,)
