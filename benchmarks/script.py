"""Time the text stages of a run, and a script that people write themselves, on the posts of a folder.

usage: python benchmarks/script.py FOLDER [NUMBER]    (default: 300 posts)

The script decodes with charset-normalizer, fixes with `ftfy.fix_text` and formats with mdformat, in two processes.
It is the second half of this file. `lacuna run --no-editions --jobs 2` also finds links and duplicates and writes the
report. Both start cold, on copies of the same posts. Prints the CPU seconds of each with all their processes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

POSTS = 300
PR_SET_CHILD_SUBREAPER = 36  # of prctl(2): the processes of killed or ended children become ours, and their times count
SKIPPED = 4  # exit status of a run that skipped a post
SCRIPT = "script"  # the argument that makes this file the script


def main() -> None:
    """Copy the posts, run both, and print the times."""
    folder, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else POSTS  # noqa: PLR2004
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".md", ".txt"} and path.is_file())[:number]
    ours, theirs = compared(files)
    print(f"lacuna {ours:.1f} s, script {theirs:.1f} s: {theirs / ours:.2f} times as fast")


def compared(files: Sequence[Path]) -> tuple[float, float]:
    """Return the CPU seconds of Lacuna and of the script for some posts."""
    with tempfile.TemporaryDirectory() as place:
        raw = Path(place, "raw")
        raw.mkdir()
        for at, file in enumerate(files):
            shutil.copy(file, raw / f"{at:05}-{file.stem[:60]}.md")
        size = sum(file.stat().st_size for file in raw.iterdir())
        print(f"{len(files)} posts, {size / 1e6:.1f} MB")
        ours = cpu_seconds(["-m", "pipeline", "run", "--no-editions", "--jobs", "2"], place)
        return ours, cpu_seconds([__file__, SCRIPT], place)


def cpu_seconds(arguments: Sequence[str], folder: str) -> float:
    """Return the CPU seconds of a Python process and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-P", *arguments]
    ended = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)  # noqa: S603 - our own
    if ended.returncode not in {0, SKIPPED}:
        ended.check_returncode()
    while True:  # processes that outlived it
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def script() -> None:
    """Clean raw/ into script/, as the script of many people does."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - the script's own

    Path("script").mkdir()
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(clean, sorted(Path("raw").iterdir()), chunksize=8))


def clean(path: Path) -> None:
    """Clean one file."""
    import ftfy  # noqa: PLC0415 - the script's own
    import mdformat  # noqa: PLC0415 - the same
    from charset_normalizer import from_bytes  # noqa: PLC0415 - the same

    best = from_bytes(path.read_bytes()).best()
    text = mdformat.text(ftfy.fix_text(str(best)), extensions={"gfm"})
    Path("script", path.name).write_text(text, "utf-8")


if __name__ == "__main__":
    script() if sys.argv[1:] == [SCRIPT] else main()
