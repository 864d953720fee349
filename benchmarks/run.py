"""Time a whole run over N posts made from the sample, and next to it the calls of pandoc and Typst alone.

usage: python benchmarks/run.py [N]    (default 40)

Prints the wall seconds of a first run, a run without changes, a run after a change to one post, and the bare calls.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from pipeline import Settings, run_archive
from pipeline.books.book import Book, Chapter
from pipeline.books.formats import books_as_files
from pipeline.store.archive_state import open_state
from pipeline.store.packing import unpack

POSTS = sorted(path for path in Path("raw").glob("*.txt") if not path.name.startswith("002"))


def timed(name: str, settings: Settings) -> float:
    """Run, print the wall seconds and return them."""
    start = time.perf_counter()
    report = run_archive(settings)
    spent = time.perf_counter() - start
    print(f"{name:32} {spent:7.2f} s   {report.cleaned} cleaned, {len(report.written)} files written")
    return spent


def main() -> None:
    """Make the posts, run, and print the times."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "raw").mkdir()
        for at in range(number):
            text = POSTS[at % len(POSTS)].read_text("utf-8")
            # Posts must differ: each has another URL, and its Chinese characters are shifted to other code points.
            shifted = "".join(
                chr(0x4E00 + (ord(c) - 0x4E00 + 37 * at) % 0x5000) if "一" <= c < "\u9e00" else c for c in text
            )
            (root / "raw" / f"{at:04}.md").write_text(
                shifted.replace("https://towards", f"https://{at}.towards"), "utf-8"
            )
        settings = Settings(raw=f"{folder}/raw", clean=f"{folder}/clean", out=f"{folder}/out")
        first = timed("first run", settings)
        timed("second run, nothing changed", settings)
        with (root / "raw" / "0000.md").open("a", encoding="utf-8") as file:
            file.write("\n\n又一段。\n")
        timed("third run, one post changed", settings)
        with open_state(root / "clean" / ".state.sqlite", "", trial=True) as state:
            chapters = [unpack(state.chapters.chapter(path), Chapter) for path, _, _ in state.chapters.ordered()]
        start = time.perf_counter()
        for chapter in chapters:
            book = Book(chapter.title, chapter.language, "urn:x", (chapter,))
            books_as_files([book])
        bare = time.perf_counter() - start
        print(f"{'bare pandoc and Typst, one core':32} {bare:7.2f} s   first run / bare: {first / bare:.2f}")


if __name__ == "__main__":
    main()
