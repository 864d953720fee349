"""Files of a corpus -> repaired files, rejected rows with reasons, and attributes in the form of Dolma.

A run that is killed goes on where it stopped, and writes the same bytes as one that is not.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock

from pipeline.records.report_jsonl import json_line
from pipeline.run.batch import batch
from pipeline.run.engines import Engine
from pipeline.run.limits import Limits, NoResult
from pipeline.run.shard_files import ShardPart, appended, joined, read_rows
from pipeline.store.atomic import PARTIAL_FOLDER, write_atomically

ROWS_PER_BATCH = 256  # rows: a kill loses the work on as many for each process
BATCH_SECONDS = 600  # CPU time
KINDS = ("documents", "attributes", "rejects")  # folders below the output folder
ATTRIBUTE_COLUMNS = ("changes", "confidence", "language", "encoding")  # columns of `batch`
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShardCounts:
    """How many rows of a file were read, changed and rejected."""

    rows: int = 0
    changed: int = 0
    rejected: int = 0

    def __add__(self, other: ShardCounts) -> ShardCounts:
        """Return the sums."""
        return ShardCounts(self.rows + other.rows, self.changed + other.changed, self.rejected + other.rejected)


def run_shard(file: Path, out: Path, part: ShardPart, engine: Engine) -> ShardCounts:
    """Repair the rows of a file that belong to `part`; return counts. An earlier run may have done it.

    The column `text` is repaired; other columns stay. Rows that cannot be repaired go to `rejects/` with a reason. Each
    output takes its place in one step, when it is whole. Raises OSError, SkipDocument if the file cannot be read.
    """
    folder = out / PARTIAL_FOLDER / part.name_of(file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # a cluster may repeat a shard whose worker it takes for dead
        return _run_locked(file, out, part, engine)


def _run_locked(file: Path, out: Path, part: ShardPart, engine: Engine) -> ShardCounts:
    name = part.name_of(file)
    folder, targets = out / PARTIAL_FOLDER / name, {kind: out / kind / name for kind in KINDS}
    marker = out / PARTIAL_FOLDER / f"{name}.done"
    if marker.exists() and all(target.exists() for target in targets.values()):
        return msgspec.json.decode(marker.read_bytes(), type=ShardCounts)
    folder.mkdir(exist_ok=True)
    journal = folder / "journal"
    done = _journal_lines(journal)
    counts, sizes = _state_of(done)
    for kind, target in targets.items():
        if sizes[kind] and not (folder / kind).exists():  # a kill came after this output took its place
            shutil.move(target, folder / kind)
        with (folder / kind).open("ab") as partial:
            partial.truncate(sizes[kind])
    rows = islice(part.of_rows(read_rows(file)), counts.rows, None)
    with closing(engine.run_each(_repaired, _row_batches(rows), Limits(BATCH_SECONDS, folder / "tmp"))) as results:
        for given, result in results:
            made = result if not isinstance(result, NoResult) else _one_by_one(given, folder, engine)
            counts += ShardCounts(len(given), made[1], len(given) - made[0]["documents"].count(b"\n"))
            for kind in KINDS:
                sizes[kind] = appended(folder / kind, made[0][kind], file)
            _add_to_journal(journal, counts, sizes)
    for kind, target in targets.items():
        joined(folder / kind, target, file)
    write_atomically(out, marker, msgspec.json.encode(counts))
    shutil.rmtree(folder)
    return counts


def _row_batches(rows: Iterator[Row]) -> Iterator[tuple[Row, ...]]:
    while some := tuple(islice(rows, ROWS_PER_BATCH)):
        yield some


def _repaired(rows: Sequence[Row]) -> tuple[Mapping[str, bytes], int]:
    """Return the lines of each of KINDS for some rows, and how many changed."""
    made = batch({"text": [row.get("text") for row in rows]})
    lines: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    changed = 0
    for at, row in enumerate(rows):
        if made["skipped"][at]:
            lines["rejects"].append(json_line(row | {"lacuna_reason": made["skipped"][at]}))
            continue
        changed += made["changes"][at] != "[]"
        lines["documents"].append(json_line(row | {"text": made["text"][at]}))
        lines["attributes"].append(json_line({"id": row.get("id"), "attributes": _attributes(made, at)}))
    return {kind: b"".join(of_kind) for kind, of_kind in lines.items()}, changed


def _attributes(made: Mapping[str, Sequence[Any]], at: int) -> Row:
    """Return the attributes of a row as Dolma's taggers write them: lists of [start, end, value]."""
    length = len(made["text"][at])
    values = {name: made[name][at] for name in ATTRIBUTE_COLUMNS}
    spans = [
        [start, end, change.get("confidence", 1.0)]
        for change in json.loads(values.pop("changes"))
        for start, end in change["spans"]
    ]
    whole = {f"lacuna__{name}": [[0, length, value]] for name, value in values.items() if value != ""}
    return {"lacuna__changes": spans} | whole


def _one_by_one(rows: Sequence[Row], folder: Path, engine: Engine) -> tuple[Mapping[str, bytes], int]:
    """Repair the rows of a batch that failed each in a separate process; one that fails again is rejected."""
    lines, changed = dict.fromkeys(KINDS, b""), 0
    limits = Limits(BATCH_SECONDS, folder / "tmp")
    with closing(engine.run_each(_repaired, [(row,) for row in rows], limits)) as results:
        for (row,), result in results:
            if isinstance(result, NoResult):
                lines["rejects"] += json_line(row | {"lacuna_reason": result.reason})
                continue
            changed += result[1]
            lines = {kind: lines[kind] + result[0][kind] for kind in KINDS}
    return lines, changed


def _journal_lines(journal: Path) -> list[Row]:
    """Return the whole lines of a journal; a last line that a kill cut is removed."""
    with journal.open("ab+") as file:
        file.seek(0)
        data = file.read()
        file.truncate(data.rfind(b"\n") + 1)
    return [json.loads(line) for line in data.splitlines(keepends=True) if line.endswith(b"\n")]


def _state_of(lines: Sequence[Row]) -> tuple[ShardCounts, dict[str, int]]:
    """Return the counts of what is done, and the sizes of the partial files."""
    if not lines:
        return ShardCounts(), dict.fromkeys(KINDS, 0)
    return ShardCounts(**lines[-1]["counts"]), dict(lines[-1]["sizes"])


def _add_to_journal(journal: Path, counts: ShardCounts, sizes: Mapping[str, int]) -> None:
    """Add what is done; the partial files are on disk already."""
    with journal.open("ab") as file:
        file.write(json_line({"counts": msgspec.to_builtins(counts), "sizes": sizes}))
        file.flush()
        os.fsync(file.fileno())
