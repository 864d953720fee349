"""Measure how books grow with the archive, next to pandoc and Typst: `python benchmarks/volumes.py POSTS 120 480`.

The posts are Markdown files below the folder POSTS, evenly drawn. A run makes an EPUB and a tagged PDF of each post and
of each volume of the archive. The bare calls make them of the same posts, without images: pandoc to EPUB, pandoc to
Typst, Typst to PDF. Prints CPU seconds (user and system, of the whole process tree) and the memory of the largest
process.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypandoc
from scale import PR_SET_CHILD_SUBREAPER, ROOT

LEAST_BYTES = 1_000  # of a post
VOLUME = 60  # posts that the bare calls take together
IMAGE = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|<img[^>]*>")
TYPST = "import sys, typst; typst.compile(sys.argv[1], output=sys.argv[2])"


def drawn(folder: Path, number: int) -> list[Path]:
    """Return `number` posts of a folder, from all its parts."""
    posts = sorted(file for file in folder.rglob("*.md") if file.is_file() and file.stat().st_size >= LEAST_BYTES)
    return [posts[at * len(posts) // number] for at in range(number)]


def spent(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return the CPU seconds of its process tree and the memory of its largest process in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)  # noqa: S603 - ours
    largest = 0
    while True:
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            break
        largest = max(largest, used.ru_maxrss)
    process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, largest / 1024


def measure(posts: list[Path]) -> None:
    """Print what a run and the bare calls take for some posts."""
    folder = Path(tempfile.mkdtemp(prefix="volumes-"))
    number, lacuna = len(posts), [sys.executable, "-P", "-m", "pipeline", "run"]
    try:
        for at, post in enumerate(posts):
            place = folder / "raw" / f"{at:05}.md"
            place.parent.mkdir(exist_ok=True)
            shutil.copy(post, place)
        text, _ = spent([*lacuna, "--no-editions"], folder)
        books, largest = spent(lacuna, folder)
        volumes = len([*(folder / "out").glob("archive*.pdf"), *(folder / "out" / "archive").glob("*.pdf")])
        print(f"{number} posts: text {text:.1f} s, books {books:.1f} s, {volumes} PDFs of the archive", end="; ")
        print(f"largest process {largest:.0f} MB", flush=True)
        bare, failed = bare_calls(folder)
        print(
            f"{number} posts: bare calls {bare:.1f} s, {failed} PDFs failed; {books / bare:.2f} times as long",
            flush=True,
        )
    finally:
        shutil.rmtree(folder)


def bare_calls(folder: Path) -> tuple[float, int]:
    """Return the CPU seconds of pandoc and Typst for each clean post and for volumes, and how many PDFs failed."""
    work = folder / "bare"
    work.mkdir()
    posts = []
    for post in sorted((folder / "clean").glob("*.md")):
        posts.append(work / post.name)
        posts[-1].write_text(IMAGE.sub("", post.read_text("utf-8")), "utf-8")  # their files are not there
    groups = [[one] for one in posts] + [posts[at : at + VOLUME] for at in range(0, len(posts), VOLUME)]
    pandoc, seconds, failed = pypandoc.get_pandoc_path(), 0.0, 0
    for group in groups:
        names = [one.name for one in group]
        (work / "a.pdf").unlink(missing_ok=True)
        for command in (
            [pandoc, "-f", "gfm-yaml_metadata_block", "-t", "epub3", "-o", "a.epub", *names],
            [pandoc, "-s", "-f", "gfm-yaml_metadata_block", "-t", "typst", "-o", "a.typ", *names],
            [sys.executable, "-P", "-c", TYPST, "a.typ", "a.pdf"],
        ):
            seconds += spent(command, work)[0]
        failed += not (work / "a.pdf").exists()
    return seconds, failed


def main() -> None:
    """Measure each number of posts."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in map(int, sys.argv[2:]):
        measure(drawn(Path(sys.argv[1]), number))


if __name__ == "__main__":
    main()
