"""CPU time of review: the first page of many open items, and one decision.

`python benchmarks/decisions.py [ITEMS]` makes a state with as many open items (10,000) and as many decisions.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.decisions import Decision, OpenItem, OpenItems, append_decisions, decision_on, read_decisions
from pipeline.store.archive_state import open_state
from pipeline.store.decision_tables import DecisionRows
from pipeline.store.packing import pack

PER_DOCUMENT = 20


def item_of(number: int) -> OpenItem:
    """Return an open item; one in ten has the same pair of texts as others."""
    confidence = number * 7919 % 10_000 / 10_001
    path, before = f"posts/{number // PER_DOCUMENT:05}.md", f"Ã{number % 1000}"
    others = (("è", 0.1), ("ê", 0.05))
    left, right = f"l{number}", f"r{number}"
    where = ("left " * 12, "right " * 10, left, right)
    return OpenItem(
        f"{number:016x}", path, "inferred", "repair", before, "é", "why", confidence, others, *where, 3, "fr"
    )


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that a call takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        state, file = Path(folder, ".state.sqlite"), Path(folder, "decisions.jsonl")
        with open_state(state, "flow") as database:
            for first in range(0, count, PER_DOCUMENT):
                items = [item_of(number) for number in range(first, first + PER_DOCUMENT)]
                rows = tuple((one.id, one.confidence, one.line, *one.keys[1:], pack(one)) for one in items)
                database.decisions.put(items[0].document, DecisionRows(rows))  # type: ignore[arg-type]
        old = [Decision("accept", step="repair", left=f"x{number}", before="y") for number in range(count)]
        append_decisions(file, old)

        def first_page() -> None:
            with OpenItems(state, read_decisions(file).decisions.values()) as items:
                assert len(items.page().items) == 50  # noqa: PLR2004, S101
                assert items.count() == count  # noqa: S101

        print(f"first page of {count} open items, {count} decisions: {seconds(first_page):.3f} s CPU")
        with OpenItems(state, read_decisions(file).decisions.values()) as items:
            page = items.page(size=100).items

            def decide() -> None:
                for one in page:
                    items.close(append_decisions(file, [decision_on(one, "accept")]))
                    items.count()

            print(f"a decision, with the count of open items: {1000 * seconds(decide) / len(page):.1f} ms CPU")
            print(f"the next page: {1000 * seconds(lambda: items.page(items.page().next)):.1f} ms CPU")


if __name__ == "__main__":
    main()
