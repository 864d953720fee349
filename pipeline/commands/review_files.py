"""Open items -> lines of JSON or a CSV file; a CSV file that a person filled in -> decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import echo_json
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.decisions import OpenItem, OpenItems

PAGE_SIZE = 200  # items that are read at once


def print_items(items: OpenItems, filters: Mapping[str, Any]) -> int:
    """Print the open items that pass the filters, one JSON object per line."""
    for item in all_items(items, filters):
        echo_json(item)
    return ExitCode.DONE


def export_items(items: OpenItems, target: Path, filters: Mapping[str, Any], *, as_json: bool) -> int:
    """Write the open items that pass the filters to a CSV file."""
    from pipeline.records.review_table import csv_of_items
    from pipeline.store.atomic import remove_partial_files, write_atomically

    listed = list(all_items(items, filters))
    folder = target.absolute().parent
    try:
        write_atomically(folder, target.absolute(), csv_of_items(listed))
    finally:
        remove_partial_files(folder)
    if as_json:
        echo_json({"written": str(target), "open_items": len(listed)})
    else:
        click.echo(f"{on_one_line(str(target))}: {counted(len(listed), 'open item')}; fill in the column `decision`")
    return ExitCode.DONE


def import_decisions(items: OpenItems, table: Path, file: Path, *, as_json: bool) -> int:
    """Take the decisions from a CSV file that `export_items` wrote, and append them to `file`."""
    from pipeline.decisions import append_decisions
    from pipeline.records.review_table import decisions_of_csv

    decisions, problems = decisions_of_csv(table.read_bytes(), items)
    append_decisions(file, decisions)
    code = ExitCode.INCOMPLETE if problems else ExitCode.DONE
    if as_json:
        echo_json({"written": str(file), "decisions": len(decisions), "problems": problems})
        return code
    for problem in problems:
        click.echo(f"{on_one_line(str(table))}: {on_one_line(problem)}", err=True)
    click.echo(
        f"{counted(len(decisions), 'decision')} saved in {on_one_line(str(file))}; run `lacuna run` to obey them"
    )
    return code


def all_items(items: OpenItems, filters: Mapping[str, Any]) -> Iterator[OpenItem]:
    """Yield all open items, page by page; those that are decided meanwhile are left out."""
    start = ""
    while True:
        page = items.page(start, size=PAGE_SIZE, **filters)
        yield from (item for item in page.items if items.is_open(item))
        start = page.next
        if not start:
            return
