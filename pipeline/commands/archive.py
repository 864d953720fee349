"""Commands over a whole archive: run, yearbook, explain, steps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.document import RunReport
    from pipeline.settings import Settings

Tell = Callable[[str, str], None]


def settings_of(**flags: Any) -> Settings:  # noqa: ANN401 - the values of click's options
    """Return the settings of the working folder, overridden by the flags that were given."""
    import msgspec

    from pipeline.settings import load

    return msgspec.structs.replace(load(Path()), **{key: value for key, value in flags.items() if value is not None})


def folders(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command the options that say which archive, and how fast."""
    for option in (
        click.option("--no-editions", "no_editions", is_flag=True, help="Clean only: make no EPUB and PDF."),
        click.option("--jobs", type=click.IntRange(min=1), help="Processes at work. Default: the cores."),
        click.option("--page", type=click.Choice(["a4", "a5", "reader"]), help="The PDFs' page. Default: a5."),
        click.option("--out", metavar="DIR", help="Where editions and the report go."),
        click.option("--clean", metavar="DIR", help="Where clean text goes."),
        click.argument("raw", required=False),
    ):
        command = option(command)
    return command


@click.command()
@folders
@click.option("--check", is_flag=True, help="Write nothing; list what would change, and exit 1 if anything would.")
@click.option("--strict", is_flag=True, help="Exit 4 also where a step was undone because it broke a promise.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
def run(*, no_editions: bool, check: bool, strict: bool, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Bring clean/ and out/ up to date with RAW (default: raw/)."""
    settings = settings_of(**given)
    report = _run(settings, check=check, strict=strict, leave_books=no_editions)
    print_summary(report, settings, books=not no_editions, as_json=as_json)
    return report.exit_code


def _run(settings: Settings, **how: bool) -> RunReport:
    from pipeline.run.incremental import Locked

    try:
        return run_once(settings, **how)
    except Locked as busy:
        click.echo(f"lacuna: {busy}", err=True)
        sys.exit(75)


def run_once(settings: Settings, **how: bool) -> RunReport:
    """Return the report of one run, its progress shown. Raises what `pipeline.run_archive` raises."""
    from pipeline.run.incremental import run_archive

    with _progress() as tell:
        return run_archive(settings, tell=tell, **how)


@contextmanager
def _progress() -> Iterator[Tell]:
    """Give a function that shows each document as it is taken up: one moving line on a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda stage, name: click.echo(f"{stage}: {shown(name)}", err=True)
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("looking at the archive") as status:
        yield lambda stage, name: status.update(f"{stage}: {escape(shown(name))}")


def shown(name: str) -> str:
    """Return a file's name on one line: control characters as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)


def print_summary(report: RunReport, settings: Settings, *, books: bool, as_json: bool) -> None:
    """Print what a run found and wrote; `books` says that it was to make books."""
    counts = {
        "found": report.found,
        "cleaned": report.cleaned,
        "duplicates": report.duplicates,
        "skipped": len(report.skipped),
        "rolled_back": report.rolled_back,
        "incomplete": report.incomplete,
        "written": len(report.written),
        "removed": len(report.removed),
    }
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(counts | {"exit_code": report.exit_code}))
        return
    for aside in report.skipped:
        click.echo(f"skipped: {shown(str(aside.path))} {shown(aside.reason)}")
    for reason in report.failed_books:
        click.echo(f"no book: {shown(reason)}")
    for name in report.edited:
        click.echo(f"edited by hand, kept as: {shown(str(Path(settings.clean, name)))}")
    if report.incomplete:
        click.echo(
            f"not whole in their books: {report.incomplete} posts; {settings.out}/report.html says what is missing"
        )
    if report.check:
        for verb, names in (("write", report.written), ("remove", report.removed)):
            for name in names:
                click.echo(f"would {verb}: {Path(settings.clean, name).resolve()}")
    elif books and settings.editions and report.cleaned:
        _print_places(settings)
    wrote, removed = ("to write", "to remove") if report.check else ("written", "removed")
    click.echo(
        f"{counted(report.found, 'post')}: {report.cleaned} cleaned, {counted(report.duplicates, 'duplicate')}, "
        f"{len(report.skipped)} skipped; {counted(len(report.written), 'file')} {wrote}, "
        f"{len(report.removed)} {removed}"
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 post`, `2 posts`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_places(settings: Settings) -> None:
    """Print where the books and the report are."""
    both = [name for name in ("archive.epub", "archive.pdf") if Path(settings.out, name).exists()]
    of_all = ", ".join(f"{settings.out}/{name}" for name in both) or "none of all posts"
    of_some = f"; selections: {settings.out}/editions/" if settings.edition else ""
    click.echo(f"books: {of_all}; each post: {settings.out}/posts/{of_some}")
    click.echo(f"report: {settings.out}/report.html")


@click.command()
@click.argument("year", type=click.IntRange(1900, 2099))
@click.option("--title", help="The book's title. Default: the settings' title, and the year.")
def yearbook(year: int, title: str | None) -> int:
    """Make a book of the posts of YEAR, and keep it up to date.

    It is added to the settings: every later run makes it anew where it has to.
    """
    from pipeline.records.report_jsonl import has_post_in_year
    from pipeline.settings import Edition, added
    from pipeline.store.atomic import remove_partial_files, write_atomically

    settings = settings_of()
    new = added(Edition(title or f"{settings.title} {year}", since=str(year), until=str(year)), Path())
    report = _run(settings)
    if new:
        with Path(settings.clean, "report.jsonl").open("rb") as lines:
            if not has_post_in_year(year, lines):
                message = f"no post has a date in {year}; nothing was added to the settings"
                raise click.UsageError(message)
        file = new[0].resolve()
        try:
            write_atomically(file.parent, file, new[1].encode())
        finally:
            remove_partial_files(file.parent)
        settings = settings_of()
        report = _run(settings)
    print_summary(report, settings, books=True, as_json=False)
    return report.exit_code


@click.command()
@click.argument("name")
@click.option("--clean", metavar="DIR", help="Where the clean text is.")
def explain(name: str, clean: str | None) -> int:
    """Tell in words what happened to one document.

    NAME is its path below raw/ or clean/, or a part of it.
    """
    from pipeline.records.report_jsonl import explain_document

    file = Path(settings_of(clean=clean).clean, "report.jsonl")
    if not file.exists():
        message = f"there is no {file}; do a run first"
        raise click.UsageError(message)
    with file.open("rb") as lines:
        told = explain_document(lines, name)
    if not told:
        message = f"no document `{name}` in {file}; its `path` fields list them"
        raise click.UsageError(message)
    click.echo(told)
    return 0


@click.command()
def steps() -> int:
    """List the flow, a step a line, with what each step promises."""
    from pipeline.flow import assemble

    for step in assemble(settings_of()):
        promises = ", ".join(("explained", *(invariant.name for invariant in step.invariants)))
        click.echo(f"{step.name:<10} {step.summary} [{promises}]")
    return 0


COMMANDS = (run, yearbook, explain, steps)
