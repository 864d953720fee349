"""Time the start-up: CPU seconds of `lacuna repair`, `detect` and `normalize` of a small file, and of `import ftfy`.

Then of `lacuna run` where nothing changed, over IDLE_POSTS posts.

    python benchmarks/startup.py

Each run is a new process. Prints the lowest and the median time of RUNS runs, after one that writes Python's bytecode
caches.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 10
IDLE_POSTS = 200
TEXTS = {
    "ascii.md": "# A title\n\nA paragraph of plain ASCII text.\n",
    "chinese.md": "# 标题\n\n这是一个很好的例子，我们今天讲一讲机器学习。\n",
}


def cpu_seconds(*arguments: str, cwd: str | None = None) -> list[float]:
    """Return the CPU seconds of RUNS Python processes, sorted."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    used = []
    for _ in range(RUNS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-P", *arguments],
            capture_output=True,
            check=True,
            env=environment,
            cwd=cwd,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return sorted(used[1:])


def show(name: str, used: list[float]) -> None:
    """Print the lowest and the median of some CPU times."""
    print(f"{name:<28} {used[0]:.3f} s, median {statistics.median(used):.3f} s")


def main() -> None:
    """Measure each command on each text, then ftfy."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in TEXTS.items():
            file = Path(folder, name)
            file.write_text(text, "utf-8")
            for command in ("repair", "detect", "normalize"):
                show(f"lacuna {command} {name}", cpu_seconds("-m", "pipeline", command, str(file)))
        raw = Path(folder, "raw")
        raw.mkdir()
        for at in range(IDLE_POSTS):
            raw.joinpath(f"{at}.md").write_text(f"# Post {at}\n\nText {at} of this archive.\n", "utf-8")
        show(f"run, {IDLE_POSTS} posts, no change", cpu_seconds("-m", "pipeline", "run", "--no-editions", cwd=folder))
    show("import ftfy", cpu_seconds("-c", "import ftfy"))


if __name__ == "__main__":
    main()
