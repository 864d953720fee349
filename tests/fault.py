"""A fault at a chosen moment: the n-th operation of a kind fails like a real error of the system, or kills the process.

Faults are injected with hooks of the interpreter: `sys.addaudithook`, `sys.setprofile`.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sqlite3
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AUDITED = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.chmod", "sqlite3.connect")
PROFILED = ("write", "fsync", "execute")
OPERATIONS = (*AUDITED, *PROFILED)
KILL = "SIGKILL"
ERRORS = ("ENOSPC", "EIO", "EMFILE")


@dataclass(frozen=True)
class Fault:
    """A kill or a named error at the n-th operation of a kind in the main process."""

    operation: str
    nth: int
    effect: str

    def arm(self, folder: Path) -> None:
        """Install the fault in this process, for operations on files below `folder`."""
        left = [self.nth]

        def count(*path: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                self.happen(*path)

        def audit(event: str, arguments: tuple[Any, ...]) -> None:
            if event == self.operation and _below(folder, arguments):
                count(arguments[0])

        def profile(_frame: object, event: str, called: Any) -> None:
            if event == "c_call" and called.__name__ == self.operation and _is_file_or_database(called):
                count()

        if self.operation in AUDITED:
            sys.addaudithook(audit)
        else:
            sys.setprofile(profile)

    def happen(self, *path: object) -> None:
        """Kill this process, or raise the error of the operation, with the file's name if it is known."""
        if self.effect == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.operation in {"execute", "sqlite3.connect"}:
            error = sqlite3.OperationalError(f"injected {self.effect}")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL if self.effect == "ENOSPC" else sqlite3.SQLITE_IOERR
            raise error
        number = getattr(errno, self.effect)
        raise OSError(number, os.strerror(number), *path)


def _below(folder: Path, arguments: tuple[Any, ...]) -> bool:
    """Return whether an audited event is about a file below `folder`; relative paths count."""
    first = arguments[0] if arguments else None
    if not isinstance(first, str | bytes | os.PathLike):
        return False
    path = os.fsdecode(first)
    return path.startswith(f"{folder}/") or not path.startswith("/")


def _is_file_or_database(called: Any) -> bool:
    owner = getattr(called, "__self__", None)
    if called.__name__ == "fsync":
        return True
    if isinstance(owner, io.BufferedWriter | io.TextIOWrapper):
        return owner.fileno() > 2 and stat.S_ISREG(os.fstat(owner.fileno()).st_mode)
    return isinstance(owner, sqlite3.Connection)
