"""The command that adds the posts of a year as a book: `yearbook`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.archive import print_summary, run_with_progress
from pipeline.commands.chosen_settings import archive_settings, settings_file, settings_of
from pipeline.commands.options import json_option
from pipeline.extras import require


@click.command()
@click.argument("year", type=click.IntRange(1900, 2099))
@click.option("--title", help="Title of the book. Default: the `title` of the settings, and the year.")
@json_option
def yearbook(year: int, title: str | None, *, as_json: bool) -> int:
    """Make a book of the posts of YEAR.

    The book is added to the settings: later runs keep it up to date.
    """
    require("books", "books")
    from pipeline.records.report_jsonl import has_post_in_year
    from pipeline.settings import Edition
    from pipeline.settings_files import SETTINGS_FILE, user_settings, with_edition
    from pipeline.store.atomic import remove_partial_files, write_atomically

    settings = archive_settings()
    file = settings_file()[0]
    file = Path(SETTINGS_FILE) if file in {None, user_settings()} else file
    new = with_edition(Edition(title or f"{settings.title} {year}", since=str(year), until=str(year)), file)
    report = run_with_progress(settings)
    if new:
        with Path(settings.clean, "report.jsonl").open("rb") as lines:
            if not has_post_in_year(year, lines):
                message = f"no post is dated {year}; nothing was added to the settings"
                raise click.UsageError(message)
        file = file.resolve()
        try:
            write_atomically(file.parent, file, new.encode())
        finally:
            remove_partial_files(file.parent)
        settings = settings_of()
        report = run_with_progress(settings)
    print_summary(report, settings, books=True, as_json=as_json)
    return report.exit_code


COMMANDS = (yearbook,)
