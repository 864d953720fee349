"""Items -> results, in order, in several processes. An item that hangs or kills its process affects no other."""

from __future__ import annotations

import errno
import functools
import gc
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
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.document import Cause, SkipDocument
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pebble import ProcessFuture, ProcessPool

MOST_MEMORY = 4 * 2**30  # bytes of data of a process; a document of max_bytes takes less than a quarter
OBJECTS_TO_COLLECT = 50_000  # new objects before a collection of garbage; tokens of Markdown have no cycles
WALL_SECONDS = 10  # of wall time for each second of CPU time: the machine may be busy, the process may sleep
WORKER, WARM_WORKER = "pipeline.run.worker", "pipeline.run.warm"  # modules that worker processes share
MANY_ITEMS = 32  # items for which loading all that a document may need costs less than it saves
NEXT_RUN = "the next run tries again"
LITTLE_MEMORY = f"needs more memory than this shell allows (see `ulimit -a`); {NEXT_RUN}"
BUG_REPORT_HINT = "this is our mistake, please report it with the file"
Item = TypeVar("Item")
Result = TypeVar("Result")


def worker_count(settings: Settings) -> int:
    """Return the number of worker processes: the setting `worker_count`, else the number of CPUs."""
    return settings.jobs or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class NoResult:
    """An item has no result: the reason and the cause."""

    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one item: CPU seconds, the folder for temporary files, bytes of memory."""

    seconds: float
    scratch: Path
    memory: int = MOST_MEMORY


def run_each(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int, limits: Limits
) -> Generator[tuple[Item, Result | NoResult]]:
    """Yield (item, work(item)) in the order of `items`, or (item, Lost) if there is no result.

    `work` and the items are pickled. At most four items per process wait, so that memory does not grow with them. Close
    the generator if you do not take all results: at the exit of Python it would wait for ever. Raises OSError if no
    process can be started.
    """
    waiting: deque[tuple[Item, ProcessFuture[Result | NoResult]]] = deque()
    limited = functools.partial(run_limited, work, limits)
    rest = iter(items)
    first = list(islice(rest, MANY_ITEMS))
    if not first:
        return
    from pebble import ProcessPool  # noqa: PLC0415 - a run without changes starts no process

    context = _context(preload=WARM_WORKER if len(first) == MANY_ITEMS else WORKER)
    with ProcessPool(min(jobs, len(first)), initializer=_begin, initargs=(limits,), context=context) as pool:
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
        raise (OSError if result.cause == "environment" else SkipDocument)(result.reason)
    return result


def _begin(limits: Limits) -> None:
    """Prepare a worker process: Ctrl-C is for the main process; collect garbage seldom; limit the memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(OBJECTS_TO_COLLECT)
    limits.scratch.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(limits.scratch.absolute())  # a later run removes the files of a killed one
    _limit("RLIMIT_DATA", limits.memory)


def _limit(name: str, most: float) -> None:
    """Limit a resource of this process; a lower limit stays."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard), hard))


def lift_cpu_limit() -> None:
    """Remove the limit of CPU time: the worker process of a cluster lives on between its items."""
    if multiprocessing.parent_process() is not None:
        _limit("RLIMIT_CPU", sys.maxsize)


def _memory_is_limited(memory: int) -> bool:
    """Return whether the shell or the system allows less memory than a worker process may use."""
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 - Windows has none

    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return any(one != resource.RLIM_INFINITY and one < memory for one in soft)


def run_limited(work: Callable[[Item], Result], limits: Limits, item: Item) -> Result | NoResult:
    """Return work(item), or why it failed; the kernel ends a worker process if it takes too much CPU time."""
    is_worker = multiprocessing.parent_process() is not None
    if is_worker:
        _limit("RLIMIT_CPU", sum(os.times()[:2]) + limits.seconds + 1)
    try:
        return work(item)
    except OSError as error:
        return NoResult(f"{error.strerror or error}{_file_of(error)}; {NEXT_RUN}", "environment")
    except BaseException as error:  # the failure of an item stops no other, not even SystemExit of a plugin
        if not (is_worker or isinstance(error, Exception)):
            raise
        if _memory_is_limited(limits.memory):
            return NoResult(LITTLE_MEMORY, "environment")
        if isinstance(error, MemoryError):
            return NoResult(f"needs more than {limits.memory >> 30} GB of memory; split the document", "document")
        return NoResult(bug_reason(error), "bug")


def bug_reason(error: BaseException) -> str:
    """Return the reason for an item that failed because of a bug.

    >>> bug_reason(KeyError("x"))
    "KeyError: 'x'; this is our mistake, please report it with the file"
    """
    return f"{type(error).__name__}: {error}; {BUG_REPORT_HINT}"


def _file_of(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""


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
        busy = f"gave no result in {WALL_SECONDS * limits.seconds:g} s; the machine may be busy; {NEXT_RUN}"
        return item, NoResult(busy, "environment")
    except ProcessExpired as death:
        return item, _died(death.exitcode or 0, limits)
    except BrokenProcessPool as error:
        raise OSError(0, f"the worker processes cannot be started or were killed ({error}); run again") from error


def _died(code: int, limits: Limits) -> NoResult:
    """Return the reason that an exit code means: over the limit of CPU time, killed, or crashed."""
    if code == -getattr(signal, "SIGXCPU", 0):
        reason = (
            f"takes more than max_seconds = {limits.seconds:g} s of CPU time; raise the setting or split the document"
        )
        return NoResult(reason, "document")
    if code in {-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM)}:
        reason = f"its process was killed, perhaps because memory was short; {NEXT_RUN}"
        return NoResult(reason, "environment")
    if _memory_is_limited(limits.memory):
        return NoResult(LITTLE_MEMORY, "environment")
    return NoResult(f"its process died with code {code}; it may exceed the memory limit per document", "document")
