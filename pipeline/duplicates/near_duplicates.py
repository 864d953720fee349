"""Two texts -> whether one is a copy of the other, up to small edits: exact verification of what LSH proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.duplicates.significant_differences import Edit, differs
from pipeline.duplicates.word_normalization import FEW

ALIKE = 0.40  # Jaccard of 3-grams, estimated; one letter in ten edited leaves 0.57, posts of a series share 0.2 to 0.3
EDITED = 0.13  # share of the characters: copies have up to a tenth, a template filled anew has more
CUT_EDITED = 0.03  # of a copy that breaks off: what there is of it is in the other, or it would be lost
BREAK = 20  # characters; where a copy breaks off, it has not the same length as what it was cut from
CUT = 0.5  # share of the whole that is left
SURE = 0.001  # how unlikely what two texts differ in must be by chance, or it says nothing of the rest of a family
LONGEST = 1_000_000  # characters; the time grows with the square: two texts of 2 million take half a minute
LONG = 20_000  # characters; longer texts are aligned by words first, then within what differs


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found: `same`, or surely `apart` for a reason; neither is not enough to tell.

    `similarity` is the share of the characters that are the same, from 0 to 1; `worse` names the text (0 or 1)
    that breaks off or was misread.
    """

    same: bool = False
    apart: bool = False
    why: str = ""
    similarity: float = 0.0
    worse: int | None = None


TWO_TEXTS = Verdict()


def compare(*views: tuple[str, str], edited: float = EDITED) -> Verdict:
    """Return whether two texts are copies, up to `edited` of their characters changed.

    They are given as `spaced` gives them; where there are several `views` of them, that with the fewest edits counts.
    Texts of over LONGEST characters are not compared.
    """
    if max(map(len, views[0])) > LONGEST:
        return TWO_TEXTS
    changed, (first, second) = _nearest(views, edited)
    if min(len(first), len(second)) < FEW:
        return TWO_TEXTS
    short, long = sorted((first, second), key=len)
    if changed is not None:
        return _judged(first, second, aligned(first, second, changed), 1 - changed / len(long))
    if len(short) < CUT * len(long):
        return TWO_TEXTS
    head = long[: len(short)]
    changed, _ = _nearest([(short, head)], CUT_EDITED)
    if changed is None:
        return TWO_TEXTS
    edits = aligned(short, head, changed)
    while edits and len(short) - edits[-1].one[1] < BREAK:
        edits.pop()
    found = _judged(short, head, edits, len(short) / len(long))
    return replace(found, why="cut copy", worse=int(short is second)) if found.same else found


def _nearest(views: Sequence[tuple[str, str]], edited: float) -> tuple[int | None, tuple[str, str]]:
    """Return how many characters changed in the view with the fewest edits, None if more than `edited`; and that."""
    least, nearest = None, views[0]
    for view in dict.fromkeys(views):
        most = int(edited * max(map(len, view)))
        changed = Levenshtein.distance(*view, score_cutoff=most if least is None else min(most, least))
        if changed <= most and (least is None or changed < least):
            least, nearest = changed, view
    return least, nearest


def _judged(one: str, other: str, edits: list[Edit], similarity: float) -> Verdict:
    matter, chance = differs(one, other, edits)
    if matter:
        return Verdict(apart=chance < SURE, why=f"other {matter}", similarity=similarity)
    return Verdict(same=True, why="near copy" if edits else "same words", similarity=similarity)


def aligned(one: str, other: str, changed: int) -> list[Edit]:
    """Return the edits that lead from one text to the other, as few as there can be (Levenshtein), in order.

    They change some `changed` characters: that only makes it faster.
    """
    if max(len(one), len(other)) <= LONG:
        return _edits(one, other, 0, 0, changed)
    first, second = one.split(" "), other.split(" ")
    starts, ends = _starts(first), _starts(second)
    edits: list[Edit] = []
    for op in Levenshtein.opcodes(first, second):
        if op.tag != "equal":
            a, b = starts[op.src_start], ends[op.dest_start]
            before, after = one[a : starts[op.src_end]], other[b : ends[op.dest_end]]
            small = max(len(before), len(after)) <= LONG
            whole = Edit((a, a + len(before)), (b, b + len(after)))
            edits += _edits(before, after, a, b) if small else [whole]
    return edits


def _edits(one: str, other: str, at: int, there: int, changed: int | None = None) -> list[Edit]:
    return [
        Edit((op.src_start + at, op.src_end + at), (op.dest_start + there, op.dest_end + there))
        for op in Levenshtein.opcodes(one, other, score_hint=changed)
        if op.tag != "equal"
    ]


def _starts(parts: list[str]) -> list[int]:
    """Return where each part starts in the text that they make with a space between, and where that text ends."""
    lengths = np.cumsum([0, *(len(part) + 1 for part in parts)])
    return [*lengths[:-1].tolist(), int(lengths[-1]) - 1]
