"""The command that mails books to a device: send."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.messages import counted
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode

GUIDE = "docs/how-to/send-to-kindle.md"


@click.command("send")
@click.argument("books", nargs=-1, required=True, metavar="BOOK...")
@click.option("--out", metavar="DIR", help="Folder for books and the report. Default: out.")
@json_option
def send_command(books: tuple[str, ...], *, out: str | None, as_json: bool) -> int:
    """Mail books to a device, as [send] in the settings says.

    BOOK is a file, or the name of a book in out/, such as `archive` or `posts/a`.
    """
    from pipeline.library.mail import NotSent, send_books

    settings = settings_of(out=out)
    if settings.send is None:
        keys = "`host`, `user` and `to`"
        message = f"send: nothing is configured; add a table [send] with {keys} to pipeline.toml ({GUIDE})"
        raise click.UsageError(message)
    files = [_book_file(book, Path(settings.out)) for book in books]
    try:
        send_books(files, settings.send)
    except NotSent as reason:
        click.echo(f"lacuna: {reason}. Nothing was sent.", err=True)
        return ExitCode.ENVIRONMENT
    if as_json:
        echo_json({"sent": files, "to": settings.send.to})
        return ExitCode.DONE
    click.echo(f"sent {counted(len(books), 'book')} to {', '.join(settings.send.to)}")
    return ExitCode.DONE


def _book_file(book: str, out: Path) -> Path:
    """Return the file of a book: as named, or below the folder of the books. Raises UsageError."""
    places = [
        Path(book),
        *(Path(out, folder, f"{book}{suffix}") for folder in ("", "posts", "editions") for suffix in ("", ".epub")),
    ]
    for place in places:
        if place.is_file():
            return place
    message = f"send: no book `{book}` in {out}/; run `lacuna run`, or name a file"
    raise click.UsageError(message)


COMMANDS = (send_command,)
