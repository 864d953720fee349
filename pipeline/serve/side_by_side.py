"""Two texts -> their differences by character: of a change in its sentence, of two duplicates side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Literal

from rapidfuzz.distance import Indel

from pipeline.records.visible import visible_characters

DiffKind = Literal["same", "old", "new"]
DiffPiece = tuple[DiffKind, str]
MOST_DIFFED_CHARACTERS = 4_000  # of a paragraph; a longer pair is shown as wholly different
MOST_PARAGRAPHS = 4_000  # of a text
LEAST_SHARED_CHARACTERS = 2  # between two differences; fewer are shown as a part of one difference
CONTEXT_PARAGRAPHS = 1  # equal ones on each side of a difference


def character_diff(before: str, after: str) -> list[DiffPiece]:
    """Return what two texts share and where they differ, in order.

    >>> character_diff("the see", "the sea")
    [('same', 'the se'), ('old', 'e'), ('new', 'a')]
    """
    if max(len(before), len(after)) > MOST_DIFFED_CHARACTERS:
        return [("old", visible_characters(before)), ("new", visible_characters(after))]
    pieces: list[DiffPiece] = []
    old = new = ""
    for step in Indel.opcodes(before, after):
        left, right = before[step.src_start : step.src_end], after[step.dest_start : step.dest_end]
        is_short = len(left) < LEAST_SHARED_CHARACTERS and step.src_start > 0 and step.src_end < len(before)
        if step.tag == "equal" and not is_short:
            pieces += [*_difference(old, new), ("same", visible_characters(left))]
            old = new = ""
        else:
            old, new = old + left, new + right
    return pieces + _difference(old, new)


def _difference(old: str, new: str) -> list[DiffPiece]:
    kinds: tuple[tuple[DiffKind, str], ...] = (("old", old), ("new", new))
    return [(kind, visible_characters(text)) for kind, text in kinds if text]


def side_by_side(first: str, second: str) -> list[tuple[list[DiffPiece], list[DiffPiece], int]]:
    r"""Return rows of two texts: the paragraph of each in pieces, and how many equal rows were left out before it.

    >>> side_by_side("A\n\nB\n\nC\n\nsee", "A\n\nB\n\nC\n\nsea")[0]
    ([('same', 'C')], [('same', 'C')], 2)
    """
    left, right = _paragraphs_of_text(first), _paragraphs_of_text(second)
    rows: list[tuple[str, str]] = []
    old: list[str] = []
    new: list[str] = []
    for step in Indel.opcodes(left, right):
        if step.tag == "equal":
            rows += [
                *zip_longest(old, new, fillvalue=""),
                *((text, text) for text in left[step.src_start : step.src_end]),
            ]
            old, new = [], []
        else:
            old += left[step.src_start : step.src_end]
            new += right[step.dest_start : step.dest_end]
    return list(_shown_rows([*rows, *zip_longest(old, new, fillvalue="")]))


def _paragraphs_of_text(text: str) -> list[str]:
    return [part.strip("\n") for part in text.split("\n\n") if part.strip()][:MOST_PARAGRAPHS]


def _shown_rows(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[list[DiffPiece], list[DiffPiece], int]]:
    near = {
        at + shift
        for at, (left, right) in enumerate(rows)
        if left != right
        for shift in range(-CONTEXT_PARAGRAPHS, CONTEXT_PARAGRAPHS + 1)
    }
    left_out = 0
    for at, (left, right) in enumerate(rows):
        if at not in near:
            left_out += 1
            continue
        pieces = character_diff(left, right)
        yield (
            [piece for piece in pieces if piece[0] != "new"],
            [piece for piece in pieces if piece[0] != "old"],
            left_out,
        )
        left_out = 0
