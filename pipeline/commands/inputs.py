"""Arguments that name files -> the files, one after the other; what goes wrong with one does not stop the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import click

from pipeline.commands.archive import settings_of, shown

STDIN = "-"
BOOK = "archive"
UNFIT = 4
paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
as_json = click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
FOLDER: click.Path = click.Path(path_type=Path, file_okay=False)
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


def one_to_stdout(given: Iterable[str]) -> None:
    """Refuse more than one file where the results would run together on standard output."""
    if len(list(islice(inputs(given), 2))) > 1:
        message = "more than one file: name a folder for the results with -o DIR"
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


def put(one: Input, data: bytes, output: Path | None, written: set[Path]) -> None:
    """Write a result to standard output or below `output`, never over what was read or another result."""
    from pipeline.write.atomic import write

    if output is None:
        sys.stdout.buffer.write(data)
        return
    target = output / one.name
    if target in written or (one.file and target.exists() and target.samefile(one.file)):
        message = f"{shown(str(one.file))} would be written over {shown(str(target))}; name another folder with -o DIR"
        raise click.UsageError(message)
    written.add(target)
    write(output, target, data)


def finish(code: int, output: Path | None) -> int:
    """Remove what a write left that was broken off; return `code`."""
    from pipeline.write.atomic import sweep

    if output:
        sweep(output)
    return code
