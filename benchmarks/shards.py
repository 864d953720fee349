"""Measure `lacuna shard`: CPU time of a row, memory, and whether a run that is killed in the middle has the same bytes.

    python benchmarks/shards.py [ROWS [PARTS [POSTS]]]    (default: 1,000,000 rows in 16 parts)

Each row has about 200 characters: sentences of a language of scale.py, drawn with a fixed seed. With a folder POSTS of
Markdown files, a row has up to 130 characters: a number, and lines that follow one another in a post. One row in 200 is
mis-decoded. One process does all parts. Then the part in the middle is done again in another folder: ended by SIGKILL
when half of it is done, and repeated.
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
from itertools import count, islice
from pathlib import Path

from scale import PR_SET_CHILD_SUBREAPER, ROOT, sentences

LEAST, MOST = 170, 260  # characters of a row of sentences
MOST_OF_POST = 120  # characters of a row of a post
DAMAGED = 0.005  # share of the rows
MISDECODINGS = ("cp1252", "latin-1", "cp1251", "gbk")
KINDS = ("documents", "attributes", "rejects")


def rows(number: int, posts: Path | None) -> Iterator[str]:
    """Yield the texts of the rows."""
    chance = random.Random(36)
    texts = of_posts(posts, chance) if posts else of_sentences(chance)
    for text in islice(texts, number):
        damaged = chance.random() < DAMAGED
        yield text.encode().decode(chance.choice(MISDECODINGS), "ignore") if damaged else text


def of_sentences(chance: random.Random) -> Iterator[str]:
    """Yield texts of sentences that are drawn from one language each."""
    languages = sentences()
    while True:
        drawn, text = chance.choice(languages), ""
        while len(text) < LEAST:
            text = f"{text} {chance.choice(drawn)}".lstrip()
        yield text[:MOST]


def of_posts(folder: Path, chance: random.Random) -> Iterator[str]:
    """Yield parts of posts, each with a number, so that no two are equal."""
    texts = [file.read_text("utf-8", "replace") for file in sorted(folder.rglob("*.md")) if file.is_file()]
    for number in count():
        text = chance.choice(texts)
        start = text.rfind("\n", 0, chance.randrange(len(text) + 1)) + 1
        yield f"{number}\n\n{text[start : start + MOST_OF_POST]}"


def started(folder: Path, out: str, *parts: str) -> subprocess.Popen[bytes]:
    """Start the command in its own process group."""
    command = [sys.executable, "-P", "-m", "pipeline", "shard", "rows.jsonl", "-o", out, "--jobs", "1", *parts]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - ours


def waited(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Return the CPU seconds of a process and all its children, and the memory of the largest in MB."""
    before, largest = resource.getrusage(resource.RUSAGE_CHILDREN), 0
    while True:
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            break
        largest = max(largest, used.ru_maxrss)
    process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, largest / 1024


def same(folder: Path, one: str, other: str) -> bool:
    """Return whether the files of `other` have the same bytes in `one`."""
    files = [file.relative_to(folder / other) for kind in KINDS for file in (folder / other / kind).iterdir()]
    return len(files) == len(KINDS) and all(
        (folder / one / file).read_bytes() == (folder / other / file).read_bytes() for file in files
    )


def main() -> None:
    """Measure."""
    number, parts = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 1_000_000), (2, 16)))
    posts = Path(sys.argv[3]) if len(sys.argv) > 3 else None  # noqa: PLR2004 - the third argument
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(
                json.dumps({"id": str(at), "text": text}) + "\n" for at, text in enumerate(rows(number, posts))
            )
        start = time.perf_counter()
        used, largest = waited(started(folder, "calm", "--of", str(parts)))
        wall = time.perf_counter() - start
        rejected = sum(file.read_bytes().count(b"\n") for file in (folder / "calm" / "rejects").iterdir())
        print(
            f"{number} rows, {rejected} rejected: {1000 * used / number:.2f} ms of CPU time a row, {wall:.0f} s",
            end="",
        )
        print(f", largest process {largest:.0f} MB", flush=True)
        part = "--of", str(parts), "--part", str(parts // 2)
        done, half = folder / "killed" / ".partial", number // parts // 2
        killed = started(folder, "killed", *part)
        while not any(f'"rows":{half // 256 * 256},' in file.read_text() for file in done.glob("*/journal")):
            time.sleep(0.01)
        os.killpg(killed.pid, signal.SIGKILL)
        waited(killed)
        used, _ = waited(started(folder, "killed", *part))
        print(
            f"one part, killed at half: {used:.1f} s to finish; same bytes: {same(folder, 'calm', 'killed')}",
            flush=True,
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
