"""The command about cited works: works."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.inputs import Input, process_each
from pipeline.commands.last_run import check_exists, opened_state
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import say
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.citations.cited_works import Work
    from pipeline.settings import Settings

MOST_PLACES = 3  # of a work in a line; --format json has all


@click.command("works")
@click.argument("path", required=False)
@click.option("--clean", metavar="DIR", help="Folder of clean text and of the cache. Default: clean.")
@click.option("--online", is_flag=True, help="Ask Crossref, arXiv and OpenAlex for missing titles.")
@click.option("--format", "form", type=click.Choice(["text", "json", "bib"]), default="text", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def works_command(path: str | None, *, clean: str | None, online: bool, form: str) -> int:
    """List the works that a file, a folder or the archive cites.

    PATH is a file, a folder or `-`. Without it, the works of the archive are listed, as the last run found them.
    """
    from pipeline.citations.completion import completed_works
    from pipeline.linkcheck.client import RequestLimits
    from pipeline.linkcheck.complete_works import complete_works, to_ask
    from pipeline.records.bibliography import works_bib, works_json
    from pipeline.store.completion_cache import COMPLETIONS_FILE, read_completions, read_problems

    settings = settings_of(clean=clean)
    folder = Path(settings.clean)
    cited, code = _works_of_path(path, settings) if path else (_works_of_archive(settings), ExitCode.DONE)
    if online and to_ask(cited):
        folder.mkdir(parents=True, exist_ok=True)
        complete_works(cited, folder / COMPLETIONS_FILE, RequestLimits(), tell=_print_answer)
    works, problems = completed_works(cited, read_completions(folder)), read_problems(folder)
    if form != "text":
        click.echo({"json": works_json, "bib": works_bib}[form](works), nl=False)
        return code
    _print_works(works, problems)
    not_asked = [work for work in to_ask(works) if work.key not in problems]
    if not_asked and not online:
        titles = counted(len(not_asked), "title")
        say(f"lacuna: offline, no requests sent; use --online to look up {titles}", err=True)
    return code


def _works_of_path(path: str, settings: Settings) -> tuple[list[Work], ExitCode]:
    """Return the works that files cite, and the exit code."""
    from pipeline.citations.cited_works import catalogue, works_of
    from pipeline.run.worker import cleaned_document

    mentions: list[Work] = []

    def work(one: Input) -> None:
        if data := one.read():
            mentions.extend(works_of(cleaned_document(one.name, data, settings)))

    code = process_each([path], work)
    return catalogue(mentions), code


def _works_of_archive(settings: Settings) -> list[Work]:
    """Return the works in the state of the archive. Raises UsageError if there is no sound state."""
    from pipeline.run.folders import locked
    from pipeline.run.records import cited_works
    from pipeline.store.schema import DATABASE_FILE

    folder = Path(settings.clean)
    file = folder / DATABASE_FILE
    check_exists(file, ", or name a file")
    with locked(folder, check=False), opened_state(file) as state:
        return cited_works(state)


def _print_answer(key: str, answer: str) -> None:
    click.echo(f"{on_one_line(key)}: {on_one_line(answer)}", err=True)


def _print_works(works: list[Work], problems: Mapping[str, str]) -> None:
    """Print a line for each work, with the reason why it has no title, then how many there are."""
    for work in works:
        problem = "" if work.named else problems.get(work.key, "")
        click.echo(on_one_line(f"{_work_line(work)}{problem and f': {problem}'}"))
    untitled = sum(not work.named for work in works)
    click.echo(counted(len(works), "work") + (f", {untitled} without a title" if untitled else ""))


def _work_line(work: Work) -> str:
    """Return authors, year, title, identifier and places of a work: `A. Author (2020). Title. doi:… (a.md:3)`."""
    authors = ", ".join(work.authors) + " et al." * (work.others and bool(work.authors))
    year = f"({work.year})" if work.year else ""
    key = "" if work.key.startswith("title:") else work.key
    places = [f"{cited.path}:{cited.line}" for cited in work.cited]
    more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
    parts = [" ".join(filter(None, (authors, year))), work.title if work.named else "", key]
    return f"{'. '.join(filter(None, parts))} ({', '.join(places[:MOST_PLACES])}{more})"


COMMANDS = (works_command,)
