"""Commands over files: each step as a filter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from pipeline.commands.archive import settings_of, shown

if TYPE_CHECKING:
    from pipeline.document import Document

STDIN = "-"
BOOK = "archive"
UNFIT = 4
paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
as_json = click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
into = click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write files below this folder."
)


@dataclass(frozen=True, slots=True)
class Input:
    """A file to work on: where it is, its name below an output folder, and the folder that name is relative to."""

    file: Path | None
    name: PurePosixPath
    folder: Path
    problem: str = ""

    @property
    def label(self) -> str:
        """What to call the file in a message."""
        return shown(str(self.file or self.name))

    def read(self) -> bytes:
        """Return the bytes. Raises Unfit where they cannot be read or are too many."""
        from pipeline.document import Unfit
        from pipeline.read.folder import Found, read

        if self.file is None:
            return sys.stdin.buffer.read()
        if self.problem:
            raise Unfit(self.problem)
        size = self.file.stat().st_size
        found = Found(PurePosixPath(self.file.name), size)
        return read(self.file.parent, found, settings_of().max_bytes).data if size else b""


def inputs(given: Iterable[str]) -> Iterator[Input]:
    """Yield the files that the arguments name: `-` is standard input, a folder is all that stands in it."""
    from pipeline.read.folder import scan

    for name in given:
        path = Path(name)
        if name == STDIN:
            yield Input(None, PurePosixPath("stdin"), Path())
        elif path.is_dir():
            for found in scan(path):
                yield Input(path / found.path, found.path, path, found.problem)
        elif path.is_file():
            yield Input(path, PurePosixPath(path.name), path.parent)
        else:
            message = f"there is no file or folder `{name}`"
            raise click.UsageError(message)


def each(given: Iterable[str], work: Callable[[Input], None]) -> int:
    """Do `work` on every file, saying what goes wrong with one; return 0, or 4 where one was unfit."""
    from pipeline.document import Unfit

    code = 0
    for one in inputs(given):
        try:
            work(one)
        except Unfit as unfit:
            click.echo(f"set aside: {one.label} {unfit}", err=True)
            code = UNFIT
    return code


def _put(one: Input, data: bytes, output: Path | None, written: set[Path]) -> None:
    """Write a result to standard output or below `output`, never over what was read or another result."""
    from pipeline.write.atomic import write

    if output is None:
        if written:
            message = "more than one file: name a folder for the results with -o DIR"
            raise click.UsageError(message)
        written.add(Path(STDIN))
        sys.stdout.buffer.write(data)
        return
    target = output / one.name
    if target in written or (one.file and target.exists() and target.samefile(one.file)):
        message = f"{shown(str(one.file))} would be written over {shown(str(target))}; name another folder with -o DIR"
        raise click.UsageError(message)
    written.add(target)
    write(output, target, data)


def _tell_json(one: Input, document: Document, *, text: bool) -> None:
    import msgspec

    from pipeline.write.records import changes

    told = {"path": str(one.file or one.name), "encoding": document.meta.encoding, "changes": changes(document)}
    told |= {"notes": document.notes} | ({"text": document.text} if text else {})
    click.echo(msgspec.json.encode(told))


@click.command()
@paths
@into
@click.option("--explain", is_flag=True, help="Tell each change, on standard error.")
@as_json
def repair(paths: tuple[str, ...], output: Path | None, *, explain: bool, as_json: bool) -> int:
    """Undo wrong decodings in files, folders or `-`, and nothing else; the result is UTF-8."""
    from pipeline import filters
    from pipeline.write.records import in_words

    written: set[Path] = set()

    def work(one: Input) -> None:
        document = filters.repair(one.read())
        if output or not as_json:
            _put(one, document.text.encode(), output, written)
        if as_json:
            _tell_json(one, document, text=output is None)
        if explain:
            click.echo(f"{one.label}:\n{in_words(document)}", err=True)

    return _finish(each(paths, work), output)


def _finish(code: int, output: Path | None) -> int:
    from pipeline.write.atomic import sweep

    if output:
        sweep(output)
    return code


@click.command()
@paths
@as_json
def detect(paths: tuple[str, ...], *, as_json: bool) -> int:
    """Tell the encoding of files, how sure it is, and what else they might be."""
    import msgspec

    from pipeline.read.decode import detect as encoding_of

    def work(one: Input) -> None:
        encoding = encoding_of(one.read())
        if as_json:
            told = {"path": str(one.file or one.name)} | msgspec.to_builtins(encoding)
            click.echo(msgspec.json.encode(told))
            return
        others = ", ".join(f"{other.codec} {other.confidence:.2f}" for other in encoding.alternatives)
        line = f"{one.label}: {encoding.codec} {encoding.confidence:.2f} ({encoding.evidence})"
        click.echo(line + (f"; else {others}" if others else ""))

    return each(paths, work)


@click.command()
@paths
@into
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change, and exit 1 if any would.")
@click.option("--diff", is_flag=True, help="Write nothing; show the changes as a unified diff.")
def normalize(paths: tuple[str, ...], output: Path | None, *, check: bool, diff: bool) -> int:
    """Write Markdown in normal form, its meaning preserved."""
    from pipeline import filters
    from pipeline.document import Source
    from pipeline.read.decode import decode

    written: set[Path] = set()
    changed: list[str] = []

    def work(one: Input) -> None:
        before = decode(Source(one.name, one.read())).text
        document = filters.normalize(before)
        for note in document.notes:
            click.echo(f"{shown(str(one.name))}: {note.message}", err=True)
        name = one.label
        if document.text != before:
            changed.append(name)
        if diff:
            click.echo(_diff(before, document.text, name), nl=False)
        elif not check:
            _put(one, document.text.encode(), output, written)

    code = _finish(each(paths, work), output)
    for name in changed if check else ():
        click.echo(f"would change: {name}")
    return code or int(check and bool(changed))


def _diff(before: str, after: str, name: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (normal form)", n=1
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@click.command()
@paths
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
def links(paths: tuple[str, ...], form: str) -> int:
    """List the links and images of files, each with its canonical address."""
    import csv

    import msgspec

    from pipeline.document import Link
    from pipeline.engines.worker import cleaned

    table = csv.writer(sys.stdout)
    if form == "csv":
        table.writerow(["path", *Link.__dataclass_fields__])

    def work(one: Input) -> None:
        document = cleaned(one.name, one.read(), settings_of())
        for link in document.links:
            row = {"path": str(one.file or one.name)} | msgspec.to_builtins(link)
            if form == "csv":
                table.writerow(row.values())
            else:
                click.echo(msgspec.json.encode(row))

    return each(paths, work)


@click.command()
@paths
@as_json
def dedup(paths: tuple[str, ...], *, as_json: bool) -> int:
    """Tell which of the files repeat another, and how that is known."""
    import msgspec

    from pipeline.engines.worker import cleaned
    from pipeline.unique.families import families
    from pipeline.unique.fingerprint import fingerprint

    texts: dict[PurePosixPath, Document] = {}

    def work(one: Input) -> None:
        path = PurePosixPath(one.file or one.name)
        texts[path] = cleaned(path, one.read(), settings_of())

    code = each(paths, work)
    repeats = families(map(fingerprint, texts.values()), lambda path: texts[path].text)
    for path, (of, why) in sorted(repeats.items()):
        told = {"path": str(path), "of": str(of), "why": why}
        click.echo(msgspec.json.encode(told) if as_json else f"{shown(str(path))} repeats {shown(str(of))}: {why}")
    if not as_json:
        click.echo(f"{len(texts)} files, {len(repeats)} repeat another")
    return code


@click.command()
@paths
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where editions go."
)
@click.option("--pdf", is_flag=True, help="PDF only, unless --epub is given too.")
@click.option("--epub", is_flag=True, help="EPUB only, unless --pdf is given too.")
def bind(paths: tuple[str, ...], output: Path, *, pdf: bool, epub: bool) -> int:
    """Bind each file as EPUB and PDF, and several files also as one book."""
    from pipeline.engines.worker import cleaned
    from pipeline.write import editions
    from pipeline.write.atomic import write
    from pipeline.write.names import safe_name

    settings = settings_of()
    chapters: list[editions.Chapter] = []

    def put(book: editions.Book, name: str) -> None:
        for suffix, wanted, make in (
            ("epub", epub or not pdf, editions.to_epub),
            ("pdf", pdf or not epub, editions.to_pdf),
        ):
            if wanted:
                write(output, output / f"{name}.{suffix}", make(book))
                click.echo(shown(str(output / f"{name}.{suffix}")))

    def work(one: Input) -> None:
        chapter = editions.chapter(cleaned(one.name, one.read(), settings), one.folder)
        chapters.append(chapter)
        book = editions.Book(chapter.title, chapter.language, editions.identifier(str(one.name)), (chapter,))
        put(book, safe_name(one.name))

    code = each(paths, work)
    if len(chapters) > 1:
        chapters.sort(key=lambda chapter: (not chapter.date, chapter.date))
        put(
            editions.Book(settings.title, chapters[0].language, editions.identifier(settings.title), tuple(chapters)),
            BOOK,
        )
    return _finish(code, output)


COMMANDS = (repair, detect, normalize, links, dedup, bind)
