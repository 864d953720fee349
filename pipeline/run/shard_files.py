"""Files of a corpus: JSON lines, plain or compressed, and Parquet -> rows; finished pieces -> a file."""

from __future__ import annotations

import gzip
import importlib
import io
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from pipeline.document import SkipDocument
from pipeline.extras import how_to_install

ROWS_PER_READ = 1024  # of Parquet
ZSTD_LEVEL = 3  # the default of zstd
RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class ShardPart:
    """Which rows to take: row `number` of every `of` rows; numbers count from 1."""

    number: int = 1
    of: int = 1

    def of_rows(self, rows: Iterable[RowT]) -> Iterator[RowT]:
        """Yield the rows of this part."""
        return (row for at, row in enumerate(rows) if at % self.of == self.number - 1)

    def name_of(self, file: Path) -> str:
        """Return the name of the output: of a Parquet file JSON lines, of a part with its number.

        >>> ShardPart(2, 4).name_of(Path("in/a.jsonl.zst")), ShardPart().name_of(Path("b.parquet"))
        ('a.2-of-4.jsonl.zst', 'b.jsonl.zst')
        """
        stem = file.name.partition(".jsonl")[0].removesuffix(".parquet")
        suffix = ".jsonl.zst" if file.name.endswith(".parquet") else file.name[len(stem) :]
        return f"{stem}.{self.number}-of-{self.of}{suffix}" if self.of > 1 else f"{stem}{suffix}"


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file. Raises SkipDocument if it is of another kind, or a line is damaged."""
    if file.name.endswith(".parquet"):
        parquet = _module("pyarrow.parquet").ParquetFile(file)
        for some in parquet.iter_batches(ROWS_PER_READ):
            yield from some.to_pylist()
        return
    if not file.name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        message = f"{file}: the name must end in .jsonl, .jsonl.gz, .jsonl.zst or .parquet; rename it, or convert it"
        raise SkipDocument(message)
    with _opened(file) as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                message = f"{file}: line {number} is not a JSON object ({error}); correct the line, or delete it"
                raise SkipDocument(message) from error


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed."""
    if file.suffix == ".gz":
        with gzip.open(file) as data:
            yield io.BufferedReader(data)
    elif file.suffix == ".zst":
        with (
            file.open("rb") as packed,
            _module("zstandard").ZstdDecompressor().stream_reader(packed, read_across_frames=True) as data,
        ):
            yield io.BufferedReader(data)
    else:
        with file.open("rb") as data:
            yield data


def appended(partial: Path, lines: bytes, like: Path) -> int:
    """Append lines to a partial file, compressed as its name says, and sync it; return its size.

    Each call adds a whole frame, so that a file can be cut after any of them.
    """
    with partial.open("ab") as file:
        if lines:
            file.write(_compressed(lines, like))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def _compressed(lines: bytes, like: Path) -> bytes:
    if like.suffix == ".gz":
        return gzip.compress(lines, mtime=0)
    if like.suffix in {".zst", ".parquet"}:
        packed: bytes = _module("zstandard").ZstdCompressor(level=ZSTD_LEVEL).compress(lines)
        return packed
    return lines


def joined(partial: Path, target: Path, like: Path) -> None:
    """Move a finished partial file to its place; an empty one becomes a valid empty file."""
    if not partial.stat().st_size and like.suffix in {".gz", ".zst", ".parquet"}:
        partial.write_bytes(_compressed(b"", like))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(partial, target)


def _module(name: str) -> Any:  # noqa: ANN401 - a module without types
    """Import a module of the extra `data`. Raises SkipDocument if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{name.partition('.')[0]} is not installed; {how_to_install('data')}"
        raise SkipDocument(message) from error
