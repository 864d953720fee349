"""Two texts -> whether one is a copy of the other, up to small edits: the exact check of LSH's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.duplicates.significant_differences import TextEdit, significant_difference
from pipeline.duplicates.word_normalization import SHORT_TEXT_CHARACTERS

LEAST_JACCARD = (
    0.40  # estimated Jaccard of 3-grams: 0.57 with a tenth of the characters edited, 0.2 to 0.3 for posts of one series
)
MOST_EDITED_SHARE = (
    0.13  # largest share of edited characters: copies have up to 0.1, two texts from one template have more
)
MOST_EDITED_SHARE_TRUNCATED = (
    0.03  # the same for a truncated copy: the rest of it must be in the whole text, or it would be lost
)
TRUNCATION_MARGIN = 20  # characters; edits so near the end of a truncated copy do not count
LEAST_TRUNCATED_SHARE = 0.5  # smallest share of the whole text that a truncated copy has
SIGNIFICANCE_LEVEL = 0.001  # significance level at which a difference keeps two texts out of one cluster
MOST_COMPARED_CHARACTERS = (
    1_000_000  # characters; the time grows with the square of the length: 30 s for two texts of 2 million
)
MOST_CHARACTERS_ALIGNED = (
    20_000  # characters; longer texts are aligned by words first, then by characters within the differences
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison: `same`, or significantly `distinct`, with the reason; neither means undecided.

    `similarity` is the share of equal characters, from 0 to 1. `worse` is the index (0 or 1) of the text that is
    truncated or mis-decoded.
    """

    same: bool = False
    distinct: bool = False
    why: str = ""
    similarity: float = 0.0
    worse: int | None = None


DIFFERENT_TEXTS = Comparison()


def compare_texts(*views: tuple[str, str], edited: float = MOST_EDITED_SHARE) -> Comparison:
    """Return whether two texts are copies, up to a share `edited` of their characters.

    The texts are in the form that `spaced` returns. Of several `views` of the two, the one with the fewest edits
    counts. Texts of more than LONGEST characters are not compared.
    """
    if max(map(len, views[0])) > MOST_COMPARED_CHARACTERS:
        return DIFFERENT_TEXTS
    changed, (first, second) = _nearest_view(views, edited)
    if min(len(first), len(second)) < SHORT_TEXT_CHARACTERS:
        return DIFFERENT_TEXTS
    short, long = sorted((first, second), key=len)
    if changed is not None:
        return _comparison_of(first, second, text_edits(first, second, changed), 1 - changed / len(long))
    if len(short) < LEAST_TRUNCATED_SHARE * len(long):
        return DIFFERENT_TEXTS
    head = long[: len(short)]
    changed, _ = _nearest_view([(short, head)], MOST_EDITED_SHARE_TRUNCATED)
    if changed is None:
        return DIFFERENT_TEXTS
    edits = text_edits(short, head, changed)
    while edits and len(short) - edits[-1].one[1] < TRUNCATION_MARGIN:
        edits.pop()
    result = _comparison_of(short, head, edits, len(short) / len(long))
    return replace(result, why="truncated", worse=int(short is second)) if result.same else result


def _nearest_view(views: Sequence[tuple[str, str]], edited: float) -> tuple[int | None, tuple[str, str]]:
    """Return the view with the fewest edits and its number of edited characters, None if above the share `edited`."""
    least, nearest = None, views[0]
    for view in dict.fromkeys(views):
        most = int(edited * max(map(len, view)))
        changed = Levenshtein.distance(*view, score_cutoff=most if least is None else min(most, least))
        if changed <= most and (least is None or changed < least):
            least, nearest = changed, view
    return least, nearest


def _comparison_of(one: str, other: str, edits: list[TextEdit], similarity: float) -> Comparison:
    difference, chance = significant_difference(one, other, edits)
    if difference:
        return Comparison(distinct=chance < SIGNIFICANCE_LEVEL, why=f"different {difference}", similarity=similarity)
    return Comparison(same=True, why="near-duplicate" if edits else "same words", similarity=similarity)


def text_edits(one: str, other: str, changed: int) -> list[TextEdit]:
    """Return the shortest list of edits that turns one text into the other (Levenshtein), in order.

    `changed` is about how many characters they change; it only makes the search faster.
    """
    if max(len(one), len(other)) <= MOST_CHARACTERS_ALIGNED:
        return _character_edits(one, other, 0, 0, changed)
    first, second = one.split(" "), other.split(" ")
    starts, ends = _part_starts(first), _part_starts(second)
    edits: list[TextEdit] = []
    for op in Levenshtein.opcodes(first, second):
        if op.tag != "equal":
            a, b = starts[op.src_start], ends[op.dest_start]
            before, after = one[a : starts[op.src_end]], other[b : ends[op.dest_end]]
            small = max(len(before), len(after)) <= MOST_CHARACTERS_ALIGNED
            whole = TextEdit((a, a + len(before)), (b, b + len(after)))
            edits += _character_edits(before, after, a, b) if small else [whole]
    return edits


def _character_edits(one: str, other: str, at: int, there: int, changed: int | None = None) -> list[TextEdit]:
    return [
        TextEdit((op.src_start + at, op.src_end + at), (op.dest_start + there, op.dest_end + there))
        for op in Levenshtein.opcodes(one, other, score_hint=changed)
        if op.tag != "equal"
    ]


def _part_starts(parts: list[str]) -> list[int]:
    """Return the offset of each part in the text that joins them with spaces, and the length of that text."""
    lengths = np.cumsum([0, *(len(part) + 1 for part in parts)])
    return [*lengths[:-1].tolist(), int(lengths[-1]) - 1]
