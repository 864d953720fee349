"""The hostile texts of a generator, a megabyte each, through a whole run without editions: how each ends.

usage: python benchmarks/adversarial.py GENERATOR.py [BYTES [SECONDS]]    (default 1000000 bytes, max_seconds 60)

GENERATOR.py holds a table `C` of cases: name -> (kind, function of a size that returns bytes).
"""

from __future__ import annotations

import json
import resource
import runpy
import sys
import tempfile
import time
from pathlib import Path

from pipeline import Settings, run_archive


def main() -> None:
    """Write the cases, run, and print the counts, the memory and what was skipped."""
    cases = runpy.run_path(sys.argv[1])["C"]
    size, limit = [*map(int, sys.argv[2:]), *(1_000_000, 60)[len(sys.argv) - 2 :]]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "raw").mkdir()
        for name, (_, make) in cases.items():
            (root / "raw" / f"{name}.md").write_bytes(make(size))
        start = time.perf_counter()
        settings = Settings(
            raw=str(root / "raw"), clean=str(root / "clean"), out=str(root / "out"), editions=False, max_seconds=limit
        )
        report = run_archive(settings)
        seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with (root / "clean" / "report.jsonl").open("rb") as lines:
            aside = [json.loads(line) for line in lines if b'"outcome":"skipped"' in line]
    print(f"{report.found} posts: {report.cleaned} cleaned, {report.duplicates} duplicates", end=", ")
    print(f"{len(report.skipped)} skipped, in {seconds:.0f} s and {peak / 1024:.0f} MiB in the main process")
    for record in aside:
        print(f"{record['path']}: {record['reason'].splitlines()[0]}{' (BUG)' if record['cause'] == 'bug' else ''}")


if __name__ == "__main__":
    main()
