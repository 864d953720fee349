"""Measure `lacuna shard`: CPU time of a row, and whether a run that is killed in the middle has the same bytes.

    python benchmarks/shards.py [ROWS [PARTS]]    (default: 1,000,000 rows in 16 parts)

Each row has about 200 characters: sentences of a language of scale.py, drawn with a fixed seed. One row in 200 is
mis-decoded. Runs once undisturbed; once ended by SIGKILL at half of the
parts, with all its processes, and repeated; and once with two workers of dask.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scale import PR_SET_CHILD_SUBREAPER, ROOT, sentences

LEAST, MOST = 170, 260  # characters of a row
DAMAGED = 0.005  # share of the rows
MISDECODINGS = ("cp1252", "latin-1", "cp1251", "gbk")
KINDS = ("documents", "attributes", "rejects")


def rows(number: int) -> Iterator[str]:
    """Yield the texts of the rows."""
    chance = random.Random(36)
    languages = sentences()
    for _ in range(number):
        drawn, text = chance.choice(languages), ""
        while len(text) < LEAST:
            text = f"{text} {chance.choice(drawn)}".lstrip()
        damaged = chance.random() < DAMAGED
        text = text[:MOST]
        yield text.encode().decode(chance.choice(MISDECODINGS), "ignore") if damaged else text


def started(folder: Path, out: str, parts: int, *more: str) -> subprocess.Popen[bytes]:
    """Start the command in its own process group."""
    command = [sys.executable, "-P", "-m", "pipeline", "shard", "rows.jsonl", "-o", out, "--of", str(parts), *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - ours


def waited(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU seconds of a process and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def same(folder: Path, one: str, other: str) -> bool:
    """Return whether two outputs have the same bytes."""
    files = [file.relative_to(folder / one) for kind in KINDS for file in (folder / one / kind).iterdir()]
    return all((folder / one / file).read_bytes() == (folder / other / file).read_bytes() for file in files)


def main() -> None:
    """Measure."""
    number, parts = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 1_000_000), (2, 16)))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": str(at), "text": text}) + "\n" for at, text in enumerate(rows(number)))
        start = time.perf_counter()
        used = waited(started(folder, "calm", parts))
        wall = time.perf_counter() - start
        print(f"{number} rows: {1000 * used / number:.2f} ms of CPU time a row, {wall:.0f} s of wall time", flush=True)
        killed = started(folder, "killed", parts)
        while len(list((folder / "killed" / ".partial").glob("*.done"))) < parts // 2:
            time.sleep(0.1)
        os.killpg(killed.pid, signal.SIGKILL)
        waited(killed)
        used = waited(started(folder, "killed", parts))
        print(f"killed at half: {used:.1f} s to finish; same bytes: {same(folder, 'calm', 'killed')}", flush=True)
        used = waited(started(folder, "dask", parts, "--engine", "dask", "--jobs", "2"))
        print(f"dask, 2 workers: {1000 * used / number:.2f} ms a row; same bytes: {same(folder, 'calm', 'dask')}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
