"""Slots of lines that draw folder trees or boxes -> the strokes that gaps were, from their vertical alignment."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.mojibake.lossy.beam_search import TOLD, Choice
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.lossy.pieces import Piece

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
STROKES = dict(zip("─│┌┐└┘├┤┬┴┼▼", (10, 5, 6, 12, 3, 9, 7, 13, 14, 11, 15, 1), strict=True))  # and the sides they reach
FIRST, END = "\u2000", "\u3000"  # gaps with such candidates can be strokes: all share the first byte of UTF-8
BAR = "│"  # any stroke, in the text of a `_Line`
RUN = re.compile(BAR + "{2,}")
BRANCH = re.compile(rf"(?:[>\s]|{BAR}(?=\s))*({BAR}{{2,5}})(?!{BAR})")  # the start of a tree's line, up to its dashes
FEWEST = 2  # lines of a drawing with adjacent strokes: in a single line they may be dashes
DRAWN = 0.95  # confidence: of 100,000 strokes in descriptions of packages (training/descriptions.txt) 0.967 are right

Strokes = dict[int, list[str]]  # of a line: by the index of a gap, the strokes that it can be, best first


def drawn(found: Sequence[Sequence[Slot]]) -> list[Strokes]:
    """Return the gaps of each line that are strokes, because neighbouring lines draw a tree or a box with them."""
    seen = [[_seen(slot) for slot in row] for row in found]
    strokes: list[Strokes] = []
    for row, texts, reach in zip(found, seen, _drawn(["".join(row) for row in seen]), strict=True):
        columns = [number for number, text in enumerate(texts) for _ in text]
        strokes.append({columns[at]: _fitting(row[columns[at]], one) for at, one in reach.items()})
    return strokes


def blank(row: Sequence[Slot], strokes: Mapping[int, object]) -> list[Slot]:
    """Return the slots of a line with spaces for its strokes, which say nothing about the characters around them."""
    return [slot._replace(candidates=(" ",)) if number in strokes else slot for number, slot in enumerate(row)]


def filled(row: Sequence[Slot], strokes: Strokes, choices: Iterable[Choice]) -> Iterator[Choice]:
    """Yield the choices for all gaps of a line: its strokes, and the given choices for the others."""
    chosen = iter(choices)
    for number, slot in enumerate(row):
        if number in strokes:
            best, *others = strokes[number]
            yield Choice(slot, ((best, DRAWN), *((one, 0.0) for one in others[:TOLD])))
        elif len(slot.candidates) > 1:
            yield next(chosen)


def undrawn(row: Iterable[Piece], found: Sequence[Slot], strokes: Iterable[int]) -> str:
    """Return the text of a line's pieces, with spaces for its strokes."""
    places = {(found[number].start, found[number].end) for number in strokes}
    return "".join(" " if (piece.start, piece.end) in places else piece.text for piece in row)


def _options(slot: Slot) -> list[str]:
    """Return the strokes that a slot can be; a space may follow each."""
    if len(slot.candidates) > 1 and FIRST <= slot.candidates[0] < END:
        return [one for one in slot.candidates if one[0] in STROKES]
    return []


def _seen(slot: Slot) -> str:
    """Return the text of a slot, one character per column: a wide character is followed by NUL."""
    if options := _options(slot):
        return BAR + options[0][1:]
    return "".join(char + "\0" * (unicodedata.east_asian_width(char) in "WF") for char in slot.candidates[0])


def _fitting(slot: Slot, reach: int) -> list[str]:
    """Return the strokes that a slot can be, by how well their sides match those that they must reach."""
    return sorted(_options(slot), key=lambda one: (STROKES[one[0]] ^ reach).bit_count())


class _Line(NamedTuple):
    """A line in columns, and the column where the branch of a tree may begin, or -1."""

    text: str
    branch: int

    @classmethod
    def of(cls, text: str) -> _Line:
        """Return the line of a text."""
        match = BRANCH.match(text)
        return cls(text, match.start(1) if match else -1)


def _drawn(texts: Sequence[str]) -> Iterator[dict[int, int]]:
    """Yield, for each line of a drawing, the sides that its strokes reach, by column.

    >>> tree = list(_drawn(["│││ a", "│   │││ b", "│││ c"]))
    >>> [at for at in tree[1] if tree[1][at] == UP | RIGHT]
    [4]
    """
    lines = list(map(_Line.of, ("", *texts, "")))
    reaches = [_reach(*three) for three in zip(lines, lines[1:], lines[2:], strict=False)]
    for _, group in itertools.groupby(reaches, key=bool):
        drawing = list(group)
        runs = sum(any(reach & (LEFT | RIGHT) for reach in line.values()) for line in drawing)
        yield from drawing if runs >= FEWEST else [{}] * len(drawing)


def _reach(above: _Line, line: _Line, below: _Line) -> dict[int, int]:
    """Return the sides that the strokes of a line reach; isolated strokes and runs are left out."""
    bars = (at for at, char in enumerate(line.text) if char == BAR)
    reach = {at: UP * _goes_on(above, line, at) + DOWN * _goes_on(line, below, at) for at in bars}
    for run in RUN.finditer(line.text):
        first, *rest = range(*run.span())
        if first == line.branch and not any(reach[at] for at in rest):
            reach[first] |= UP
        if any(reach[at] for at in (first, *rest)):
            reach[first] |= RIGHT
            reach |= {at: reach[at] | LEFT | RIGHT for at in rest[:-1]}
            reach[rest[-1]] |= LEFT
    return {at: one for at, one in reach.items() if one}


def _goes_on(above: _Line, below: _Line, at: int) -> bool:
    """Return whether a stroke continues in the line below: one has no neighbour in its line, or both begin a branch."""
    if not above.text[at : at + 1] == below.text[at : at + 1] == BAR:
        return False
    alone = any(BAR not in line[max(at - 1, 0) : at] + line[at + 1 : at + 2] for line in (above.text, below.text))
    return alone or at == above.branch == below.branch
