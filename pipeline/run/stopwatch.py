"""A run -> what it spends its time on: wall and CPU seconds of its stages, CPU seconds of the slowest documents."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Generic

from pipeline.run.engines import Engine
from pipeline.run.limits import Item, Limits, NoResult, Result
from pipeline.run.tasks import Task
from pipeline.run_report import StageTime

MOST_SLOW = 10  # documents that are named


class Stopwatch:
    """Measures a run. `stages` are in the order in which they began."""

    def __init__(self) -> None:
        """Start with nothing measured."""
        self.stages: list[StageTime] = []
        self.workers = 0.0  # CPU seconds of the work on documents since the stage began
        self.documents: list[tuple[float, str]] = []  # a heap of the slowest

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the block as a stage."""
        wall, cpu, self.workers = time.perf_counter(), time.process_time(), 0.0
        try:
            yield
        finally:
            spent = time.perf_counter() - wall, time.process_time() - cpu
            self.stages.append(StageTime(name, *spent, self.workers))

    def add(self, item: object, seconds: float) -> None:
        """Count the CPU seconds of the work on one item."""
        self.workers += seconds
        if isinstance(item, Task):
            heapq.heappush(self.documents, (seconds, item.found.name))
            if len(self.documents) > MOST_SLOW:
                heapq.heappop(self.documents)

    def slowest(self) -> tuple[tuple[str, float], ...]:
        """Return the slowest documents with their CPU seconds, slowest first."""
        return tuple((name, seconds) for seconds, name in sorted(self.documents, reverse=True))


@dataclass(frozen=True, slots=True)
class TimedResult(Generic[Result]):
    """A result with the CPU seconds it took."""

    value: Result
    seconds: float


@dataclass(frozen=True, slots=True)
class TimedWork(Generic[Item, Result]):
    """Work that also measures itself, in the process that does it."""

    work: Callable[[Item], Result]

    def __call__(self, item: Item) -> TimedResult[Result]:
        """Return work(item) with its CPU seconds."""
        start = time.process_time()
        return TimedResult(self.work(item), time.process_time() - start)


@dataclass(frozen=True, slots=True)
class TimedEngine:
    """An engine whose work is measured."""

    engine: Engine
    watch: Stopwatch

    def run_each(
        self, work: Callable[[Item], Result], items: Iterable[Item], limits: Limits
    ) -> Generator[tuple[Item, Result | NoResult]]:
        """Yield what the engine yields."""
        with closing(self.engine.run_each(TimedWork(work), items, limits)) as results:
            for item, result in results:
                if isinstance(result, NoResult):
                    yield item, result
                else:
                    self.watch.add(item, result.seconds)
                    yield item, result.value
