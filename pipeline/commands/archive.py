"""The command that cleans a whole archive: run; its options and its summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.chosen_settings import archive_settings
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import echo_json, json_option, say, warning
from pipeline.exits import ExitCode
from pipeline.extras import is_installed, missing_extra

if TYPE_CHECKING:
    from pipeline.run_report import RunReport
    from pipeline.settings import Settings

MOST_OUTDATED = 20  # decisions that no longer apply, in the summary; `--json` has all


def engine_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that name an engine to a command."""
    for option in (
        click.option("--scheduler", metavar="URL", help="The scheduler of the engine. Default: a local cluster."),
        click.option("--engine", metavar="NAME", help="What does the work: processes (default), in-process, dask."),
    ):
        command = option(command)
    return command


def archive_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of an archive to a command: its folders, its books, the number of processes."""
    for option in (
        json_option,
        click.option("--no-editions", "no_editions", is_flag=True, help="Clean only; make no EPUB and PDF."),
        click.option("--jobs", type=click.IntRange(min=1), help="Worker processes. Default: the number of CPUs."),
        engine_options,
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
@click.option("--profile", is_flag=True, help="Print what took how long: stages, and the slowest posts.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if --check found something.")
def run_command(*, no_editions: bool, profile: bool, exit_zero: bool, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Bring clean/ and out/ up to date with RAW (default: raw/)."""
    how = {name: given.pop(name) for name in ("check", "strict")}
    settings = archive_settings(**given)
    report = run_with_progress(settings, leave_books=no_editions, **how)
    if profile:
        _print_profile(report)
    print_summary(report, settings, books=not no_editions, as_json=as_json)
    if not (no_editions or is_installed("books")):
        say(f"lacuna: no books made: {missing_extra('books', 'books')}", err=True)
    return ExitCode.DONE if exit_zero and report.exit_code == ExitCode.FOUND else report.exit_code


def run_with_progress(settings: Settings, **how: bool) -> RunReport:
    """Return the report of one run, which shows its progress. Raises what `pipeline.run_archive` raises."""
    from pipeline.commands.progress import run_progress
    from pipeline.run.incremental import run_archive

    with run_progress(settings) as progress:
        return run_archive(settings, tell=progress, **how)


def print_summary(report: RunReport, settings: Settings, *, books: bool, as_json: bool) -> None:
    """Print the counts of a run; `books` says whether it made books."""
    from pipeline.read.kinds import passed_over_in_words

    if as_json:
        echo_json(_summary_record(report))
        return
    _print_problems(report, settings)
    if report.check:
        for verb, names in (("write", report.written), ("remove", report.removed)):
            for name in names:
                click.echo(f"would {verb}: {Path(settings.clean, name).resolve()}")
    elif books and settings.editions and report.cleaned:
        _print_places(settings)
    if not report.found and report.passed_over:
        say(f"no file in {settings.raw}/ is a post; `include` in the settings takes more (docs/reference/posts.md)")
    elif not report.found:
        say(f"no posts in {settings.raw}/; copy your posts there, or name their folder: `lacuna run FOLDER`")
    if report.passed_over:
        say(f"passed over: {passed_over_in_words(dict(report.passed_over))}")
    written, removed = ("to write", "to remove") if report.check else ("written", "removed")
    say(
        f"{counted(report.found, 'post')}: {report.cleaned} cleaned, {counted(report.duplicates, 'duplicate')}, "
        f"{len(report.skipped)} skipped; {counted(len(report.written), 'file')} {written}, "
        f"{len(report.removed)} {removed}"
    )


def _summary_record(report: RunReport) -> dict[str, Any]:
    """Return the counts of a run, as `--json` prints them."""
    return {
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
        "exit_code": int(report.exit_code),
    }


def _print_problems(report: RunReport, settings: Settings) -> None:
    """Print the skipped posts, the books that were not made, and what else needs attention."""
    for skipped in report.skipped:
        click.echo(f"{warning('skipped')}: {on_one_line(str(skipped.path))}: {on_one_line(skipped.reason)}")
    for reason in report.failed_books:
        click.echo(f"{warning('book not made')}: {on_one_line(reason)}")
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
    if report.open_items:
        say(f"open to decide: {counted(report.open_items, 'inferred text')}; run `lacuna review`")


def _print_profile(report: RunReport) -> None:
    """Print the seconds of each stage and of the slowest posts to standard error."""
    click.echo(f"{'stage':<12} {'wall s':>8} {'CPU s, main':>12} {'CPU s, posts':>13}", err=True)
    for stage in report.stages:
        click.echo(f"{stage.name:<12} {stage.wall:8.2f} {stage.main:12.2f} {stage.workers:13.2f}", err=True)
    for name, seconds in report.slowest:
        click.echo(f"{seconds:8.3f} CPU s: {on_one_line(name)}", err=True)


def _print_places(settings: Settings) -> None:
    """Print where the books and the report are."""
    both = [name for name in ("archive.epub", "archive.pdf") if Path(settings.out, name).exists()]
    of_all = ", ".join(f"{settings.out}/{name}" for name in both) or "none of all posts"
    of_some = f"; collections: {settings.out}/editions/" if settings.edition else ""
    say(f"books: {of_all}; each post: {settings.out}/posts/{of_some}")
    say(f"report: {settings.out}/report.html")


COMMANDS = (run_command,)
