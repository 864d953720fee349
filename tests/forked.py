"""Run the command line in a copy of a process that has loaded the package: milliseconds instead of seconds.

A run is a child of multiprocessing's fork server, and so are its worker processes. Everything else is as in a new
interpreter: arguments, working folder, environment, streams, exit code. What depends on the start of an interpreter,
such as the search path, the locale or the seed of hashes, needs a new one.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.forkserver import _forkserver
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread

from pipeline.__main__ import main

LOADED = (  # what a run imports when it needs it, and what many documents need
    "pipeline.__main__", "pipeline.run.incremental", "pipeline.run.outputs", "pipeline.run.warm", "pipeline.cache_key",
    "pipeline.run.book_jobs", "pipeline.run.collections", "pipeline.run.catalogue", "pipeline.run.evidence",
    "pipeline.duplicates.clusters", "pipeline.duplicates.lsh_index", "pipeline.library.entries", "pipeline.read.html",
    "pebble", "pikepdf", "pypandoc", "pypdfium2", "typst", "uharfbuzz", "PIL.JpegImagePlugin",
)  # fmt: skip
SERVED = ("_forkserver_address", "_forkserver_authkey")  # the variables that connect to a running fork server
PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    server.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ), os.getpid()]).encode() + b"\\n")
    sys.exit(int(server.makefile().readline()))
"""
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
        return _exit_code(line, streams), streams[1].read_bytes(), streams[2].read_bytes()


def _exit_code(line: Call, streams: Sequence[Path]) -> int:
    """Run a command line with files as its streams; return its exit code."""
    server = {name: value for name, value in vars(_forkserver).items() if name in SERVED}
    process = SERVER.Process(target=_child, args=(line, streams, server))
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def call_anew(line: Call) -> tuple[int, bytes, bytes]:
    """Do what `call` does in a new interpreter, where `line.environment` decides how it starts."""
    started = [sys.executable, "-m", "pipeline", *line.arguments]
    ran = subprocess.run(
        started, cwd=line.folder, env=line.environment, input=line.data, capture_output=True, check=False
    )
    return ran.returncode, ran.stdout, ran.stderr


@contextmanager
def program(file: Path) -> Iterator[None]:
    """Write a program `lacuna`, for scripts of a shell, that has its command lines run by `call` while this is open."""
    start_server()
    with tempfile.TemporaryDirectory() as place, ThreadingUnixStreamServer(f"{place}/socket", _Caller) as server:
        Thread(target=server.serve_forever, args=(0.05,)).start()
        file.write_text(PROGRAM.format(python=sys.executable, address=server.server_address))
        file.chmod(0o755)
        try:
            yield
        finally:
            server.shutdown()


class _Caller(StreamRequestHandler):
    """Runs the command line that a program asks for, with the streams of its process."""

    def handle(self) -> None:
        """Answer with the exit code."""
        arguments, folder, environment, process = json.loads(self.rfile.readline())
        streams = [Path(f"/proc/{process}/fd/{number}") for number in range(3)]
        self.wfile.write(b"%d\n" % _exit_code(Call(arguments, Path(folder), environment), streams))


def _child(line: Call, streams: Sequence[Path], server: dict[str, object]) -> None:
    vars(_forkserver).update(server, ensure_running=resource_tracker.ensure_running)  # starting another takes 1 s
    for number, file in enumerate(streams):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY), number)
    names = {"stdin": "r", "stdout": "w", "stderr": "w"}
    for number, (name, mode) in enumerate(names.items()):
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", buffering=1 if number == 2 else -1, closefd=False))
    os.chdir(line.folder)
    os.environ.clear()
    os.environ.update(line.environment)
    tempfile.tempdir = None
    sys.argv = ["lacuna", *line.arguments]
    multiprocessing.process._parent_process = None  # noqa: SLF001 - it is not a worker
    if line.prepare:
        line.prepare()
    try:
        main()
    finally:
        sys.setprofile(None)
        sys.stdout.flush()
        sys.stderr.flush()
