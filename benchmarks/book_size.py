"""CPU time, memory and size of the PDF of an archive: `python benchmarks/book_size.py FOLDER 120 400`.

Each number of posts is bound in a separate process. The posts are Markdown files below FOLDER, in folders named after
their language, used more than once if there are too few.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path, PurePosixPath

from pipeline import Document, SkipDocument
from pipeline.books.book import Book, chapters_of, identifier
from pipeline.books.formats import books_as_files
from pipeline.document import Metadata

SMALLEST = 4_000  # bytes of a post
STEP = 7  # between the files of consecutive posts, so that languages alternate
BATCH = 8  # posts that pandoc reads together
LANGUAGES = {"zh": "zh-Hans", "zh-posts": "zh-Hans", "zh-hant": "zh-Hant"}  # names of folders -> BCP 47


def documents(folder: Path, count: int) -> list[tuple[Document, Path]]:
    """Return `count` posts of a folder, with dates and authors."""
    files = sorted(path for path in folder.rglob("*.md") if path.stat().st_size > SMALLEST)
    made = []
    for at in range(count):
        path = files[at * STEP % len(files)]
        language = LANGUAGES.get(path.parent.name, path.parent.name)
        date = f"20{10 + at % 14}-0{1 + at % 9}-11"
        meta = Metadata(title=f"Post {at} {path.stem}", language=language, date=date, authors=(f"Author {at % 5}",))
        made.append((Document(PurePosixPath(f"{at}.md"), path.read_text("utf-8"), meta), folder))
    return made


def measure(folder: Path, count: int) -> None:
    """Bind `count` posts as a PDF, and print what it took."""
    posts = documents(folder, count)
    batches = [chapters_of(posts[at : at + BATCH]) for at in range(0, count, BATCH)]
    chapters = tuple(one for batch in batches for one in batch if not isinstance(one, SkipDocument))
    before = resource.getrusage(resource.RUSAGE_SELF)
    (made,) = books_as_files([Book("Measured", "en", identifier("measured"), chapters)], ["pdf"])
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = len(made["pdf"]) / 1e6
    print(f"{count} posts: {seconds:.1f} CPU s, {after.ru_maxrss / 1e6:.2f} GB, {size:.2f} MB")


def main() -> None:
    """Measure each number of posts in a separate process."""
    folder, *counts = sys.argv[1:]
    if len(counts) == 1:
        measure(Path(folder), int(counts[0]))
        return
    for count in counts:
        command = [sys.executable, str(Path(__file__).resolve()), folder, count]
        subprocess.run(command, check=True)  # noqa: S603 - this script


if __name__ == "__main__":
    main()
