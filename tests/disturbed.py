"""Run the command line with a fault at a chosen moment, and compare its outputs with those of a fresh run.

A run is a child of multiprocessing's fork server, which has loaded the package: it starts in milliseconds. A fault is
injected with hooks of the interpreter (`sys.addaudithook`, `sys.setprofile`): the n-th operation of a kind fails like
a real error of the operating system, or the process is killed at that moment.
"""

from __future__ import annotations

import errno
import hashlib
import io
import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
import stat
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.forkserver import _forkserver
from pathlib import Path
from typing import Any

from pipeline.__main__ import main
from tests.conftest import tree

AUDITED = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.chmod", "sqlite3.connect")
PROFILED = ("write", "fsync", "execute")
OPERATIONS = (*AUDITED, *PROFILED)
KILL = "SIGKILL"
ERRORS = ("ENOSPC", "EIO", "EMFILE")
EDITED = re.compile(r"\.edited(-\d+)?\.md\b")  # a clean file that a user edited, saved before it is replaced
BOOKS = ("archive.", "posts/", "editions/", "opds/")  # in out/: `--no-editions` does not touch them
SERVED = ("_forkserver_address", "_forkserver_authkey")  # the variables that connect to a running fork server
SERVER = multiprocessing.get_context("forkserver")


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


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, negative if a signal ended it, and its output."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> list[str]:
        """The lines that depend only on raw/ and the settings: without written files and saved edits."""
        lines = [line for line in self.out.splitlines() if not EDITED.search(line)]
        return [re.sub(r"; \d+ files? (to write|written), \d+ (to remove|removed)", "", line) for line in lines]


def lacuna(folder: Path, *arguments: str, fault: Fault | None = None, temporary: Path | None = None) -> Ended:
    """Run the command line in `folder`, in a separate process, with temporary files in `temporary`."""
    SERVER.set_forkserver_preload(
        [__name__, "pipeline.commands.archive", "pipeline.run.incremental", "pipeline.run.worker"]
    )
    with tempfile.TemporaryDirectory() as output:
        forkserver.ensure_running()
        server = {name: value for name, value in vars(_forkserver).items() if name in SERVED}
        process = SERVER.Process(target=_lacuna, args=((folder, temporary), arguments, fault, Path(output), server))
        process.start()
        process.join()
        out, err = (Path(output, name).read_text("utf-8", "replace") for name in ("out", "err"))
    code = process.exitcode
    process.close()
    assert code is not None
    return Ended(code, out, err)


def _lacuna(
    places: tuple[Path, Path | None],
    arguments: Sequence[str],
    fault: Fault | None,
    output: Path,
    server: dict[str, object],
) -> None:
    vars(_forkserver).update(server, ensure_running=resource_tracker.ensure_running)  # starting another takes 1 s
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(output / name, os.O_WRONLY | os.O_CREAT), number)
    folder, temporary = places
    os.chdir(folder)
    if temporary:
        os.environ["TMPDIR"], tempfile.tempdir = str(temporary), None
    os.environ["NO_COLOR"] = "1"
    sys.argv = ["lacuna", *arguments]
    if fault:
        fault.arm(folder)
    try:
        main()
    finally:
        sys.setprofile(None)
        sys.stdout.flush()
        sys.stderr.flush()


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Return everything below `folder`, with hidden files: kind, times, and bytes or link target."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (state.st_mode, state.st_mtime_ns if content else 0, content)
    return found


def outputs(folder: Path, *flags: str) -> dict[str, bytes]:
    """Return the files of clean/ and of the output folder in the settings, without books that `flags` exclude."""
    settings = folder / "pipeline.toml"
    out = tomllib.loads(settings.read_text("utf-8")).get("out", "out") if settings.exists() else "out"
    left = BOOKS if "--no-editions" in flags else ()
    made = {f"clean/{name}": data for name, data in tree(folder / "clean").items()}
    return made | {f"{out}/{name}": data for name, data in tree(folder / out).items() if not name.startswith(left)}


_FRESH: dict[str, tuple[Ended, dict[str, bytes]]] = {}


def fresh(folder: Path, *flags: str) -> tuple[Ended, dict[str, bytes]]:
    """Return the result and the outputs of a run with the same raw/ and settings in a new folder."""
    raw = {name: (mode, content) for name, (mode, _, content) in snapshot(folder / "raw").items()}
    settings = folder / "pipeline.toml"
    given = settings.read_bytes() if settings.exists() else b""
    key = hashlib.sha256(repr((raw, given, flags)).encode()).hexdigest()
    if key not in _FRESH:
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(folder / "raw", Path(place, "raw"), symlinks=True)
            Path(place, "pipeline.toml").write_bytes(given)
            _FRESH[key] = lacuna(Path(place), "run", *flags), outputs(Path(place), *flags)
    return _FRESH[key]


def differences(
    there: dict[str, bytes], wanted: dict[str, bytes], edits: AbstractSet[bytes] = frozenset()
) -> list[str]:
    """Return a description of each difference from the expected outputs; saved user edits are expected too."""
    saved = {name for name in there.keys() - wanted.keys() if EDITED.search(name) and there[name] in edits}
    return [
        *(f"missing: {name}" for name in sorted(wanted.keys() - there.keys())),
        *(f"extra: {name} ({there[name][:60]!r})" for name in sorted(there.keys() - wanted.keys() - saved)),
        *(
            f"differs: {name}{_where(there[name], wanted[name])}"
            for name in sorted(there.keys() & wanted.keys())
            if there[name] != wanted[name]
        ),
        *(f"lost edit: {text!r}" for text in sorted(edits - {there[name] for name in saved})),
    ]


def _where(there: bytes, wanted: bytes) -> str:
    at = next((at for at, (one, other) in enumerate(zip(there, wanted, strict=False)) if one != other), -1)
    return f" at byte {at}: {there[max(0, at - 20) : at + 40]!r}, wanted {wanted[max(0, at - 20) : at + 40]!r}"


def healthy(folder: Path, *flags: str, edits: AbstractSet[bytes] = frozenset()) -> Ended:
    """Run without a fault; assert that the outputs equal those of a fresh run, and that raw/ has not changed."""
    before = snapshot(folder / "raw")
    ended = lacuna(folder, "run", *flags)
    expected, wanted = fresh(folder, *flags)
    assert "Traceback" not in ended.err, ended.err
    found = differences(outputs(folder, *flags), wanted, edits)
    assert not found, "\n".join([str(ended), "but clean/ and out/ are not those of a fresh run", *found])
    assert (ended.code, ended.summary) == (expected.code, expected.summary), f"{ended}\nbut a fresh run: {expected}"
    assert snapshot(folder / "raw") == before, "raw/ was written"
    assert not list(folder.rglob(".partial")), "there is a .partial"
    return ended
