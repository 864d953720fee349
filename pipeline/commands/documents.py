"""Commands for documents: links, bind."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.inputs import FOLDER_TYPE, Input, paths, process_each, put, swept_output
from pipeline.commands.messages import on_one_line
from pipeline.commands.options import echo_json, json_option
from pipeline.extras import require

if TYPE_CHECKING:
    from pipeline.settings import Settings


@click.command("links")
@paths
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--json", "form", flag_value="jsonl", help="The same as --format jsonl.")
def links_command(paths: tuple[str, ...], form: str) -> int:
    """List links and images, each with its canonical URL."""
    import msgspec

    from pipeline.document import Link
    from pipeline.records.link_files import csv_lines
    from pipeline.run.worker import cleaned_document

    if form == "csv":
        click.echo(csv_lines([["path", *Link.__dataclass_fields__]]), nl=False)

    def work(one: Input) -> None:
        data = one.read()
        for link in cleaned_document(one.name, data, settings_of()).links if data else ():
            row = {"path": str(one.file or one.name)} | msgspec.to_builtins(link)
            if form == "csv":
                click.echo(csv_lines([row.values()]), nl=False)
            else:
                click.echo(msgspec.json.encode(row))

    return process_each(paths, work)


@click.command("bind")
@paths
@click.option("-o", "--output", type=FOLDER_TYPE, required=True, help="Folder for the books.")
@click.option("--pdf", is_flag=True, help="PDF only, unless --epub is given too.")
@click.option("--epub", is_flag=True, help="EPUB only, unless --pdf is given too.")
@json_option
def bind_command(paths: tuple[str, ...], output: Path, *, pdf: bool, epub: bool, as_json: bool) -> int:
    """Make an EPUB and a PDF of each file, and one of all files."""
    require("books", "books")
    from pipeline.books.book import Chapter
    from pipeline.document import SkipDocument
    from pipeline.run.book_worker import BookInput, make_books_of_file
    from pipeline.run.limits import Limits
    from pipeline.run.pool import run_alone
    from pipeline.run.summary import BOOK
    from pipeline.settings import BOOK_FORMATS
    from pipeline.store.atomic import PARTIAL_FOLDER
    from pipeline.store.file_names import safe_name
    from pipeline.store.packing import unpack

    settings = settings_of()
    kinds = tuple(kind for kind, wanted in zip(BOOK_FORMATS, (epub, pdf), strict=True) if wanted) or BOOK_FORMATS
    limits = Limits(settings.max_seconds, output / PARTIAL_FOLDER)
    chapters: list[tuple[str, bytes]] = []  # date, packed
    written: set[Path] = set()

    def write_book(name: str, kind: str, data: bytes) -> None:
        book = Input(None, PurePosixPath(f"{name}.{kind}"), Path())
        put(book, data, output, written)
        if as_json:
            echo_json({"book": str(output / book.name)})
        else:
            click.echo(on_one_line(str(output / book.name)))

    def work(one: Input) -> None:
        bound = run_alone(make_books_of_file, BookInput(one.name, one.read(), one.folder, settings, kinds), limits)
        if bound.problem:
            raise SkipDocument(bound.problem)
        for kind, data in bound.editions.items():
            write_book(safe_name(one.name), kind, data)
        for warning in bound.warnings:
            click.echo(f"{one.label}: {on_one_line(warning)}", err=True)
        chapters.append((unpack(bound.chapter, Chapter).date, bound.chapter))

    with swept_output(output):
        code = process_each(paths, work, output)
        if len(chapters) > 1:
            ordered = [chapter for _, chapter in sorted(chapters, key=lambda one: (not one[0], one[0]))]
            for kind in kinds:
                write_book(BOOK, kind, _volume(ordered, kind, output, settings))
    return code


def _volume(chapters: list[bytes], kind: str, output: Path, settings: Settings) -> bytes:
    """Return chapters as one book. Raises UsageError if it cannot be made."""
    from pipeline.books.book import style_of_settings
    from pipeline.document import SkipDocument
    from pipeline.run.collections import BOOK_MEMORY, BOOK_SECONDS
    from pipeline.run.limits import Limits
    from pipeline.run.pool import run_alone
    from pipeline.run.volume import Volume, make_collection, save_chapters
    from pipeline.store.atomic import PARTIAL_FOLDER

    scratch = output / PARTIAL_FOLDER
    volume = Volume(
        settings.title, style_of_settings(settings), None, kind, scratch / "chapters", scratch / f"book.{kind}"
    )
    save_chapters(chapters, volume.chapters)
    try:
        problem = run_alone(make_collection, volume, Limits(BOOK_SECONDS, scratch, BOOK_MEMORY))
    except SkipDocument as reason:
        problem = str(reason)
    if problem:
        message = f"the book of all files: {problem}"
        raise click.UsageError(message)
    return volume.target.read_bytes()


COMMANDS = (links_command, bind_command)
