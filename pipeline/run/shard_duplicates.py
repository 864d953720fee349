"""Repaired shards -> OUT/duplicates.jsonl: which rows are duplicates of which, in the engine that the settings name.

Rows that share a key may be duplicates. Workers compute the keys of each shard, group those of each range of keys over
all shards, and leave the pairs of rows that are similar. Connected rows form a component. Each component is compared as
`lacuna run` compares an archive. So the result is that of one archive of all rows.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.document import Document, Metadata
from pipeline.duplicates.clusters import duplicate_clusters
from pipeline.duplicates.components import components
from pipeline.duplicates.fingerprint import Fingerprint, fingerprint
from pipeline.duplicates.index_tables import INDEX_SCHEMA
from pipeline.duplicates.lsh_index import LshIndex, padded_signature, signatures_similar
from pipeline.run.engines import Engine, opened_engine
from pipeline.run.limits import Limits, NoResult
from pipeline.run.shard_files import read_rows
from pipeline.settings import Settings
from pipeline.store.atomic import PARTIAL_FOLDER, atomic_file
from pipeline.store.output_ledger import file_stamp
from pipeline.store.packing import digest_of_values, pack, unpack

RANGES = 16  # of keys: that many workers group keys at the same time
ROWS_PER_BIN = 2_000  # of the components that one worker compares
STAGE_SECONDS = 10**9  # of CPU time: as for a shard
RESULT = "duplicates.jsonl"
KEY = np.dtype([("key", np.int64), ("text", np.int64), ("row", np.int64)])  # `text`: the start of a text's digest
ROW_BITS = 40  # of a row's number: the bits above are the number of its shard
ROW_MASK = (1 << ROW_BITS) - 1
ROW_TABLE = "CREATE TABLE rows (row INTEGER PRIMARY KEY, id BLOB, fingerprint BLOB, document BLOB)"
KeyRows = npt.NDArray[Any]  # of KEY
Rows = npt.NDArray[np.int64]  # numbers of rows


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the work: which shard, range or bin is meant; the output folder, the names of all shards.

    `folder` has what later stages read. Its name is a digest of the shards, so that other shards have another one.
    """

    out: Path
    folder: Path
    names: tuple[str, ...]
    number: int = 0

    def file(self, kind: str, number: int | None = None) -> Path:
        """Return the file of some kind, by default of this part."""
        return self.folder / f"{self.number if number is None else number}.{kind}"


def find_shard_duplicates(out: Path, names: Sequence[str], settings: Settings) -> int:
    """Write OUT/duplicates.jsonl for repaired shards; return how many rows are duplicates. Raises OSError."""
    state = digest_of_values([(name, file_stamp(out / "documents" / name)) for name in names])
    stage = Stage(out, out / PARTIAL_FOLDER / "duplicates" / state, tuple(names))
    stage.folder.mkdir(parents=True, exist_ok=True)
    with opened_engine(settings, items_per_call=1) as engine:
        _run_parts(engine, keep_fingerprints, stage, len(names))
        _run_parts(engine, group_keys, stage, RANGES)
        pairs = np.concatenate([np.load(stage.file("pairs.npy", at)) for at in range(RANGES)])
        bins = [*_bins(components(pairs.tolist()))]
        for at, rows in enumerate(bins):
            np.save(stage.file("bin.npy", at), np.array(rows, np.int64))
        _run_parts(engine, compare_bin, stage, len(bins))
    found = [line for at in range(len(bins)) for line in stage.file("found", at).read_bytes().splitlines()]
    found.sort(key=lambda line: [msgspec.json.decode(line)[name] for name in ("file", "row")])
    with atomic_file(out, out / RESULT) as file:
        file.writelines(line + b"\n" for line in found)
    shutil.rmtree(stage.folder.parent)
    return len(found)


def _run_parts(engine: Engine, work: Callable[[Stage], None], stage: Stage, number: int) -> None:
    """Do each part of a stage; what is done stays done if the command is killed. Raises OSError if a part fails."""
    parts = [replace(stage, number=at) for at in range(number)]
    limits = Limits(STAGE_SECONDS, stage.folder / "tmp")
    with closing(engine.run_each(work, parts, limits)) as results:
        for _, result in results:
            if isinstance(result, NoResult):
                raise OSError(0, result.reason, str(stage.out / RESULT))


def keep_fingerprints(stage: Stage) -> None:
    """Store the rows of a shard with their fingerprints, and its keys, in the order of the keys."""
    if stage.file("keys.npy").exists():
        return
    database = stage.file("rows")
    database.unlink(missing_ok=True)
    keys, signatures = [np.empty(0, KEY)], []
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(ROW_TABLE)
        for row, (name, document) in enumerate(_documents(stage)):
            one = fingerprint(document)
            db.execute("INSERT INTO rows VALUES (?, ?, ?, ?)", (row, name, pack(one), pack(document)))
            signatures.append(padded_signature(one.minhash, one.damaged))
            keys.append(_keys_of(one, stage.number << ROW_BITS | row))
    np.save(stage.file("signatures.npy"), np.frombuffer(b"".join(signatures), np.uint8).reshape(len(signatures), -1))
    partial = stage.file("partial.npy")
    np.save(partial, np.sort(np.concatenate(keys), order="key"))
    partial.replace(stage.file("keys.npy"))


def _documents(stage: Stage) -> Iterator[tuple[bytes, Document]]:
    """Yield the identifier, as JSON, and the document of each row of a repaired shard."""
    name = stage.names[stage.number]
    both = zip(*(read_rows(stage.out / kind / name) for kind in ("documents", "attributes")), strict=True)
    for at, (row, more) in enumerate(both, 1):
        language = more["attributes"].get("lacuna__language", [["", "", ""]])[0][2]
        identifier = msgspec.json.encode(row.get("id"), enc_hook=str)
        yield identifier, Document(PurePosixPath(f"{name}:{at:012}"), row["text"], Metadata(language=language))


def _keys_of(one: Fingerprint, row: int) -> KeyRows:
    """Return the keys of a row: those of its MinHash signature, and one that all rows of the same text share."""
    text = np.frombuffer(one.text[:8], np.int64)
    values = np.concatenate([np.frombuffer(one.keys, np.int64), text])
    keys = np.empty(len(values), KEY)
    keys["key"], keys["text"], keys["row"] = values, text, row
    return keys


def group_keys(stage: Stage) -> None:
    """Store the pairs of similar rows that share a key of a range, and the pairs of rows of the same text."""
    size = 2**64 // RANGES
    first = stage.number * size - 2**63
    some = []
    for at in range(len(stage.names)):
        keys = np.load(stage.file("keys.npy", at), mmap_mode="r")
        values = np.ascontiguousarray(keys["key"])
        some.append(keys[np.searchsorted(values, first) : np.searchsorted(values, first + size - 1, "right")])
    found = [np.empty((0, 2), np.int64), *_pairs_in(np.concatenate(some), SignatureFiles(stage))]
    np.save(stage.file("pairs.npy"), np.unique(np.concatenate(found), axis=0))


def _pairs_in(keys: KeyRows, signatures: SignatureFiles) -> Iterator[Rows]:
    """Yield the pairs, shape (n, 2), of rows that share a key and are similar or have the same text."""
    keys = np.sort(keys, order=["key", "row"])
    ends = np.flatnonzero(np.diff(keys["key"])) + 1
    for start, end in pairwise([0, *ends.tolist(), len(keys)]):
        if end - start > 1:
            group = keys[start:end]
            _, firsts = np.unique(group["text"], return_index=True)
            rows = np.sort(group["row"][firsts])  # the first row of each text has the keys of all
            if group["key"][0] in group["text"]:
                same = group[group["text"] == group["key"][0]]["row"]
                yield np.stack([np.full(len(same) - 1, same[0]), same[1:]], axis=1)
            for at in range(1, len(rows)):
                yield signatures.similar(rows[at], rows[:at])


class SignatureFiles:
    """The signatures of all shards, which stay on disk."""

    def __init__(self, stage: Stage) -> None:
        """Open the files that `keep_fingerprints` wrote."""
        names = range(len(stage.names))
        self.shards = [np.load(stage.file("signatures.npy", at), mmap_mode="r") for at in names]

    def of(self, rows: Rows) -> npt.NDArray[np.uint8]:
        """Return the signatures of some rows."""
        return np.stack([self.shards[row >> ROW_BITS][row & ROW_MASK] for row in rows.tolist()])

    def similar(self, row: int, others: Rows) -> Rows:
        """Return the pairs of a row and those of `others` that are similar to it."""
        chosen = others[signatures_similar(self.of(np.array([row])).repeat(len(others), 0), self.of(others))]
        return np.stack([chosen, np.full(len(chosen), row)], axis=1)


def _bins(found: Iterable[list[int]]) -> Iterator[list[int]]:
    """Yield whole components, as many as one worker compares."""
    some: list[int] = []
    for component in found:
        some += component
        if len(some) >= ROWS_PER_BIN:
            yield some
            some = []
    if some:
        yield some


class StoredRows:
    """The rows of the shards, as `keep_fingerprints` stored them."""

    def __init__(self, stage: Stage) -> None:
        """Open a shard when a row of it is asked for."""
        self.stage = stage
        self.opened: dict[int, sqlite3.Connection] = {}

    def column(self, column: str, row: int) -> bytes:
        """Return a value of a row."""
        shard = row >> ROW_BITS
        if shard not in self.opened:
            self.opened[shard] = sqlite3.connect(f"{self.stage.file('rows', shard).as_uri()}?mode=ro", uri=True)
        query = f"SELECT {column} FROM rows WHERE row = ?"  # noqa: S608 - ours
        return bytes(self.opened[shard].execute(query, (row & ROW_MASK,)).fetchone()[0])

    def close(self) -> None:
        """Close the files."""
        for db in self.opened.values():
            db.close()


def compare_bin(stage: Stage) -> None:
    """Store the duplicates of some components, a line of JSON each."""
    rows = np.load(stage.file("bin.npy")).tolist()
    with closing(StoredRows(stage)) as stored, closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        prints = [unpack(stored.column("fingerprint", row), Fingerprint) for row in rows]
        row_of = {one.path: row for one, row in zip(prints, rows, strict=True)}
        db.executescript(INDEX_SCHEMA)
        index = LshIndex(db, lambda path: unpack(stored.column("document", row_of[path]), Document))
        index.update((), ((one, "") for one in prints))

        def place(path: PurePosixPath) -> dict[str, Any]:
            file, _, number = str(path).rpartition(":")
            return {"id": msgspec.Raw(stored.column("id", row_of[path])), "file": file, "row": int(number)}

        lines = [
            msgspec.json.encode(place(path) | {"of": place(one.of), "why": one.why, "similarity": one.similarity})
            for path, one in duplicate_clusters(index).items()
        ]
    stage.file("found").write_bytes(b"".join(line + b"\n" for line in lines))
