"""Two texts -> their differences by character: of a change in its sentence, of two duplicates side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Literal

from rapidfuzz.distance import Indel

from pipeline.serve.visible import visible_characters

PieceKind = Literal["same", "old", "new"]
Piece = tuple[PieceKind, str]
MOST_COMPARED_CHARACTERS = 4_000  # of a paragraph; a longer pair is shown as wholly different
MOST_PARAGRAPHS = 4_000  # of a text
CONTEXT_PARAGRAPHS = 1  # equal ones on each side of a difference


def character_diff(before: str, after: str) -> list[Piece]:
    """Return what two texts share and where they differ, in order.

    >>> character_diff("the see", "the sea")
    [('same', 'the se'), ('old', 'e'), ('new', 'a')]
    """
    if max(len(before), len(after)) > MOST_COMPARED_CHARACTERS:
        return [("old", visible_characters(before)), ("new", visible_characters(after))]
    pieces: list[Piece] = []
    for step in Indel.opcodes(before, after):
        old, new = before[step.src_start : step.src_end], after[step.dest_start : step.dest_end]
        if step.tag == "equal":
            pieces.append(("same", visible_characters(old)))
            continue
        pieces += [("old", visible_characters(old))] * bool(old) + [("new", visible_characters(new))] * bool(new)
    return pieces


def side_by_side(first: str, second: str) -> list[tuple[list[Piece], list[Piece], int]]:
    """Return rows of two texts: the paragraph of each in pieces, and how many equal rows were left out before it.

    >>> side_by_side("A\\n\\nB\\n\\nC\\n\\nsee", "A\\n\\nB\\n\\nC\\n\\nsea")[0]
    ([('same', 'C')], [('same', 'C')], 2)
    """
    left, right = _paragraphs(first), _paragraphs(second)
    rows: list[tuple[str, str]] = []
    for step in Indel.opcodes(left, right):
        rows += zip_longest(
            left[step.src_start : step.src_end], right[step.dest_start : step.dest_end], fillvalue=""
        )
    return list(_shown_rows(_paired(rows)))


def _paragraphs(text: str) -> list[str]:
    return [part.strip("\n") for part in text.split("\n\n") if part.strip()][:MOST_PARAGRAPHS]


def _paired(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put a paragraph that only the first text has next to one that only the second has, if it follows at once."""
    paired: list[tuple[str, str]] = []
    waiting: list[int] = []  # rows without a right side, with no equal row since
    for left, right in rows:
        if left and right:
            waiting.clear()
        if waiting and not left:
            at = waiting.pop(0)
            paired[at] = (paired[at][0], right)
            continue
        if not right:
            waiting.append(len(paired))
        paired.append((left, right))
    return paired


def _shown_rows(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[list[Piece], list[Piece], int]]:
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
