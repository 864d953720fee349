"""Command-line paths -> files, one by one. A problem with one file does not stop the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.messages import on_one_line
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.read.folder import FoundFile

STDIN = "-"
paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON per file.")
FOLDER_TYPE: click.Path = click.Path(path_type=Path, file_okay=False)
into = click.option("-o", "--output", type=FOLDER_TYPE, help="Write files below this folder.")


@dataclass(frozen=True, slots=True)
class Input:
    """A file to process: its path (None: standard input), its name below an output folder, its input folder.

    `found` is the entry of the scanned folder; None for a file that an argument names.
    """

    file: Path | None
    name: PurePosixPath
    folder: Path
    found: FoundFile | None = None

    @property
    def label(self) -> str:
        """The name of the file in messages."""
        return on_one_line(str(self.file or self.name))

    def read(self) -> bytes:
        """Return the bytes. Raises SkipDocument if the file is unreadable or too large."""
        from pipeline.read.folder import FoundFile, read_source, source_stamp

        if self.file is None:
            return sys.stdin.buffer.read()
        if self.found:
            folder, found = self.folder, self.found
        else:  # an argument, which may be a symbolic link
            real = self.file.resolve()
            state = real.stat()
            folder, found = real.parent, FoundFile(real.name, state.st_size, source_stamp(state))
        if not (found.size or found.problem):
            return b""
        return read_source(folder, found, settings_of().max_bytes).data


def inputs(given: Sequence[str], output: Path | None = None) -> Iterator[Input]:
    """Yield the files of the arguments: `-` is standard input, a folder all its files except those in `output`."""
    from pipeline.read.folder import scan_folder

    check_inputs(given)
    own = {output.absolute(), output.resolve()} if output else set()
    for name in given:
        path = Path(name)
        if name == STDIN:
            yield Input(None, PurePosixPath("stdin"), Path())
        elif path.is_dir():
            tops = {path.absolute(), path.resolve()} - own
            made = [folder.relative_to(top) for folder in own for top in tops if folder.is_relative_to(top)]
            for found in scan_folder(path):
                if not any(found.path.is_relative_to(folder) for folder in made):
                    yield Input(path / found.path, found.path, path, found)
        else:
            yield Input(path, PurePosixPath(path.name), path.parent)


def check_inputs(given: Iterable[str]) -> None:
    """Raise UsageError, before any work, if an argument is neither a file nor a folder nor standard input."""
    from pipeline.read.folder import is_unicode_name

    for name in given:
        message = ""
        if not is_unicode_name(name):
            message = f"`{on_one_line(name)}`: the name is not valid UTF-8; rename the file"
        elif name != STDIN and not (Path(name).is_dir() or Path(name).is_file()):
            message = f"no file or folder `{name}`; check the path"
        if message:
            raise click.UsageError(message)


def one_to_stdout(given: Sequence[str]) -> None:
    """Refuse more than one file: standard output would concatenate the results."""
    if len(list(islice(inputs(given), 2))) > 1:
        message = "more than one file; name a folder for the results with -o DIR"
        raise click.UsageError(message)


def process_each(given: Sequence[str], work: Callable[[Input], None], output: Path | None = None) -> ExitCode:
    """Call `work` for every file not below `output`; return INCOMPLETE if a file was skipped, else DONE."""
    from pipeline.document import SkipDocument

    code = ExitCode.DONE
    check_inputs(given)
    if output:
        check_output(output)
    empty = True
    for one in inputs(given, output):
        empty = False
        try:
            work(one)
        except SkipDocument as reason:
            click.echo(f"skipped: {one.label}: {reason}", err=True)
            code = ExitCode.INCOMPLETE
    if empty:
        click.echo(f"no files in {on_one_line(', '.join(given))}; name files, or another folder", err=True)
    return code


def check_output(folder: Path) -> None:
    """Raise OSError, before any work, if a folder for results cannot be made or written."""
    import tempfile

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno or 0, error.strerror or "cannot be written", str(folder)) from error


def put(one: Input, data: bytes, output: Path | None, written: set[Path]) -> None:
    """Write a result to standard output or below `output`, never over an input or another result."""
    from pipeline.store.atomic import write_atomically

    if output is None:
        click.echo(data, nl=False)  # it flushes: the explanation follows, on standard error
        return
    target = output / one.name
    if target in written or (one.file and target.exists() and target.samefile(one.file)):
        source, place = on_one_line(str(one.file)), on_one_line(str(target))
        message = f"the result of {source} would overwrite {place}; choose another -o DIR"
        raise click.UsageError(message)
    written.add(target)
    write_atomically(output, target, data)


@contextmanager
def swept_output(output: Path | None) -> Iterator[None]:
    """At the end, also after a failure, remove the temporary files that writes left below `output`."""
    from pipeline.store.atomic import remove_partial_files

    try:
        yield
    finally:
        if output:
            remove_partial_files(output)
