"""Two Markdown texts -> the parts in which they differ."""

from __future__ import annotations

from functools import lru_cache

from pipeline.changes import differing
from pipeline.markdown.grouping import BlockGroup, block_groups

MOST_PARTS = 20_000  # the table that compares more parts would take over 100 MB

Parts = tuple[BlockGroup, ...]


@lru_cache(maxsize=2)  # pairs of texts; the invariants of a step ask one after the other
def changed_parts(before: str, after: str) -> list[tuple[Parts, Parts]]:
    """Return the parts of two Markdown texts that differ, before and after; each can be parsed alone."""
    old, new = block_groups(before), block_groups(after)
    if len(old) == len(new):
        return [((a,), (b,)) for a, b in zip(old, new, strict=True) if a.text != b.text]
    if max(len(old), len(new)) > MOST_PARTS:
        return [((BlockGroup(0, before),), (BlockGroup(0, after),))]
    from rapidfuzz.distance import Indel  # noqa: PLC0415 - few texts need it, and it takes 7 ms

    codes = Indel.opcodes([part.text for part in old], [part.text for part in new])
    return [(old[first:last], new[new_first:new_last]) for first, last, new_first, new_last in differing(codes)]


def text_of_parts(parts: Parts) -> str:
    """Return the text of adjacent parts."""
    return "\n\n".join(part.text for part in parts)
