"""Shared fixtures: the sample archive, the command line, and the measuring material if it is available."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.forked import Call, call, call_anew, start_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
CORPUS = ROOT / "tests" / "corpus"
CLONE_NEWNS = 0x20000  # from linux/sched.h: mounts end with the process, even if it is killed
LONGEST = {"test_histories", "test_engines"}  # modules with a test of half a minute
Lacuna = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure() -> None:
    """Restore Ctrl-C for child processes, which a shell in the background ignores; end mounts with the process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux" and not ctypes.CDLL(None).unshare(CLONE_NEWNS):
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)  # noqa: S607


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the process that commands are copied from while a worker of xdist collects the tests."""
    if hasattr(session.config, "workerinput"):
        start_server()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests: at the end, one process would work on them while the others have nothing to do."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the expected output in tests/cases/*.md")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with a copy of the sample archive in raw/."""
    shutil.copytree(ROOT / "raw", tmp_path / "raw")
    return tmp_path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive after one run, which the first process of xdist makes for all; tests only read it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            new = folder.with_name("making")
            shutil.copytree(ROOT / "raw", new / "raw")
            ran = command("run", cwd=new)
            assert ran.returncode == 0, ran.stderr
            new.rename(folder)
    return folder


@pytest.fixture
def cleaned(made: Path, tmp_path: Path) -> Path:
    """A copy of the sample archive after one run, for tests of what the next run does."""
    return shutil.copytree(made, tmp_path / "cleaned")


def command(
    *arguments: str, cwd: Path, data: str | bytes | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python -m pipeline` as a user would, with `env` in a new interpreter; output is UTF-8."""
    given = data.encode() if isinstance(data, str) else data or b""
    line = Call(arguments, cwd, {**os.environ, "NO_COLOR": "1", **(env or {})}, given)
    code, *streams = call_anew(line) if env else call(line)
    return subprocess.CompletedProcess(arguments, code, *(stream.decode("utf-8", "replace") for stream in streams))


@contextmanager
def running(*arguments: str, cwd: Path, **streams: int) -> Iterator[subprocess.Popen[str]]:
    """Start `python -m pipeline`; kill it at the end, so that a failed assertion does not wait for it."""
    started = [sys.executable, "-m", "pipeline", *arguments]
    with subprocess.Popen(started, cwd=cwd, text=True, **streams) as process:
        try:
            yield process
        finally:
            process.kill()  # no effect on a process that has ended


@pytest.fixture
def lacuna() -> Lacuna:
    """The command line."""
    return command


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window, as Debian installs it; without it, tests in a browser are skipped."""
    file = shutil.which("chromium") or shutil.which("google-chrome")
    if not file:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - takes 0.3 s, which few tests need

    with sync_playwright() as playwright:
        quiet = ("--disable-background-networking", "--disable-component-update", "--no-first-run")
        running = playwright.chromium.launch(executable_path=file, args=["--no-sandbox", "--disable-gpu", *quiet])
        yield running
        running.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The measuring material; without it, tests that need it are skipped, and fail in CI."""
    if not SHARED.is_dir():
        missing = "the measuring material (../shared) is not here"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return SHARED


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The texts, cases and examples that ship with the tests: tests/corpus/README.md."""
    return CORPUS


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` with its bytes, without hidden files."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in found.items() if not any(part.startswith(".") for part in name.split("/"))}
