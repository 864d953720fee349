"""Arguments that name files -> the files, one after the other; what goes wrong with one does not stop the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from pipeline.commands.archive import settings_of, shown

if TYPE_CHECKING:
    from pipeline.read.folder import FoundFile

STDIN = "-"
UNFIT = 4
paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
as_json = click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
FOLDER: click.Path = click.Path(path_type=Path, file_okay=False)
into = click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write files below this folder."
)


@dataclass(frozen=True, slots=True)
class Input:
    """A file to work on: where it is, its name below an output folder, and the folder that name is relative to.

    `found` is the file as the folder was scanned; none for a file that was named itself.
    """

    file: Path | None
    name: PurePosixPath
    folder: Path
    found: FoundFile | None = None

    @property
    def label(self) -> str:
        """What to call the file in a message."""
        return shown(str(self.file or self.name))

    def read(self) -> bytes:
        """Return the bytes. Raises SkipDocument where they cannot be read or are too many."""
        from pipeline.read.folder import FoundFile, read_source, source_stamp

        if self.file is None:
            return sys.stdin.buffer.read()
        if self.found:
            folder, found = self.folder, self.found
        else:  # named by the user, who may mean a link
            real = self.file.resolve()
            state = real.stat()
            folder, found = real.parent, FoundFile(PurePosixPath(real.name), state.st_size, source_stamp(state))
        if not (found.size or found.problem):
            return b""
        return read_source(folder, found, settings_of().max_bytes).data


def inputs(given: Iterable[str], output: Path | None = None) -> Iterator[Input]:
    """Yield the files that the arguments name: `-` is standard input, a folder is all that is in it but `output`."""
    from pipeline.read.folder import is_unicode_name, scan_folder

    own = {output.absolute(), output.resolve()} if output else set()
    for name in given:
        path = Path(name)
        if name == STDIN:
            yield Input(None, PurePosixPath("stdin"), Path())
        elif not is_unicode_name(name):
            message = f"`{shown(name)}` is a name that is not valid UTF-8; rename it"
            raise click.UsageError(message)
        elif path.is_dir():
            tops = {path.absolute(), path.resolve()} - own
            made = [folder.relative_to(top) for folder in own for top in tops if folder.is_relative_to(top)]
            for found in scan_folder(path):
                if not any(found.path.is_relative_to(folder) for folder in made):
                    yield Input(path / found.path, found.path, path, found)
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


def each(given: Iterable[str], work: Callable[[Input], None], output: Path | None = None) -> int:
    """Do `work` on every file not below `output`, and say what is wrong with one; return 0, or 4 if any is unfit."""
    from pipeline.document import SkipDocument

    code = 0
    for one in inputs(given, output):
        try:
            work(one)
        except SkipDocument as unfit:
            click.echo(f"skipped: {one.label} {unfit}", err=True)
            code = UNFIT
    return code


def put(one: Input, data: bytes, output: Path | None, written: set[Path]) -> None:
    """Write a result to standard output or below `output`, never over what was read or another result."""
    from pipeline.store.atomic import write_atomically

    if output is None:
        sys.stdout.buffer.write(data)
        return
    target = output / one.name
    if target in written or (one.file and target.exists() and target.samefile(one.file)):
        message = f"{shown(str(one.file))} would be written over {shown(str(target))}; name another folder with -o DIR"
        raise click.UsageError(message)
    written.add(target)
    write_atomically(output, target, data)


def finish(code: int, output: Path | None) -> int:
    """Remove what a write left that was broken off; return `code`."""
    from pipeline.store.atomic import remove_partial_files

    if output:
        remove_partial_files(output)
    return code
