"""Shards of corpus files -> repaired files, in the engine that the settings name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipeline.run.engines import LocalProcesses, in_process_engine, opened_engine
from pipeline.run.limits import Limits, NoResult
from pipeline.run.pool import worker_count
from pipeline.run.shard import ShardCounts, run_shard
from pipeline.run.shard_files import ShardPart
from pipeline.settings import Settings
from pipeline.store.atomic import PARTIAL_FOLDER

SHARD_SECONDS = 10**9  # of CPU time: a shard has no limit, each of its batches has one


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a file, and the folder for its results; all workers reach both under these paths."""

    file: Path
    out: Path
    part: ShardPart


def shard_in_worker(shard: Shard) -> ShardCounts:
    """Return the counts of a shard that this process repairs alone."""
    return run_shard(shard.file, shard.out, shard.part, in_process_engine())


def run_shards(shards: Sequence[Shard], settings: Settings) -> Iterator[tuple[Shard, ShardCounts]]:
    """Yield each shard when it is done, in order.

    Local processes share the rows of a shard; other engines take whole shards, and return only counts. A shard that a
    worker could not finish is finished on this machine. Raises OSError, SkipDocument if a file cannot be read.
    """
    here = LocalProcesses(worker_count(settings))
    with opened_engine(settings, items_per_call=1) as engine:
        if engine == here:
            for shard in shards:
                yield shard, run_shard(shard.file, shard.out, shard.part, here)
            return
        limits = Limits(SHARD_SECONDS, shards[0].out / PARTIAL_FOLDER / "tmp")
        with closing(engine.run_each(shard_in_worker, shards, limits)) as results:
            for shard, result in results:
                if isinstance(result, NoResult):
                    yield shard, run_shard(shard.file, shard.out, shard.part, here)
                else:
                    yield shard, result
