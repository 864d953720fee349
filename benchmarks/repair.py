"""Throughput of decode + repair on clean text, beside ftfy.fix_encoding on the same text in the same run.

usage: python benchmarks/repair.py [FILE ...]    (default: the readable posts of raw/)

Prints MB of UTF-8 a CPU second for each, and the ratio; each is run in turn until it has had 3 CPU seconds. Then the
same with the text misread as Windows-1254 and its undefined bytes dropped, in characters of the truth a CPU second:
ftfy's figure is of one that leaves the gaps.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import ftfy

from pipeline import repair

SECONDS = 3
READABLE = sorted(path for path in Path("raw").glob("*.txt") if not path.name.startswith("002"))


def throughput(work: Callable[[bytes], object], data: bytes) -> float:
    """Return megabytes a CPU second."""
    spent, times = 0.0, 0
    while spent < SECONDS:
        start = time.process_time()
        work(data)
        spent += time.process_time() - start
        times += 1
    return len(data) * times / spent / 1e6


def main() -> None:
    """Measure on each file named, or on all readable posts as one text."""
    files = [Path(name) for name in sys.argv[1:]]
    named = [(path.name, path.read_bytes()) for path in files] or [
        ("raw/", b"\n".join(p.read_bytes() for p in READABLE))
    ]
    print(f"{'text':24} {'MB':>7} {'lacuna':>8} {'ftfy':>8} {'ratio':>7}")
    for name, data in named:
        ours = throughput(repair, data)
        peer = throughput(lambda raw: ftfy.fix_encoding(raw.decode("utf-8")), data)
        print(f"{name:24} {len(data) / 1e6:7.3f} {ours:8.1f} {peer:8.1f} {ours / peer:7.2f}")
    print(f"{'with bytes lost':24} {'chars':>7} {'lacuna':>8} {'ftfy':>8} {'ratio':>7}")
    for name, data in named:
        broken = data.decode("cp1254", "ignore").replace("\u00ad", "").encode()
        share = len(data.decode()) / len(broken)
        ours = throughput(repair, broken) * 1e6 * share
        peer = throughput(lambda raw: ftfy.fix_encoding(raw.decode("utf-8")), broken) * 1e6 * share
        print(f"{name:24} {len(data.decode()):7} {ours:8.0f} {peer:8.0f} {ours / peer:7.2f}")


if __name__ == "__main__":
    main()
