"""Items -> results, in order, in several processes. An item that hangs or kills its process affects no other."""

from __future__ import annotations

import errno
import functools
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.document import SkipDocument
from pipeline.run.limits import NEXT_RUN, Item, Limits, NoResult, Result, begin_worker, cause_of_death, run_limited
from pipeline.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from pebble import ProcessFuture, ProcessPool

WALL_SECONDS = 10  # of wall time for each second of CPU time: the machine may be busy, the process may sleep
STANDARD_ERROR = 2  # the number of the last standard stream
LONGEST_WAIT = 10**6  # seconds: poll(2) takes at most 2**31 milliseconds
WORKER, WARM_WORKER = "pipeline.run.worker", "pipeline.run.warm"  # modules that worker processes share
MANY_ITEMS = 32  # items for which loading all that a document may need costs less than it saves


def worker_count(settings: Settings) -> int:
    """Return the number of worker processes: the setting `worker_count`, else the number of CPUs."""
    return settings.jobs or os.cpu_count() or 1


def run_each(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int, limits: Limits
) -> Generator[tuple[Item, Result | NoResult]]:
    """Yield (item, work(item)) in the order of `items`, or (item, Lost) if there is no result.

    `work` and the items are pickled. At most four items per process wait, so that memory does not grow with them. Close
    the generator if you do not take all results: at the exit of Python it would wait for ever. Raises OSError if no
    process can be started, or its folder for temporary files cannot be made.
    """
    waiting: deque[tuple[Item, ProcessFuture[Result | NoResult]]] = deque()
    limited = functools.partial(run_limited, work, limits)
    rest = iter(items)
    first = list(islice(rest, MANY_ITEMS))
    if not first:
        return
    limits.scratch.mkdir(parents=True, exist_ok=True)
    if len(first) == 1 and _may_fork():
        yield first[0], _run_in_fork(limited, first[0], limits)
        return
    from pebble import ProcessPool  # noqa: PLC0415 - a run without changes starts no process

    context = _context(preload=WARM_WORKER if len(first) == MANY_ITEMS else WORKER)
    with ProcessPool(min(jobs, len(first)), initializer=begin_worker, initargs=(limits,), context=context) as pool:
        try:
            for item in chain(first, rest):
                waiting.append((item, _scheduled(pool, limited, item, limits)))
                if len(waiting) >= 4 * jobs:
                    yield _result(*waiting.popleft(), limits)
            while waiting:
                yield _result(*waiting.popleft(), limits)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _may_fork() -> bool:
    """Return whether a copy of this process can work: on Linux, without other threads, whose locks would stay.

    The system counts them: libraries such as Typst have threads that Python does not know of.
    """
    threads = Path("/proc/self/task")
    return sys.platform == "linux" and threads.is_dir() and len([*threads.iterdir()]) == 1


def _run_in_fork(work: Callable[[Item], Result | NoResult], item: Item, limits: Limits) -> Result | NoResult:
    """Return work(item), done by a copy of this process: it need not load again what is loaded, half a second."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    child = fork.Process(target=_send_result, args=(work, item, limits, sender))
    with receiver:
        with sender:
            child.start()
        try:
            ended = receiver.poll(min(WALL_SECONDS * limits.seconds, LONGEST_WAIT))
            return receiver.recv() if ended else _too_slow(limits)
        except (EOFError, OSError):  # it ended before its result was sent
            child.join()
            return cause_of_death(child.exitcode or 0, limits)
        finally:
            child.kill()
            child.join()


def _send_result(work: Callable[[Item], Result], item: Item, limits: Limits, sender: Connection) -> None:
    """Send work(item) from a copy of a process, which holds none of the files and locks that were open."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - names, not paths
        if number > STANDARD_ERROR and number != sender.fileno():
            with suppress(OSError):  # the folder itself is closed already
                os.dup2(nothing, number)  # the number stays in use: an object may close it once more
    begin_worker(limits)
    sender.send(work(item))


def _scheduled(pool: ProcessPool, work: Callable[[Item], Result], item: Item, limits: Limits) -> ProcessFuture[Result]:
    """Return the future result of work(item). Raises OSError if the system refuses a thread."""
    try:
        return pool.schedule(work, args=(item,), timeout=WALL_SECONDS * limits.seconds)
    except RuntimeError as error:  # Python raises it if no thread can be started
        raise OSError(errno.EAGAIN, str(error), "the worker processes") from error


def run_alone(work: Callable[[Item], Result], item: Item, limits: Limits) -> Result:
    """Return work(item), run in its own process. Raises OSError if the system fails, else SkipDocument."""
    ((_, result),) = run_each(work, [item], 1, limits)
    if isinstance(result, NoResult):
        if result.cause != "environment":
            raise SkipDocument(result.reason)
        raise OSError(0, result.reason.removesuffix(f"; {NEXT_RUN}"), str(limits.scratch.parent))
    return result


def _context(*, preload: str) -> multiprocessing.context.BaseContext:
    """Return how to start processes: safe with threads, and the fastest of these; they share the module `preload`.

    Worker processes import nothing from the working folder, where `python -c` looks first.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


def _result(item: Item, future: ProcessFuture[Result | NoResult], limits: Limits) -> tuple[Item, Result | NoResult]:
    from pebble import ProcessExpired  # noqa: PLC0415 - the same

    try:
        return item, future.result()
    except FutureTimeoutError:
        return item, _too_slow(limits)
    except ProcessExpired as death:
        return item, cause_of_death(death.exitcode or 0, limits)
    except BrokenProcessPool as error:
        raise OSError(0, f"the worker processes cannot be started or were killed ({error}); run again") from error


def _too_slow(limits: Limits) -> NoResult:
    busy = f"gave no result in {WALL_SECONDS * limits.seconds:g} s; the machine may be busy; {NEXT_RUN}"
    return NoResult(busy, "environment")
