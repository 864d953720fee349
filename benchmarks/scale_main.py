"""Measure how the main process of a run grows with the archive: the steps are left out, all else is as in a run.

    python benchmarks/scale_main.py 2000 8000 [--keep FOLDER]

The posts are those of scale.py. Each becomes a document as it is, in this process. Prints CPU seconds without the time
of making rows of the documents, and the largest memory, which includes it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scale import PER_FOLDER, write_posts

from pipeline import Settings
from pipeline.document import Cleaned, Document, Link, Metadata
from pipeline.run import incremental
from pipeline.run.engines import LocalProcesses
from pipeline.run.stopwatch import TimedResult
from pipeline.run.tasks import Task
from pipeline.store.rows import DocumentRow, document_row

LINK = re.compile(r"\[([^\]]*)\]\((https?://[^)]+)\)")
FIELD = re.compile(r'^(title|date): "?(.*?)"?$', re.MULTILINE)


def row_of(raw: Path, task: Task) -> DocumentRow:
    """Return a post as a row, without any step."""
    data = (raw / task.found.path).read_bytes()
    text = data.decode()
    fields = dict(FIELD.findall(text))
    body = text.split("---\n", 2)[-1].lstrip()
    links = tuple(
        Link(found[2], found[2], found[1], "site", body.count("\n", 0, found.start()) + 1)
        for found in LINK.finditer(body)
    )
    sha256 = hashlib.sha256(data).hexdigest()
    meta = Metadata(sha256=sha256, title=fields.get("title", ""), date=fields.get("date", ""), language="en")
    return document_row(Cleaned(Document(task.found.path, body, meta, links)), sha256)


def run_once(folder: Path) -> None:
    """Run in this process, and print what it took."""
    raw, making = folder / "raw", [0.0]

    def each(_work: object, tasks: Iterable[Task], *_how: object) -> Iterator[tuple[Task, TimedResult[DocumentRow]]]:
        for task in tasks:
            start = time.process_time()
            row = row_of(raw, task)
            took = time.process_time() - start
            making[0] += took
            yield task, TimedResult(row, took)

    LocalProcesses.run_each = staticmethod(each)
    start = time.process_time()
    settings = Settings(raw=str(raw), clean=str(folder / "clean"), out=str(folder / "out"))
    report = incremental.run_archive(settings, leave_books=True)
    used = time.process_time() - start - making[0]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{used:8.2f} s, {1000 * used / report.found:.3f} ms a post; {len(report.written)} written; {memory:.0f} MB")


def measure(number: int, folder: Path) -> None:
    """Measure an archive of `number` posts: a first run, one without a change, one after a change."""
    write_posts(folder / "raw", number)
    post = folder / "raw" / "0000" / f"post-{number // 2 % PER_FOLDER:07}.md"
    changes: dict[str, Callable[[], object]] = {
        "first run": lambda: None,
        "nothing changed": lambda: None,
        "one changed": lambda: post.write_text(post.read_text("utf-8") + "\nOne more paragraph.\n", "utf-8"),
    }
    for name, change in changes.items():
        change()
        print(f"{number:>7} {name:<16}", end="", flush=True)
        subprocess.run([sys.executable, "-P", __file__, "--run", str(folder)], check=True)  # noqa: S603 - ourselves


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="*", type=int, metavar="N", help="posts")
    parser.add_argument("--keep", type=Path, help="folder for the archives, which are kept there")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run_once(given.run)
    for number in given.numbers:
        if given.keep:
            measure(number, given.keep / str(number))
        else:
            with tempfile.TemporaryDirectory() as folder:
                measure(number, Path(folder))


if __name__ == "__main__":
    main()
