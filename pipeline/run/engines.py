"""Settings -> the engine of a run: what does the work on documents, in this process, in local ones, or on a cluster.

An engine is a `concurrent.futures.Executor`. Plugins add engines by entry points of the group `pipeline.engines`.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import msgspec

from pipeline.extras import require
from pipeline.run.limits import Item, Limits, NoResult, Result, lift_cpu_limit, run_limited
from pipeline.run.pool import run_each, worker_count
from pipeline.settings import Settings, SettingsError, suggestion

ITEMS_PER_CALL = 64  # documents: a call of dask costs about 5 ms of the scheduler, which they share
GROUP = "pipeline.engines"  # of entry points
LOCAL = "processes"
OpenExecutor = Callable[[Settings], AbstractContextManager[Executor]]


class Engine(Protocol):
    """Calls a function for each of many items, in this process, in local processes or on a cluster."""

    def run_each(
        self, work: Callable[[Item], Result], items: Iterable[Item], limits: Limits
    ) -> Generator[tuple[Item, Result | NoResult]]:
        """Yield (item, work(item)) in the order of `items`, or why there is no result. Close the generator."""


@dataclass(frozen=True, slots=True)
class LocalProcesses:
    """Works in `jobs` processes of this machine."""

    jobs: int

    def run_each(
        self, work: Callable[[Item], Result], items: Iterable[Item], limits: Limits
    ) -> Generator[tuple[Item, Result | NoResult]]:
        """Yield what `Engine.run_each` says."""
        return run_each(work, items, self.jobs, limits)


@dataclass(frozen=True, slots=True)
class ExecutorEngine:
    """Works in an executor, which is opened at the first item. `jobs` is how many calls run at the same time.

    What the executor fails to do is done in a process of this machine, so that the results are the same.
    """

    executor: Callable[[], Executor]
    jobs: int
    items_per_call: int = ITEMS_PER_CALL

    def run_each(
        self, work: Callable[[Item], Result], items: Iterable[Item], limits: Limits
    ) -> Generator[tuple[Item, Result | NoResult]]:
        """Yield what `Engine.run_each` says. Raises OSError if the executor has ended."""
        waiting: deque[tuple[tuple[Item, ...], Future[list[Result | NoResult]]]] = deque()
        rest = iter(items)
        try:
            while some := tuple(islice(rest, self.items_per_call)):
                waiting.append((some, self.executor().submit(results_of, work, some, limits, installation())))
                if len(waiting) >= 4 * self.jobs:
                    yield from _results_or_local(work, *waiting.popleft(), limits)
            while waiting:
                yield from _results_or_local(work, *waiting.popleft(), limits)
        except (CancelledError, BrokenExecutor) as error:
            message = f"the engine has ended ({error or type(error).__name__}); finished work is kept"
            raise OSError(0, message, "the engine") from error
        finally:
            for _, future in waiting:
                future.cancel()


def _results_or_local(
    work: Callable[[Item], Result], items: Sequence[Item], future: Future[list[Result | NoResult]], limits: Limits
) -> Iterator[tuple[Item, Result | NoResult]]:
    """Yield each item of a call and its result; a call that failed, perhaps killed, is repeated on this machine."""
    try:
        results = future.result()
    except (CancelledError, BrokenExecutor):
        raise
    except ImportError as error:
        raise OSError(0, f"a worker cannot do the work ({error})", "the engine") from error
    except Exception:  # noqa: BLE001 - whatever an engine raises, the items are still to do
        yield from run_each(work, items, 1, limits)
    else:
        yield from zip(items, results, strict=True)


def results_of(
    work: Callable[[Item], Result], items: Sequence[Item], limits: Limits, wanted: str
) -> list[Result | NoResult]:
    """Return the result of each item; engines call it. Raises ImportError if this installation is not `wanted`."""
    if installation() != wanted:
        message = f"its installation of Lacuna on {os.uname().nodename} is another one; install the same packages"
        raise ImportError(message)
    try:
        return [run_limited(work, limits, item) for item in items]
    finally:
        lift_cpu_limit()


@functools.cache
def installation() -> str:
    """Return what decides the results besides settings and inputs: versions of all packages, digests of the models."""
    from pipeline.cache_key import cache_key  # noqa: PLC0415 - a run without changes needs no engine

    return cache_key(Settings())


class InProcess(Executor):
    """Does each call at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - as Executor
        """Return the finished call."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future raises it
            future.set_exception(error)
        return future


def in_process_engine() -> ExecutorEngine:
    """Return the engine that works in this process."""
    return ExecutorEngine(InProcess, 1, 1)


@contextmanager
def dask_executor(settings: Settings) -> Iterator[Executor]:
    """Yield the executor of dask: of the cluster at `settings.scheduler`, else a local one.

    Raises OSError if no scheduler answers, MissingExtra.
    """
    require("runs with dask", "cluster")
    distributed = importlib.import_module("distributed")
    os.environ["PYTHONSAFEPATH"] = "1"  # as for local processes
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # the command says what fails
    local = {
        "n_workers": worker_count(settings),
        "threads_per_worker": 1,
        "dashboard_address": "127.0.0.1:0",
        "silence_logs": logging.CRITICAL,
    }
    try:
        client = distributed.Client(settings.scheduler or None, **({} if settings.scheduler else local))
    except OSError as error:
        where = settings.scheduler or "a local cluster"
        raise OSError(0, f"no dask scheduler answers ({error}); start it, or name another", where) from error
    except ValueError as error:
        message = f"scheduler: {error}; name it as tcp://HOST:PORT"
        raise SettingsError(message) from error
    with client:
        yield client.get_executor()


EXECUTORS: dict[str, OpenExecutor] = {"dask": dask_executor}


@contextmanager
def opened_engine(settings: Settings, items_per_call: int = ITEMS_PER_CALL) -> Iterator[Engine]:
    """Yield the engine that the settings name; it starts at its first item. Raises SettingsError for unknown ones."""
    if settings.engine == LOCAL:
        yield LocalProcesses(worker_count(settings))
    elif settings.engine == "in-process":
        yield in_process_engine()
    else:
        opener = _executor_named(settings.engine)
        with ExitStack() as opened:
            executor = functools.cache(lambda: opened.enter_context(opener(settings)))
            yield ExecutorEngine(executor, worker_count(settings), items_per_call)


def _executor_named(name: str) -> OpenExecutor:
    if name in EXECUTORS:
        return EXECUTORS[name]
    from importlib.metadata import entry_points  # noqa: PLC0415 - takes 20 ms, which few runs need

    others = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in others:
        opener: OpenExecutor = others[name].load()
        return opener
    message = f"engine: no engine `{name}`" + suggestion(name, (LOCAL, "in-process", *EXECUTORS, *others))
    raise SettingsError(message)


def with_absolute_folders(settings: Settings) -> Settings:
    """Return the settings with absolute folders: workers of a cluster have another working folder."""
    folders = {name: str(Path(getattr(settings, name)).absolute()) for name in ("raw", "clean", "out")}
    return settings if settings.engine == LOCAL else msgspec.structs.replace(settings, **folders)
