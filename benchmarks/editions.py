"""Time EPUB and PDF books, next to pandoc and Typst alone on the same input, and next to other tools.

python benchmarks/editions.py POSTS... prints CPU seconds for an EPUB and a PDF of each post. Other tools are calibre's
ebook-convert, percollate (which gets HTML), and pandoc with xelatex. Each gets the first five posts; missing ones are
left out. All figures are per post. `--jobs N...` prints the wall seconds with N processes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import typst

from pipeline.books.book import BookStyle
from pipeline.books.fonts import typst_fonts
from pipeline.books.pdf import markup as pdf
from pipeline.markdown import pandoc
from pipeline.run.book_worker import BookJob, make_books
from pipeline.run.limits import Limits, NoResult
from pipeline.run.pool import run_each
from pipeline.run.worker import cleaned_document
from pipeline.settings import Settings

FEW = 5
TOGETHER = 8  # as in a run
QUIET = {**os.environ, "QTWEBENGINE_DISABLE_SANDBOX": "1", "QT_QPA_PLATFORM": "offscreen"}


def spent() -> float:
    """Return the CPU seconds of this process and of the child processes that have ended."""
    return sum(os.times()[:4])


class Floor:
    """Sums the CPU seconds that pass inside the functions it wraps."""

    def __init__(self) -> None:
        """Start at zero."""
        self.seconds = 0.0

    def within(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return `work`, wrapped so that its CPU time is added to the sum."""

        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever `work` takes
            before = spent()
            try:
                return work(*arguments, **named)
            finally:
                self.seconds += spent() - before

        return timed


def bindings(posts: list[Path]) -> list[list[BookJob]]:
    """Return the jobs for cleaned posts, in batches as in a run."""
    documents = [(post, cleaned_document(PurePosixPath(post.name), post.read_bytes(), Settings())) for post in posts]
    every = [BookJob(document, post.parent, post, "", BookStyle()) for post, document in documents]
    return [every[at : at + TOGETHER] for at in range(0, len(every), TOGETHER)]


def ours(batches: list[list[BookJob]]) -> tuple[float, float]:
    """Return the CPU seconds to make the books, and the part that pandoc and Typst take."""
    floor = Floor()
    pandoc._run_limited = floor.within(pandoc._run_limited)  # type: ignore[assignment]  # noqa: SLF001 - wraps a private function

    class Compiler:
        """Typst's compiler with its CPU time added to the sum."""

        def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - Typst's own parameters
            self.compile = floor.within(typst.Compiler(*arguments, **named).compile)

    pdf.Compiler = Compiler  # type: ignore[misc,assignment]
    make_books(batches[0][:1])  # loads the fonts, which a process does once
    floor.seconds = 0.0
    before = spent()
    for batch in batches:
        make_books(batch)
    return spent() - before, floor.seconds


def bare(posts: list[Path]) -> float:
    """Return the CPU seconds of a plain script: pandoc twice for each post, and Typst, on the unchanged text."""
    tool = pandoc._pandoc_path()  # noqa: SLF001 - the same pandoc
    fonts = typst_fonts()
    before = spent()
    with tempfile.TemporaryDirectory() as folder:
        for post in posts:
            command = [tool, "-f", pandoc.DIALECT, "--sandbox", str(post), "-o"]
            subprocess.run([*command, f"{folder}/a.epub"], check=True, capture_output=True)  # noqa: S603 - a benchmark
            text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", post.read_text("utf-8"))  # the images are missing
            command = [tool, "-f", pandoc.DIALECT, "-t", "typst", "-s", "-o", f"{folder}/a.typ"]
            subprocess.run(command, check=True, input=text.encode(), capture_output=True)  # noqa: S603 - a benchmark
            compiler = typst.Compiler(f"{folder}/a.typ", root=folder, font_paths=fonts, ignore_system_fonts=True)
            compiler.compile(format="pdf")
    return spent() - before


def calibre(posts: list[Path], folder: str) -> None:
    """Make an EPUB and a PDF of each post with ebook-convert."""
    for post in posts:
        for kind in ("epub", "pdf"):
            command = ["ebook-convert", str(post), f"{folder}/a.{kind}"]
            subprocess.run(command, check=True, capture_output=True, env=QUIET)  # noqa: S603 - a benchmark


def percollate(posts: list[Path], folder: str) -> None:
    """Make an EPUB and a PDF of all posts at once with percollate."""
    for kind in ("epub", "pdf"):
        command = [
            "percollate",
            kind,
            "--individual",
            "--no-sandbox",
            *[f"{folder}/{post.stem}.html" for post in posts],
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)  # noqa: S603 - a benchmark


def xelatex(posts: list[Path], folder: str) -> None:
    """Make an EPUB and a PDF of each post with pandoc; the PDF with xelatex and the system's Noto fonts."""
    for post in posts:
        common = [pandoc._pandoc_path(), "-f", "commonmark_x", "-o"]  # noqa: SLF001 - the same pandoc
        text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", post.read_text("utf-8")).encode()
        more = ["--pdf-engine=xelatex", "-V", "CJKmainfont=Noto Serif CJK SC"]
        for command in ([*common, f"{folder}/a.epub"], [*common, f"{folder}/a.pdf", *more]):
            subprocess.run(command, check=False, input=text, capture_output=True)  # noqa: S603 - a benchmark


def peers(posts: list[Path], ours_: float) -> None:
    """Print the CPU seconds per post of the installed tools."""
    with tempfile.TemporaryDirectory() as folder:
        for post in posts:
            command = [pandoc._pandoc_path(), "-f", "commonmark", "-s", "--metadata", f"title={post.stem}"]  # noqa: SLF001
            subprocess.run([*command, str(post), "-o", f"{folder}/{post.stem}.html"], check=True)  # noqa: S603
        for name, tool, work in (
            ("calibre", "ebook-convert", calibre),
            ("percollate", "percollate", percollate),
            ("pandoc and xelatex", "xelatex", xelatex),
        ):
            if shutil.which(tool):
                before = spent()
                work(posts, folder)
                peer = (spent() - before) / len(posts)
                print(f"{name}: {peer:.3f} s a post; {peer / ours_:.1f} times ours", flush=True)


def scaling(batches: list[list[BookJob]], numbers: list[int]) -> None:
    """Print the wall seconds to make the books with each number of processes."""
    for number in numbers:
        start = time.perf_counter()
        for _, result in run_each(make_books, batches, number, Limits(600, Path(tempfile.gettempdir()))):
            if isinstance(result, NoResult):
                raise SystemExit(result.reason)
        print(f"--jobs {number}: {time.perf_counter() - start:.1f} s of wall time", flush=True)


def main() -> None:
    """Run the measurements and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posts", nargs="+", type=Path)
    parser.add_argument("--jobs", nargs="*", type=int, default=[])
    given = parser.parse_args()
    posts = given.posts
    batches = bindings(posts)
    if given.jobs:
        scaling(batches, given.jobs)
        return
    total, floor = ours(batches)
    one = total / len(posts)
    print(f"ours: {one:.3f} s a post, {len(posts)} posts")
    print(f"of which pandoc and Typst: {floor / len(posts):.3f} s; the rest: {total / floor - 1:.0%} of that")
    script = bare(posts)
    print(f"pandoc and Typst alone, a process each: {script / len(posts):.3f} s; ours: {total / script - 1:+.0%}")
    peers(posts[:FEW], one)


if __name__ == "__main__":
    main()
