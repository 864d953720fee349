"""Runs and shards give the same bytes in every engine, also after a worker or the scheduler of a cluster is killed."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path

import msgspec
import pytest

from pipeline.document import SkipDocument
from pipeline.run.engines import ExecutorEngine, InProcess, LocalProcesses, opened_engine
from pipeline.run.incremental import run_archive
from pipeline.run.limits import Limits, NoResult
from pipeline.run.shard import ShardCounts
from pipeline.run.shard_duplicates import find_shard_duplicates
from pipeline.run.shard_files import ShardPart
from pipeline.run.shards import Shard, run_shards
from pipeline.settings import Settings, SettingsError
from tests.conftest import CORPUS, ROOT

needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="dask is not installed")
PARTS = 6
WORKERS = 2


def posts() -> list[Path]:
    """Return the texts of the corpus and the sample, of which one is damaged."""
    return [*sorted((CORPUS / "texts").rglob("*.md")), *sorted((ROOT / "raw").glob("*.txt"))]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of local processes: clean/ and out/ of an archive, shards of a file of rows."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "raw").mkdir()
    for file in posts():
        shutil.copy(file, folder / "raw" / f"{file.parent.name}-{file.name}")
    texts = [file.read_text("utf-8", "replace")[:700] for file in posts()] * 4
    rows = [{"id": str(at), "text": text if at % 50 else None} for at, text in enumerate(texts)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run_archive(settings_in(folder))
    assert sum(counts.rows for counts in repaired(folder, Settings(jobs=2))) == len(rows)
    return folder


def settings_in(folder: Path, **given: object) -> Settings:
    """Return the settings of an archive without books."""
    places = {name: str(folder / name) for name in ("raw", "clean", "out")}
    return msgspec.structs.replace(Settings(editions=False, jobs=2), **places, **given)


def repaired(folder: Path, settings: Settings) -> list[ShardCounts]:
    """Repair rows.jsonl in parts; return the counts of each."""
    shards = [Shard(folder / "rows.jsonl", folder / "shards", ShardPart(number + 1, PARTS)) for number in range(PARTS)]
    counts = [counts for _, counts in run_shards(shards, settings)]
    find_shard_duplicates(folder / "shards", [shard.part.name_of(shard.file) for shard in shards], settings)
    return counts


@pytest.fixture
def other(local: Path, tmp_path: Path) -> Path:
    """A folder with the same inputs."""
    shutil.copytree(local / "raw", tmp_path / "raw")
    shutil.copy(local / "rows.jsonl", tmp_path)
    return tmp_path


def contents(folder: Path, *names: str) -> dict[str, bytes]:
    """Return the files below some folders that are no state of a run."""
    found = {
        str(file.relative_to(folder)): file.read_bytes()
        for name in names
        for file in sorted((folder / name).rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }
    assert found
    return found


def test_this_process_gives_the_same(local: Path, other: Path):
    """The engine without processes writes what local processes write."""
    run_archive(settings_in(other, engine="in-process"))
    repaired(other, Settings(engine="in-process"))
    assert contents(other, "clean", "out", "shards") == contents(local, "clean", "out", "shards")


class Failing(InProcess):
    """An executor whose calls fail in the ways of clusters: killed worker, wrong installation, lost scheduler."""

    def __init__(self, *errors: BaseException) -> None:
        """Fail at the first calls."""
        self.errors = list(errors)

    def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> Future[object]:
        """Return a call that failed, or that is done."""
        if not self.errors:
            return super().submit(fn, *args, **kwargs)
        future: Future[object] = Future()
        future.set_exception(self.errors.pop(0))
        return future


def alone(kind: str) -> list[str]:
    """End in one of several ways; return the files that are open in this process."""
    if kind == "dies":
        os._exit(9)
    if kind == "is killed":
        os.kill(os.getpid(), signal.SIGTERM)
    if kind == "fails":
        raise KeyError(kind)
    return [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.exists()]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("dies", "died with code 9"), ("is killed", "was killed"), ("fails", "KeyError: 'fails'")],
)
def test_a_single_item_ends_no_other_process(tmp_path: Path, kind: str, reason: str):
    """A single item has its own process, in which it may fail in any way."""
    ((_, result),) = LocalProcesses(2).run_each(alone, [kind], Limits(60, tmp_path))
    assert isinstance(result, NoResult)
    assert reason in result.reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems start a new process")
def test_a_single_item_holds_no_lock(tmp_path: Path):
    """The process of a single item has no file that is open here: it may outlive this process and a lock in it."""
    with (tmp_path / "lock").open("w") as lock:
        ((_, files),) = LocalProcesses(2).run_each(alone, ["works"], Limits(60, tmp_path))
    assert lock.name not in files


def tripled(number: int) -> int:
    """Return three times a number; 7 ends its process."""
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return 3 * number


def test_a_call_that_fails_is_repeated_here(tmp_path: Path):
    """An item whose worker dies loses no other, and the order stays."""
    engine = ExecutorEngine(lambda: failing, 1, 4)
    failing: Executor = Failing(RuntimeError("killed worker"))
    made = dict(engine.run_each(tripled, [7, 1, 2, 3, 4], Limits(60, tmp_path)))
    assert isinstance(made.pop(7), NoResult)
    assert made == {1: 3, 2: 6, 3: 9, 4: 12}


@pytest.mark.parametrize(
    ("error", "message"),
    [(CancelledError(), "the engine has ended"), (ImportError("no module"), "a worker cannot do the work")],
)
def test_an_engine_that_ended_stops_the_run(tmp_path: Path, error: Exception, message: str):
    """The error says what happened; the command exits with 3 and the next run goes on."""
    engine = ExecutorEngine(lambda: Failing(error), 1)
    with pytest.raises(OSError, match=message):
        list(engine.run_each(tripled, [1], Limits(60, tmp_path)))


def test_an_unknown_engine_is_named():
    """The message lists what exists."""
    with (
        pytest.raises(SettingsError, match="no engine `dusk`; did you mean `dask`"),
        opened_engine(Settings(engine="dusk")),
    ):
        pass


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path):
    """Every engine names the damaged line."""
    (tmp_path / "rows.jsonl").write_text("{\n", "utf-8")
    with pytest.raises(SkipDocument, match="line 1 is not a JSON object"):
        repaired(tmp_path, Settings(engine="in-process"))


def test_local_processes_are_the_default():
    """Nothing else is installed or started."""
    with opened_engine(Settings(jobs=3)) as engine:
        assert engine == LocalProcesses(3)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A dask scheduler and two workers, each a process."""
    one = Cluster(tmp_path_factory.mktemp("cluster"))
    yield one
    one.stop()


class Cluster:
    """A scheduler and its workers, which others may kill."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self.folder, self.file = folder, folder / "scheduler.json"
        self.start()

    def start(self) -> None:
        """Start the scheduler, then the workers."""
        self.file.unlink(missing_ok=True)
        self.processes = [self.launched("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")]
        while not self.file.exists():
            assert self.processes[0].poll() is None, (self.folder / "scheduler.log").read_text("utf-8")
            time.sleep(0.05)
        more = ("--nworkers", str(WORKERS), "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))
        self.processes.append(self.launched("worker", *more))
        self.address = json.loads(self.file.read_text("utf-8"))["address"]

    def launched(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        """Start one command of dask."""
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(self.file), *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)

    def kill_worker(self) -> None:
        """End one worker process as the kernel does."""
        children = importlib.import_module("psutil").Process(self.processes[1].pid).children()
        next(child for child in children if any("spawn_main" in part for part in child.cmdline())).kill()

    def kill_scheduler(self) -> None:
        """End the scheduler as the kernel does."""
        self.processes[0].kill()

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def lacuna(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command with a cluster; it gives a lost scheduler up after a second."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    command = [sys.executable, "-P", "-m", "pipeline", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@needs_dask
def test_killed_workers_and_schedulers_change_no_byte(local: Path, other: Path, cluster: Cluster):
    """Shards with a killed worker, and a run whose scheduler is killed and that is repeated, equal local results."""
    engine = ("--engine", "dask", "--scheduler", cluster.address)
    shards = lacuna(other, "shard", "rows.jsonl", "-o", "shards", "--of", str(PARTS), "--duplicates", *engine)
    while shards.poll() is None and not [*(other / "shards" / ".partial").glob("*/journal")]:
        time.sleep(0.02)
    cluster.kill_worker()
    _, errors = shards.communicate()
    assert shards.returncode == 4, errors  # rows without text are rejected
    assert contents(other, "shards") == contents(local, "shards")

    run = lacuna(other, "run", "--no-editions", "--verbose", *engine)
    assert run.stderr
    line = run.stderr.readline()
    assert line.startswith("cleaning: "), line + run.stderr.read()
    cluster.kill_scheduler()
    _, errors = run.communicate()
    assert run.returncode == 3, errors
    assert "the engine has ended" in errors
    cluster.stop()
    cluster.start()
    again = lacuna(other, "run", "--no-editions", "--engine", "dask", "--scheduler", cluster.address)
    _, errors = again.communicate()
    assert again.returncode == 0, errors
    assert contents(other, "clean", "out") == contents(local, "clean", "out")
