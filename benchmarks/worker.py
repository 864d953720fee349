"""Time what a worker process does for one document, on the posts of a folder, and the patterns that it spends it on.

usage: PYTHONPATH=. python benchmarks/worker.py FOLDER [EVERY] [patterns]    (default: every post)

Prints the CPU time of a document in one process: reading, all steps and its row in the state. `patterns` lists the
regular expressions that take most of the time, and how often they look at each character of a document.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

SEARCHES = ("search", "finditer", "findall", "sub", "subn", "split")  # methods that look at all characters
MATCHES = ("match", "fullmatch")
MOST_LISTED = 30
CALLS: Counter[str] = Counter()  # by pattern
SECONDS: Counter[str] = Counter()  # the same
CHARACTERS: Counter[str] = Counter()  # that searches looked at, by pattern


class TimedPattern:
    """Stands for a compiled pattern and counts its calls, its seconds, and the characters that its searches look at."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        """Stand for `pattern`."""
        self.real = pattern

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - an attribute of re.Pattern
        """Return an attribute of the pattern, its methods timed."""
        found = getattr(self.real, name)
        return partial(self.timed, name, found) if name in {*SEARCHES, *MATCHES} else found

    def timed(self, name: str, method: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401 - as re.Pattern has it
        """Return what a method returns."""
        start = time.perf_counter()
        found = method(*given)
        found = list(found) if name == "finditer" else found
        key = str(self.real.pattern)
        SECONDS[key] += time.perf_counter() - start
        CALLS[key] += 1
        if name in SEARCHES:
            CHARACTERS[key] += searched(name, given, found)
        return iter(found) if name == "finditer" else found


def searched(name: str, given: tuple[Any, ...], found: Any) -> int:  # noqa: ANN401 - a result of re.Pattern
    """Return how many characters a search looked at: to its first match, or all."""
    if name in {"sub", "subn", "split"}:
        return len(given[0 if name == "split" else 1])
    first, last = (*given[1:], len(given[0]))[0] if given[1:] else 0, len(given[0])
    return max(0, (found.end() if name == "search" and found else last) - first)


def time_patterns() -> None:
    """Let each pattern that is compiled from now on be a TimedPattern."""
    plain, inner = re.compile, re._compile  # type: ignore[attr-defined] # noqa: SLF001 - what `re.search` calls

    def compiled(pattern: Any, flags: int = 0) -> Any:  # noqa: ANN401 - as re.compile has it
        return pattern if isinstance(pattern, TimedPattern) else TimedPattern(plain(pattern, flags))

    re.compile = compiled
    re._compile = lambda pattern, flags: pattern if isinstance(pattern, TimedPattern) else inner(pattern, flags)  # type: ignore[attr-defined] # noqa: SLF001


def main() -> None:
    """Clean the posts, and print the times."""
    numbers = [int(one) for one in sys.argv[2:] if one.isdigit()]
    files = sorted(path for path in Path(sys.argv[1]).rglob("*.md") if path.is_file())[:: numbers[0] if numbers else 1]
    if "patterns" in sys.argv:
        time_patterns()
    spent = list(times_of(files))
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files)} posts of {size / len(files) / 1e3:.1f} kB: {sum(spent) / len(files) * 1e3:.1f} ms a document")
    if CALLS:
        texts = sum(len(file.read_text("utf-8", "replace")) for file in files)
        each = CHARACTERS.total() / texts
        print(f"{SECONDS.total():.1f} s in patterns, which look at each character {each:.0f} times")
        for pattern, seconds in SECONDS.most_common(MOST_LISTED):
            print(f"{seconds * 1e3:8.0f} ms {CALLS[pattern]:7} calls  {pattern[:90]!r}")


def times_of(files: list[Path]) -> Iterator[float]:
    """Yield the CPU seconds of each file. What a worker loads at its start is loaded first, and not counted."""
    from pipeline.read.folder import FoundFile, source_stamp  # noqa: PLC0415 - after the patterns are timed
    from pipeline.run import warm  # noqa: F401, PLC0415 - the same
    from pipeline.run.tasks import Task  # noqa: PLC0415 - the same
    from pipeline.run.worker import clean_source  # noqa: PLC0415 - the same
    from pipeline.settings import Settings  # noqa: PLC0415 - the same

    for counter in (CALLS, SECONDS, CHARACTERS):
        counter.clear()
    for file in files:
        state = file.stat()
        task = Task(Settings(raw=str(file.parent)), FoundFile(file.name, state.st_size, source_stamp(state)))
        start = time.process_time()
        clean_source(task)
        yield time.process_time() - start


if __name__ == "__main__":
    main()
