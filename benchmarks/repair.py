"""Measure the throughput of decoding and repair on sound text, next to ftfy.fix_encoding on the same text.

usage: python benchmarks/repair.py [FILE ...]    (default: the readable posts of raw/)

Prints MB of UTF-8 per CPU second for each, and the ratio; each runs repeatedly until it has used 3 CPU seconds. Then
it does the same with UTF-8 decoded as Windows-1254 and undefined bytes dropped, in characters of the original per CPU
second. ftfy does not reconstruct the missing characters.
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
    """Return megabytes per CPU second."""
    spent, times = 0.0, 0
    while spent < SECONDS:
        start = time.process_time()
        work(data)
        spent += time.process_time() - start
        times += 1
    return len(data) * times / spent / 1e6


def main() -> None:
    """Measure each file, or all readable posts as one text."""
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
