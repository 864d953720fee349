"""Items -> results, in order, over several processes; an item that hangs or kills its process harms no other."""

from __future__ import annotations

import errno
import functools
import multiprocessing
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from pipeline.document import BUG_REPORT_HINT, Cause, SkipDocument
from pipeline.settings import Settings

MOST_MEMORY = 4 * 2**30  # bytes of data a process may take; a document of max_bytes takes less than one
WAIT = 10  # seconds of wall time for each of CPU time: the machine may be busy, the process may sleep
SCARCE = "cannot be made in the memory that this shell allows (see `ulimit -a`); it is tried again at the next run"
T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


def jobs(settings: Settings) -> int:
    """Return how many processes to work with."""
    return settings.jobs or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Lost:
    """No result came back for an item: why, and what caused it."""

    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item may take: CPU seconds of its process, bytes of memory; and the folder for temporary files."""

    seconds: float
    scratch: Path
    memory: int = MOST_MEMORY


def each(work: Callable[[T], R], items: Iterable[T], jobs: int, limits: Limits) -> Generator[tuple[T, R | Lost]]:
    """Yield (item, work(item)) in the order of `items`, or (item, Lost) where there is no result.

    `work` and the items are pickled; at most four items a process are waiting, so that memory does not grow with them.
    Close it where not all results are taken: at the end of Python, its threads are gone and it would wait for ever.
    Raises OSError where no process can be started.
    """
    waiting: deque[tuple[T, ProcessFuture[R | Lost]]] = deque()
    limited = functools.partial(_limited, work, limits)
    with ProcessPool(jobs, initializer=_begin, initargs=(limits,), context=_context()) as pool:
        try:
            for item in items:
                waiting.append((item, _scheduled(pool, limited, item, limits)))
                if len(waiting) >= 4 * jobs:
                    yield _result(*waiting.popleft(), limits)
            while waiting:
                yield _result(*waiting.popleft(), limits)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _scheduled(pool: ProcessPool, work: Callable[[T], R], item: T, limits: Limits) -> ProcessFuture[R]:
    """Return the future result of work(item). Raises OSError where the system refuses the pool a thread."""
    try:
        return pool.schedule(work, args=(item,), timeout=WAIT * limits.seconds)
    except RuntimeError as error:  # what Python raises where no thread can be started
        raise OSError(errno.EAGAIN, str(error), "the worker processes") from error


def alone(work: Callable[[T], R], item: T, limits: Limits) -> R:
    """Return work(item), done in a process of its own. Raises OSError where the machine fails it, else SkipDocument."""
    ((_, result),) = each(work, [item], 1, limits)
    if isinstance(result, Lost):
        raise (OSError if result.cause == "environment" else SkipDocument)(result.reason)
    return result


def _begin(limits: Limits) -> None:
    """Leave Ctrl-C, which a terminal sends to every process, to the first one; limit the memory of this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits.scratch.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(limits.scratch.absolute())  # where a later run finds what a killed one left
    _limit("RLIMIT_DATA", limits.memory)


def _limit(name: str, most: float) -> None:
    """Limit a resource of this process, unless its limit is lower already."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard), hard))


def _scarce(memory: int) -> bool:
    """Tell whether a limit of this shell or machine leaves less memory than a process of ours may take."""
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 - Windows has none

    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return any(one != resource.RLIM_INFINITY and one < memory for one in soft)


def _limited(work: Callable[[T], R], limits: Limits, item: T) -> R | Lost:
    """Return work(item), or why there is none; the kernel ends this process where it takes too much CPU time."""
    spent = sum(os.times()[:2])
    _limit("RLIMIT_CPU", spent + limits.seconds + 1)
    try:
        return work(item)
    except OSError as error:
        return Lost(f"{error.strerror or error}{_at(error)}; it is tried again at the next run", "environment")
    except BaseException as error:  # noqa: BLE001 - an item's failure is its own, even where a plugin ends the process
        if _scarce(limits.memory):
            return Lost(SCARCE, "environment")
        if isinstance(error, MemoryError):
            return Lost(f"needs more than {limits.memory >> 30} GB of memory; split it", "document")
        return Lost(f"{type(error).__name__}: {error}; {BUG_REPORT_HINT}", "bug")


def _at(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""


def _context() -> multiprocessing.context.BaseContext:
    """Return the way to start processes that is safe beside threads; where there is a choice, the faster one.

    They import nothing from the working folder, where `python -c` looks first.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.run.worker"])
    return context


def _result(item: S, future: ProcessFuture[R | Lost], limits: Limits) -> tuple[S, R | Lost]:
    try:
        return item, future.result()
    except FutureTimeoutError:
        busy = (
            f"gave no result in {WAIT * limits.seconds:g} s; the machine may be busy; it is tried again at the next run"
        )
        return item, Lost(busy, "environment")
    except ProcessExpired as death:
        return item, _died(death.exitcode or 0, limits)
    except BrokenProcessPool as error:
        raise OSError(0, f"the worker processes cannot be started or were killed ({error}); run again") from error


def _died(code: int, limits: Limits) -> Lost:
    """Return what the exit code of a process says: it was over our limit, somebody killed it, or it crashed."""
    if code == -getattr(signal, "SIGXCPU", 0):
        reason = (
            f"takes more than max_seconds = {limits.seconds:g} s of CPU time; raise the setting or split the document"
        )
        return Lost(reason, "document")
    if code in {-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM)}:
        reason = "its process was killed, perhaps for lack of memory; it is tried again at the next run"
        return Lost(reason, "environment")
    if _scarce(limits.memory):
        return Lost(SCARCE, "environment")
    return Lost(f"its process died with code {code}; it may need more memory than a document is given", "document")
