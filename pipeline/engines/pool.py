"""Items -> results, in order, over several processes; an item that hangs or kills its process spoils no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from pipeline.document import OUR_MISTAKE
from pipeline.settings import Settings

MOST_MEMORY = 4 * 2**30  # bytes a process may take; a document of max_bytes takes less than one
T = TypeVar("T")
R = TypeVar("R")


def jobs(settings: Settings) -> int:
    """Return how many processes to work with."""
    return settings.jobs or os.cpu_count() or 1


class Lost(Exception):  # noqa: N818 - it is a result: what became of an item
    """No result came back for an item: its process ran out of time, died or failed. The message says which."""


def each(work: Callable[[T], R], items: Iterable[T], jobs: int, seconds: float) -> Iterator[tuple[T, R | Lost]]:
    """Yield (item, work(item)) in the order of `items`, or (item, Lost); `seconds` of wall time are given to each.

    `work` and the items are pickled; at most four items a process are waiting, so that memory does not grow with them.
    """
    waiting: deque[tuple[T, ProcessFuture[Any]]] = deque()
    with ProcessPool(jobs, initializer=_begun, context=_context()) as pool:
        try:
            for item in items:
                waiting.append((item, pool.schedule(work, args=(item,), timeout=seconds)))
                if len(waiting) >= 4 * jobs:
                    yield _result(*waiting.popleft(), seconds)
            while waiting:
                yield _result(*waiting.popleft(), seconds)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _begun() -> None:
    """Leave Ctrl-C, which a terminal sends to every process, to the first one; limit the memory of this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _context() -> multiprocessing.context.BaseContext:
    """Return the way to start processes that is safe beside threads; where there is a choice, the faster one.

    They import nothing from the working folder, where `python -c` looks first.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.engines.worker"])
    return context


def _result(item: T, future: ProcessFuture[Any], seconds: float) -> tuple[T, Any]:
    try:
        return item, future.result()
    except FutureTimeoutError:
        return item, Lost(f"took longer than max_seconds = {seconds:g}; raise the setting or split the document")
    except ProcessExpired as death:
        return item, Lost(f"its process died ({death}); it may want more memory than there is")
    except Exception as error:  # noqa: BLE001 - an item's failure is its own
        return item, Lost(f"{type(error).__name__}: {error}; {OUR_MISTAKE}")
