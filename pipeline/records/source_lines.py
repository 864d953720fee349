"""Changes of a document -> the line of the source where each is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from pipeline.changes import Change, passes, undone
from pipeline.document import Document


def source_lines(document: Document) -> list[int]:
    """Return for each change of a document the line of the source where it begins, from 1.

    Positions are traced back through the changes of earlier steps; a text that a step moved or wrote is at the
    place where its change began.
    """
    if not document.changes:
        return []
    done = passes(document.changes)
    text = document.text
    for one in reversed(done):
        text = undone(text, one)
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]
    earlier: list[_Backward] = []
    lines = []
    for one in done:
        for change in one:
            at = change.span[0]
            for back in reversed(earlier):
                at = back.position(at)
            lines.append(bisect_right(starts, at))
        earlier.append(_Backward(one))
    return lines


class _Backward:
    """Positions in the text after one pass of a step -> positions in the text before it."""

    def __init__(self, changes: Sequence[Change]) -> None:
        grown = accumulate((len(one.after) - len(one.before) for one in changes), initial=0)
        self.places = [(one.span[0] + shift, one) for one, shift in zip(changes, grown, strict=False)]
        self.starts = [start for start, _ in self.places]

    def position(self, at: int) -> int:
        """Return the position before the pass; inside a change, where the same share of its text was."""
        number = bisect_right(self.starts, at) - 1
        if number < 0:
            return at
        start, change = self.places[number]
        return (
            change.span[0] + min(at - start, len(change.before))
            if at < start + len(change.after)
            else (change.span[1] + at - start - len(change.after))
        )
