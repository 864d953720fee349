"""Print how fast Lacuna is compared with named peers, and write the table into docs/benchmarks.md: `make bench`.

    python benchmarks/bench.py [NUMBER]    (default: 300 posts)

The posts are texts of ../shared/corpus (without it tests/corpus), drawn evenly. All figures are CPU seconds, the lowest
of three rounds that alternate with the peer, so that a busy machine does the same to both. Only the first row, with
processes, has one round.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import ftfy
import mdformat
import rensa
from clean_speed import ROUNDS
from formatter_config import FTFY_OF_DATATROVE
from script import PR_SET_CHILD_SUBREAPER, compared
from startup import cpu_seconds as start_seconds

import pipeline
from pipeline import Document
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.duplicates.minhash import PERMUTATIONS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PART = re.compile(r"(<!-- make bench -->\n).*?(<!-- end -->)", re.DOTALL)
POSTS = 300
Work = Callable[[str], object]


def posts(number: int) -> list[Path]:
    """Return files of the corpus, drawn evenly."""
    shared, own = ROOT.parent / "shared" / "corpus", ROOT / "tests" / "corpus" / "texts"
    files = sorted((shared if shared.is_dir() else own).rglob("*.md"))
    return files[:: max(1, len(files) // number)][:number]


def seconds(work: Work, texts: Sequence[str]) -> float:
    """Return the CPU seconds of some work on all texts."""
    start = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - start


def timed_pair(ours: Work, theirs: Work, texts: Sequence[str]) -> tuple[float, float]:
    """Return the lowest CPU seconds of both, from rounds that alternate."""
    rounds = [(seconds(ours, texts), seconds(theirs, texts)) for _ in range(ROUNDS)]
    return min(one for one, _ in rounds), min(other for _, other in rounds)


def by_rensa(text: str) -> object:
    """Return a signature of a text as rensa makes it."""
    sketch = rensa.RMinHash(PERMUTATIONS, 1)
    sketch.update([text[at : at + 3] for at in range(len(text) - 2)])
    return sketch


def by_mdformat(text: str) -> object:
    """Return a formatted text."""
    return mdformat.text(text, extensions={"gfm"})


def measured(number: int) -> list[tuple[str, str, float, float]]:
    """Return the name, the peer and the seconds of each comparison."""
    files = posts(number)
    texts = [file.read_text("utf-8") for file in files]
    normal = [pipeline.normalize(text).text for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "post.md")
        file.write_text("# A title\n\nA paragraph of plain ASCII text.\n", "utf-8")
        starts = start_seconds("-m", "pipeline", "repair", str(file))[0], start_seconds("-c", "import ftfy")[0]
    works: dict[tuple[str, str], tuple[Work, Work, list[str]]] = {
        ("`repair` of sound text", "ftfy.fix_encoding"): (pipeline.repair, ftfy.fix_encoding, texts),
        ("`batch` of sound text", "FTFYFormatter of datatrove"): (
            lambda text: pipeline.batch({"text": [text]}),
            lambda text: ftfy.fix_text(text, FTFY_OF_DATATROVE),
            texts,
        ),
        ("`normalize`", "mdformat-gfm"): (pipeline.normalize, by_mdformat, texts),
        ("`normalize` of formatted text", "mdformat-gfm"): (pipeline.normalize, by_mdformat, normal),
        ("fingerprint", "rensa, signature alone"): (
            lambda text: fingerprint(Document(PurePosixPath("a.md"), text)),
            by_rensa,
            texts,
        ),
    }
    return [
        ("first run without books", "script of charset-normalizer, ftfy, mdformat", *compared(files)),
        *((what, peer, *timed_pair(ours, theirs, some)) for (what, peer), (ours, theirs, some) in works.items()),
        ("start of `repair`", "import ftfy", *starts),
    ]


def main() -> None:
    """Measure, print and write the table."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    number = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    lines = [f"Measured {dt.datetime.now(tz=dt.UTC).date()} with `make bench`, {number} posts.", ""]
    lines += ["| what | peer | Lacuna, CPU s | peer, CPU s | times as fast |", "|---|---|---:|---:|---:|"]
    for what, peer, ours, theirs in measured(number):
        lines.append(f"| {what} | {peer} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.2f} |")
    table = "\n".join(lines)
    print(table)
    PAGE.write_text(PART.sub(lambda part: f"{part[1]}{table}\n{part[2]}", PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
