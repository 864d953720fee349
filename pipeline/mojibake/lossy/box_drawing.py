"""Slots of lines that draw folder trees or boxes -> the strokes that gaps were, from their vertical alignment."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.mojibake.lossy.gaps import MOST_ALTERNATIVES, GapChoice
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.lossy.pieces import Piece

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
STROKES = dict(zip("─│┌┐└┘├┤┬┴┼▼", (10, 5, 6, 12, 3, 9, 7, 13, 14, 11, 15, 1), strict=True))  # and the sides they reach
FIRST_STROKE, STROKES_END = (
    "\u2000",
    "\u3000",
)  # gaps with such candidates can be strokes: all share the first byte of UTF-8
ANY_STROKE = "│"  # any stroke, in the text of a `_DrawingLine`
STROKE_RUN = re.compile(ANY_STROKE + "{2,}")
TREE_BRANCH = re.compile(
    rf"(?:[>\s]|{ANY_STROKE}(?=\s))*({ANY_STROKE}{{2,5}})(?!{ANY_STROKE})"
)  # the start of a tree's line, up to its dashes
FEWEST_STROKE_LINES = 2  # lines of a drawing with adjacent strokes: in a single line they may be dashes
STROKE_CONFIDENCE = (
    0.95  # confidence: of 100,000 strokes in descriptions of packages (training/descriptions.txt) 0.967 are right
)

StrokeGaps = dict[int, list[str]]  # of a line: by the index of a gap, the strokes that it can be, best first


def stroke_gaps(found: Sequence[Sequence[Slot]]) -> list[StrokeGaps]:
    """Return the gaps of each line that are strokes, because neighbouring lines draw a tree or a box with them."""
    seen = [[_columns_of(slot) for slot in row] for row in found]
    strokes: list[StrokeGaps] = []
    for row, texts, reach in zip(found, seen, _drawing_sides(["".join(row) for row in seen]), strict=True):
        columns = [number for number, text in enumerate(texts) for _ in text]
        strokes.append({columns[at]: _strokes_by_fit(row[columns[at]], one) for at, one in reach.items()})
    return strokes


def without_strokes(row: Sequence[Slot], strokes: Mapping[int, object]) -> list[Slot]:
    """Return the slots of a line with spaces for its strokes, which say nothing about the characters around them."""
    return [slot._replace(candidates=(" ",)) if number in strokes else slot for number, slot in enumerate(row)]


def with_stroke_choices(row: Sequence[Slot], strokes: StrokeGaps, choices: Iterable[GapChoice]) -> Iterator[GapChoice]:
    """Yield the choices for all gaps of a line: its strokes, and the given choices for the others."""
    chosen = iter(choices)
    for number, slot in enumerate(row):
        if number in strokes:
            best, *others = strokes[number]
            yield GapChoice(slot, ((best, STROKE_CONFIDENCE), *((one, 0.0) for one in others[:MOST_ALTERNATIVES])))
        elif len(slot.candidates) > 1:
            yield next(chosen)


def text_without_strokes(row: Iterable[Piece], found: Sequence[Slot], strokes: Iterable[int]) -> str:
    """Return the text of a line's pieces, with spaces for its strokes."""
    places = {(found[number].start, found[number].end) for number in strokes}
    return "".join(" " if (piece.start, piece.end) in places else piece.text for piece in row)


def _stroke_options(slot: Slot) -> list[str]:
    """Return the strokes that a slot can be; a space may follow each."""
    if len(slot.candidates) > 1 and FIRST_STROKE <= slot.candidates[0] < STROKES_END:
        return [one for one in slot.candidates if one[0] in STROKES]
    return []


def _columns_of(slot: Slot) -> str:
    """Return the text of a slot, one character per column: a wide character is followed by NUL."""
    if options := _stroke_options(slot):
        return ANY_STROKE + options[0][1:]
    return "".join(char + "\0" * (unicodedata.east_asian_width(char) in "WF") for char in slot.candidates[0])


def _strokes_by_fit(slot: Slot, reach: int) -> list[str]:
    """Return the strokes that a slot can be, by how well their sides match those that they must reach."""
    return sorted(_stroke_options(slot), key=lambda one: (STROKES[one[0]] ^ reach).bit_count())


class _DrawingLine(NamedTuple):
    """A line in columns, and the column where the branch of a tree may begin, or -1."""

    text: str
    branch: int

    @classmethod
    def of(cls, text: str) -> _DrawingLine:
        """Return the line of a text."""
        match = TREE_BRANCH.match(text)
        return cls(text, match.start(1) if match else -1)


def _drawing_sides(texts: Sequence[str]) -> Iterator[dict[int, int]]:
    """Yield, for each line of a drawing, the sides that its strokes reach, by column.

    >>> tree = list(_drawing_sides(["│││ a", "│   │││ b", "│││ c"]))
    >>> [at for at in tree[1] if tree[1][at] == UP | RIGHT]
    [4]
    """
    lines = list(map(_DrawingLine.of, ("", *texts, "")))
    reaches = [_stroke_sides(*three) for three in zip(lines, lines[1:], lines[2:], strict=False)]
    for _, group in itertools.groupby(reaches, key=bool):
        drawing = list(group)
        runs = sum(any(reach & (LEFT | RIGHT) for reach in line.values()) for line in drawing)
        yield from drawing if runs >= FEWEST_STROKE_LINES else [{}] * len(drawing)


def _stroke_sides(above: _DrawingLine, line: _DrawingLine, below: _DrawingLine) -> dict[int, int]:
    """Return the sides that the strokes of a line reach; isolated strokes and runs are left out."""
    bars = (at for at, char in enumerate(line.text) if char == ANY_STROKE)
    reach = {at: UP * _continues_below(above, line, at) + DOWN * _continues_below(line, below, at) for at in bars}
    for run in STROKE_RUN.finditer(line.text):
        first, *rest = range(*run.span())
        if first == line.branch and not any(reach[at] for at in rest):
            reach[first] |= UP
        if any(reach[at] for at in (first, *rest)):
            reach[first] |= RIGHT
            reach |= {at: reach[at] | LEFT | RIGHT for at in rest[:-1]}
            reach[rest[-1]] |= LEFT
    return {at: one for at, one in reach.items() if one}


def _continues_below(above: _DrawingLine, below: _DrawingLine, at: int) -> bool:
    """Return whether a stroke continues in the line below: one has no neighbour in its line, or both begin a branch."""
    if not above.text[at : at + 1] == below.text[at : at + 1] == ANY_STROKE:
        return False
    alone = any(
        ANY_STROKE not in line[max(at - 1, 0) : at] + line[at + 1 : at + 2] for line in (above.text, below.text)
    )
    return alone or at == above.branch == below.branch
