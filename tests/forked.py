"""Run the command line in a copy of a process that has loaded the package: milliseconds instead of seconds.

A run is a child of multiprocessing's fork server, and so are its worker processes. Everything else is as in a new
interpreter: arguments, working folder, environment, streams, exit code. What depends on the start of an interpreter,
such as the search path, the locale or the seed of hashes, needs a new one.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.forkserver import _forkserver
from pathlib import Path

from pipeline.__main__ import main

LOADED = (  # what a run imports when it needs it, and what many documents need
    "pipeline.__main__", "pipeline.run.incremental", "pipeline.run.outputs", "pipeline.run.warm", "pipeline.cache_key",
    "pipeline.run.book_jobs", "pipeline.run.collections", "pipeline.run.catalogue", "pipeline.run.evidence",
    "pipeline.duplicates.clusters", "pipeline.duplicates.lsh_index", "pipeline.library.entries", "pipeline.read.html",
    "pebble", "pikepdf", "pypandoc", "pypdfium2", "typst", "uharfbuzz", "PIL.JpegImagePlugin",
)  # fmt: skip
SERVED = ("_forkserver_address", "_forkserver_authkey")  # the variables that connect to a running fork server
SERVER = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Call:
    """A command line: its arguments, working folder, environment and input, and what is done in its process first."""

    arguments: Sequence[str]
    folder: Path
    environment: dict[str, str]
    data: bytes = b""
    prepare: Callable[[], None] | None = None


def start_server() -> None:
    """Start the fork server, unless it runs."""
    SERVER.set_forkserver_preload(list(LOADED))
    forkserver.ensure_running()


def call(line: Call) -> tuple[int, bytes, bytes]:
    """Run a command line; return its exit code, negative if a signal ended it, its output and its messages."""
    start_server()
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("in", "out", "err")]
        streams[0].write_bytes(line.data)
        server = {name: value for name, value in vars(_forkserver).items() if name in SERVED}
        process = SERVER.Process(target=_child, args=(line, streams, server))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return code, streams[1].read_bytes(), streams[2].read_bytes()


def call_anew(line: Call) -> tuple[int, bytes, bytes]:
    """Do what `call` does in a new interpreter, where `line.environment` decides how it starts."""
    started = [sys.executable, "-m", "pipeline", *line.arguments]
    ran = subprocess.run(
        started, cwd=line.folder, env=line.environment, input=line.data, capture_output=True, check=False
    )
    return ran.returncode, ran.stdout, ran.stderr


def _child(line: Call, streams: Sequence[Path], server: dict[str, object]) -> None:
    vars(_forkserver).update(server, ensure_running=resource_tracker.ensure_running)  # starting another takes 1 s
    for number, (file, flags) in enumerate(zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        os.dup2(os.open(file, flags), number)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    os.chdir(line.folder)
    os.environ.clear()
    os.environ.update(line.environment)
    tempfile.tempdir = None
    sys.argv = ["lacuna", *line.arguments]
    multiprocessing.process._parent_process = None  # noqa: SLF001 - it is no worker
    if line.prepare:
        line.prepare()
    try:
        main()
    finally:
        sys.setprofile(None)
        sys.stdout.flush()
        sys.stderr.flush()
