"""Two texts -> whether one is a copy of the other, up to small edits: the exact check of LSH's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.duplicates.significant_differences import Edit, differs
from pipeline.duplicates.word_normalization import FEW

ALIKE = (
    0.40  # estimated Jaccard of 3-grams: 0.57 with a tenth of the characters edited, 0.2 to 0.3 for posts of one series
)
EDITED = 0.13  # largest share of edited characters: copies have up to 0.1, two texts from one template have more
CUT_EDITED = 0.03  # the same for a truncated copy: the rest of it must be in the whole text, or it would be lost
BREAK = 20  # characters; edits so near the end of a truncated copy do not count
CUT = 0.5  # smallest share of the whole text that a truncated copy has
SURE = 0.001  # significance level at which a difference keeps two texts out of one cluster
LONGEST = 1_000_000  # characters; the time grows with the square of the length: 30 s for two texts of 2 million
LONG = 20_000  # characters; longer texts are aligned by words first, then by characters within the differences


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a comparison: `same`, or significantly `distinct`, with the reason; neither means undecided.

    `similarity` is the share of equal characters, from 0 to 1. `worse` is the index (0 or 1) of the text that is
    truncated or mis-decoded.
    """

    same: bool = False
    distinct: bool = False
    why: str = ""
    similarity: float = 0.0
    worse: int | None = None


TWO_TEXTS = Verdict()


def compare(*views: tuple[str, str], edited: float = EDITED) -> Verdict:
    """Return whether two texts are copies, up to a share `edited` of their characters.

    The texts are in the form that `spaced` returns. Of several `views` of the two, the one with the fewest edits
    counts. Texts of more than LONGEST characters are not compared.
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
    result = _judged(short, head, edits, len(short) / len(long))
    return replace(result, why="truncated", worse=int(short is second)) if result.same else result


def _nearest(views: Sequence[tuple[str, str]], edited: float) -> tuple[int | None, tuple[str, str]]:
    """Return the view with the fewest edits and its number of edited characters, None if above the share `edited`."""
    least, nearest = None, views[0]
    for view in dict.fromkeys(views):
        most = int(edited * max(map(len, view)))
        changed = Levenshtein.distance(*view, score_cutoff=most if least is None else min(most, least))
        if changed <= most and (least is None or changed < least):
            least, nearest = changed, view
    return least, nearest


def _judged(one: str, other: str, edits: list[Edit], similarity: float) -> Verdict:
    difference, chance = differs(one, other, edits)
    if difference:
        return Verdict(distinct=chance < SURE, why=f"different {difference}", similarity=similarity)
    return Verdict(same=True, why="near-duplicate" if edits else "same words", similarity=similarity)


def aligned(one: str, other: str, changed: int) -> list[Edit]:
    """Return the shortest list of edits that turns one text into the other (Levenshtein), in order.

    `changed` is about how many characters they change; it only makes the search faster.
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
    """Return the offset of each part in the text that joins them with spaces, and the length of that text."""
    lengths = np.cumsum([0, *(len(part) + 1 for part in parts)])
    return [*lengths[:-1].tolist(), int(lengths[-1]) - 1]
