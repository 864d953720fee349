"""Editions beside their floor (pandoc and Typst alone, on the same input) and beside calibre's ebook-convert.

python benchmarks/editions.py POSTS... prints CPU seconds for an EPUB and a PDF of each post. A peer that is not
installed is left out; it gets the first five posts, and its figure is per post, as is ours.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import typst

from pipeline.engines.worker import Binding, bind, cleaned
from pipeline.settings import Settings
from pipeline.write import epub, pdf, tree
from pipeline.write.book import Look

FEW = 5


def spent() -> float:
    """Return the CPU seconds of this process and of those it waited for."""
    return sum(os.times()[:4])


class Floor:
    """Sums the CPU seconds that pass inside the functions it wraps."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.seconds = 0.0

    def within(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return `work`, its time summed."""

        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever `work` takes
            before = spent()
            try:
                return work(*arguments, **named)
            finally:
                self.seconds += spent() - before

        return timed


def ours(posts: list[Path]) -> tuple[float, float]:
    """Return the CPU seconds that binding takes, and those of them that pandoc and Typst take."""
    floor = Floor()
    for module in (tree, epub, pdf):
        module.pandoc = floor.within(module.pandoc)  # type: ignore[attr-defined]

    class Compiler:
        """Typst's, its time summed."""

        def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - Typst's own
            self.compile = floor.within(typst.Compiler(*arguments, **named).compile)

    pdf.Compiler = Compiler  # type: ignore[misc]
    documents = [(post, cleaned(PurePosixPath(post.name), post.read_bytes(), Settings())) for post in posts]
    bindings = [Binding(document, post.parent, post, post, "", Look()) for post, document in documents]
    bind(bindings[0])  # fonts are loaded once a process
    floor.seconds = 0.0
    before = spent()
    for binding in bindings:
        bind(binding)
    return spent() - before, floor.seconds


def calibre(posts: list[Path]) -> float:
    """Return the CPU seconds that ebook-convert takes for the same."""
    before = spent()
    with tempfile.TemporaryDirectory() as folder:
        for post in posts:
            for kind in ("epub", "pdf"):
                command = ["ebook-convert", str(post), f"{folder}/a.{kind}"]
                quiet = {**os.environ, "QTWEBENGINE_DISABLE_SANDBOX": "1", "QT_QPA_PLATFORM": "offscreen"}
                subprocess.run(command, check=True, capture_output=True, env=quiet)  # noqa: S603 - a benchmark
    return spent() - before


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posts", nargs="+", type=Path)
    posts = parser.parse_args().posts
    total, floor = ours(posts)
    each = total / len(posts)
    print(f"ours: {each:.3f} s a post, {len(posts)} posts; pandoc and Typst alone: {floor / len(posts):.3f} s")
    print(f"overhead: {100 * (total / floor - 1):.0f} %")
    if shutil.which("ebook-convert"):
        peer = calibre(posts[:FEW]) / len(posts[:FEW])
        print(f"calibre: {peer:.3f} s a post; {peer / each:.1f} times ours")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
