"""Compare formatting with mdformat-gfm, on the same files in the same process: CPU time, meaning, second pass.

python benchmarks/markdown.py FOLDER...            # real posts
python benchmarks/markdown.py --spec FOLDER        # the examples of CommonMark and GFM
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mdformat

from pipeline import normalize
from pipeline.markdown import parser

OPTIONS = {"wrap": "keep", "number": True}
EXAMPLE = re.compile(r"^`{32} example[^\n]*\n(.*?)\n?^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)


def peer(text: str) -> str:
    """Return a text as mdformat-gfm formats it; unchanged if mdformat-gfm fails."""
    try:
        return str(mdformat.text(text, options=OPTIONS, extensions=("gfm",)))
    except (AssertionError, IndexError, KeyError, RecursionError, ValueError):
        return text


def ours(text: str) -> str:
    """Return a text as our filter formats it."""
    return normalize(text).text


def seconds(work: Callable[[str], str], texts: list[str]) -> float:
    """Return the CPU seconds that `work` takes on the texts."""
    start = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - start


def speed(folders: list[Path]) -> None:
    """Print the speed of both, on the files as they are and after formatting."""
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.suffix in {".md", ".txt"}]
    texts = [file.read_text("utf-8") for file in files]
    size = sum(len(text.encode()) for text in texts) / 1e6
    for name, given in (("as found", texts), ("formatted", [ours(text) for text in texts])):
        mine, theirs = seconds(ours, given), seconds(peer, given)
        print(f"{name}: {size / mine:.2f} MB/s, mdformat-gfm {size / theirs:.2f} MB/s, ratio {theirs / mine:.1f}")
    again = sum(ours(text) == text for text in given)
    print(f"second pass equal: {again} of {len(given)}")


def examples(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of the specifications and their examples."""
    for file in sorted(folder.glob("commonmark-*.json")):
        yield file.name, [example["markdown"] for example in json.loads(file.read_text("utf-8"))]
    for file in sorted(folder.glob("*-spec.txt")):
        yield file.name, [text.replace("→", "\t") + "\n" for text in EXAMPLE.findall(file.read_text("utf-8"))]


def conformance(folder: Path) -> None:
    """Print how many examples render as the same HTML after formatting, and how many a second pass leaves unchanged."""
    for name, texts in examples(folder):
        for who, work in (("lacuna", ours), ("mdformat-gfm", peer)):
            made = [work(text) for text in texts]
            same = sum(html(one) == html(other) for one, other in zip(texts, made, strict=True))
            again = sum(work(text) == text for text in made)
            print(f"{name} {who}: same HTML {same} of {len(texts)}, second pass equal {again}")


def html(text: str) -> str:
    """Return the HTML of a text with single spaces for white space."""
    ended = text if text.endswith("\n") else text + "\n"
    return re.sub(r"[ \t\n]+", " ", parser().render(ended)).strip()


if __name__ == "__main__":
    if sys.argv[1] == "--spec":
        conformance(Path(sys.argv[2]))
    else:
        speed([Path(name) for name in sys.argv[1:]])
