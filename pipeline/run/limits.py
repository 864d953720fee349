"""Work on one item -> its result within limits of CPU time and memory, or the reason why there is none."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline.document import Cause

MOST_MEMORY = 4 * 2**30  # bytes of data of a process; a document of max_bytes takes less than a quarter
OBJECTS_TO_COLLECT = 50_000  # new objects before a collection of garbage; tokens of Markdown have no cycles
NEXT_RUN = "the next run tries again"
LITTLE_MEMORY = f"needs more memory than this shell allows (see `ulimit -a`); {NEXT_RUN}"
BUG_REPORT_HINT = "this is our mistake, please report it with the file"
MOST_REASON = 500  # characters of the message of an error; a library may quote the whole document in it
Item = TypeVar("Item")
Result = TypeVar("Result")


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


def begin_worker(limits: Limits) -> None:
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
        with contextlib.chdir(os.curdir):  # a plugin may leave the working folder, which the next items need
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
    try:
        words = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an error of a plugin may fail at that too
        words = ""
    return f"{type(error).__name__}: {words[:MOST_REASON]}; {BUG_REPORT_HINT}"


def _file_of(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""


def cause_of_death(code: int, limits: Limits) -> NoResult:
    """Return the reason that an exit code means: over the limit of CPU time, killed, or crashed."""
    if code == -getattr(signal, "SIGXCPU", 0):
        reason = (
            f"takes more than max_seconds = {limits.seconds:g} s of CPU time; raise the setting or split the document"
        )
        return NoResult(reason, "document")
    if code in {-signal.SIGTERM, signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM)}:  # pebble exits with 15
        reason = f"its process was killed, perhaps because memory was short; {NEXT_RUN}"
        return NoResult(reason, "environment")
    if _memory_is_limited(limits.memory):
        return NoResult(LITTLE_MEMORY, "environment")
    return NoResult(f"its process died with code {code}; it may exceed the memory limit per document", "document")
