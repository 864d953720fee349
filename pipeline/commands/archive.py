"""Commands for a whole archive: `run`, `yearbook`, `steps`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.run.book_jobs import Progress
    from pipeline.run_report import RunReport
    from pipeline.settings import Settings

MOST_OUTDATED = 20  # decisions that no longer apply, in the summary; `--json` has all


def settings_of(**flags: Any) -> Settings:  # noqa: ANN401 - the values of click's options
    """Return the settings of the working folder; given flags override them."""
    import msgspec

    from pipeline.settings import load_settings

    return msgspec.structs.replace(
        load_settings(Path()), **{key: value for key, value in flags.items() if value is not None}
    )


def archive_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of an archive to a command: its folders, its books, the number of processes."""
    for option in (
        click.option("--no-editions", "no_editions", is_flag=True, help="Clean only; make no EPUB and PDF."),
        click.option("--jobs", type=click.IntRange(min=1), help="Worker processes. Default: the number of CPUs."),
        click.option("--page", type=click.Choice(["a4", "a5", "reader"]), help="Page size of PDFs. Default: a5."),
        click.option("--out", metavar="DIR", help="Folder for books and the report. Default: out."),
        click.option("--clean", metavar="DIR", help="Folder for clean text. Default: clean."),
        click.argument("raw", required=False),
    ):
        command = option(command)
    return command


@click.command("run")
@archive_options
@click.option("--check", is_flag=True, help="Write nothing; list what would change, and exit with 1 if anything would.")
@click.option(
    "--strict", is_flag=True, help="Exit with 4 also if a step was rolled back because an invariant would not hold."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
def run_command(*, no_editions: bool, check: bool, strict: bool, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Bring clean/ and out/ up to date with RAW (default: raw/)."""
    settings = settings_of(**given)
    report = run_with_progress(settings, check=check, strict=strict, leave_books=no_editions)
    print_summary(report, settings, books=not no_editions, as_json=as_json)
    return report.exit_code


def run_with_progress(settings: Settings, **how: bool) -> RunReport:
    """Return the report of one run, which shows its progress. Raises what `pipeline.run_archive` raises."""
    from pipeline.run.incremental import run_archive

    with _progress() as progress:
        return run_archive(settings, tell=progress, **how)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield a function that shows a stage and a document: on a terminal in one status line, else as lines."""
    if not sys.stderr.isatty():
        yield lambda stage, name: click.echo(f"{stage}: {on_one_line(name)}", err=True)
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("scanning the archive") as status:
        yield lambda stage, name: status.update(f"{stage}: {escape(on_one_line(name))}")


def on_one_line(name: str) -> str:
    """Return a file name on one line, with control characters escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)


def print_summary(report: RunReport, settings: Settings, *, books: bool, as_json: bool) -> None:
    """Print the counts of a run; `books` says whether it made books."""
    from pipeline.read.kinds import passed_over_in_words

    counts = {
        "posts": report.found,
        "cleaned": report.cleaned,
        "duplicates": report.duplicates,
        "skipped": len(report.skipped),
        "rolled_back": report.rolled_back,
        "incomplete": report.incomplete,
        "written": len(report.written),
        "removed": len(report.removed),
        "open_items": report.open_items,
        "decisions": {
            "obeyed": report.obeyed,
            "outdated": report.outdated_decisions,
            "problems": report.decision_problems,
        },
        "passed_over": {str(kind): number for kind, number in report.passed_over},
    }
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(counts | {"exit_code": int(report.exit_code)}))
        return
    _print_problems(report, settings)
    if report.check:
        for verb, names in (("write", report.written), ("remove", report.removed)):
            for name in names:
                click.echo(f"would {verb}: {Path(settings.clean, name).resolve()}")
    elif books and settings.editions and report.cleaned:
        _print_places(settings)
    if report.passed_over:
        click.echo(f"passed over: {passed_over_in_words(dict(report.passed_over))}")
    written, removed = ("to write", "to remove") if report.check else ("written", "removed")
    click.echo(
        f"{counted(report.found, 'post')}: {report.cleaned} cleaned, {counted(report.duplicates, 'duplicate')}, "
        f"{len(report.skipped)} skipped; {counted(len(report.written), 'file')} {written}, "
        f"{len(report.removed)} {removed}"
    )


def _print_problems(report: RunReport, settings: Settings) -> None:
    """Print the skipped posts and what else a person should look at."""
    for skipped in report.skipped:
        click.echo(f"skipped: {on_one_line(str(skipped.path))}: {on_one_line(skipped.reason)}")
    for reason in report.failed_books:
        click.echo(f"book not made: {on_one_line(reason)}")
    for name in report.edited:
        click.echo(f"your edited version is kept as: {on_one_line(str(Path(settings.clean, name)))}")
    _print_decisions(report)
    if report.incomplete:
        posts = counted(report.incomplete, "post")
        click.echo(f"incomplete in books: {posts}; {settings.out}/report.html lists what is missing")


def _print_decisions(report: RunReport) -> None:
    """Print how many decisions the run obeyed, and those that it did not."""
    for problem in report.decision_problems:
        click.echo(on_one_line(problem))
    for sentence in report.outdated_decisions[:MOST_OUTDATED]:
        click.echo(f"decision no longer applies: {on_one_line(sentence)}")
    outdated = len(report.outdated_decisions)
    if outdated > MOST_OUTDATED:
        click.echo(f"decision no longer applies: {outdated - MOST_OUTDATED} more")
    if report.obeyed or outdated:
        click.echo(f"decisions: {report.obeyed} obeyed, {outdated} no longer apply")
    if report.open_items and report.written:
        click.echo(f"open to decide: {counted(report.open_items, 'inferred text')}; run `lacuna review`")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 post`, `2 posts`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_places(settings: Settings) -> None:
    """Print where the books and the report are."""
    both = [name for name in ("archive.epub", "archive.pdf") if Path(settings.out, name).exists()]
    of_all = ", ".join(f"{settings.out}/{name}" for name in both) or "none of all posts"
    of_some = f"; collections: {settings.out}/editions/" if settings.edition else ""
    click.echo(f"books: {of_all}; each post: {settings.out}/posts/{of_some}")
    click.echo(f"report: {settings.out}/report.html")


@click.command()
@click.argument("year", type=click.IntRange(1900, 2099))
@click.option("--title", help="Title of the book. Default: the `title` of the settings, and the year.")
def yearbook(year: int, title: str | None) -> int:
    """Make a book of the posts of YEAR.

    The book is added to the settings: later runs keep it up to date.
    """
    from pipeline.records.report_jsonl import has_post_in_year
    from pipeline.settings import Edition, with_edition
    from pipeline.store.atomic import remove_partial_files, write_atomically

    settings = settings_of()
    new = with_edition(Edition(title or f"{settings.title} {year}", since=str(year), until=str(year)), Path())
    report = run_with_progress(settings)
    if new:
        with Path(settings.clean, "report.jsonl").open("rb") as lines:
            if not has_post_in_year(year, lines):
                message = f"no post is dated {year}; nothing was added to the settings"
                raise click.UsageError(message)
        file = new[0].resolve()
        try:
            write_atomically(file.parent, file, new[1].encode())
        finally:
            remove_partial_files(file.parent)
        settings = settings_of()
        report = run_with_progress(settings)
    print_summary(report, settings, books=True, as_json=False)
    return report.exit_code


@click.command()
def steps() -> int:
    """List the steps in order, each with its invariants."""
    from pipeline.flow import assemble
    from pipeline.invariants import EXPLAINED

    for step in assemble(settings_of()):
        invariants = ", ".join(invariant.name for invariant in (EXPLAINED, *step.invariants))
        click.echo(f"{step.name:<10} {step.summary} [{invariants}]")
    return ExitCode.DONE


COMMANDS = (run_command, yearbook, steps)
