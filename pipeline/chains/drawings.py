"""Slots of lines that draw trees of folders or boxes -> the strokes that gaps were: no letters around tell them."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.chains.decoder import TOLD, Choice
from pipeline.chains.lattice import Slot

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
STROKES = " │─└││┌├─┘─┴┐┤┬┼"  # by the sum of where they reach to
BAR = "│"
RUN = re.compile(BAR + "{2,}")
BRANCH = re.compile(rf"(?:[>\s]|{BAR}(?=\s))*({BAR}{{2,5}})(?!{BAR})")  # the beginning of a tree's line, to its dashes
FEWEST = 2  # lines of a drawing with strokes side by side: in a single one they may be dashes
DRAWN = 0.95


def drawn(found: Sequence[Sequence[Slot]]) -> list[dict[int, str]]:
    """Return which gaps of each line, by their numbers, are strokes: lines below one another draw a tree or a box."""
    columns = [[(char, number) for number, slot in enumerate(row) for char in _seen(slot)] for row in found]
    drawings = _drawn(["".join(char for char, _ in line) for line in columns])
    told = zip(found, columns, drawings, strict=True)
    return [
        {(number := line[at][1]): stroke + _seen(row[number])[1:] for at, stroke in strokes.items()}
        for row, line, strokes in told
    ]


def blank(row: Sequence[Slot], strokes: Mapping[int, str]) -> list[Slot]:
    """Return the slots of a line, spaces where strokes are: these tell nothing of the letters."""
    return [slot._replace(candidates=(" ",)) if number in strokes else slot for number, slot in enumerate(row)]


def filled(row: Sequence[Slot], strokes: Mapping[int, str], choices: Iterable[Choice]) -> Iterator[Choice]:
    """Yield the choices for all gaps of a line: its strokes, and those that were made for the others."""
    chosen = iter(choices)
    for number, slot in enumerate(row):
        if number in strokes:
            others = [one for one in slot.candidates if one[0] in STROKES and one != strokes[number]]
            yield Choice(slot, ((strokes[number], DRAWN), *((one, 0.0) for one in others[:TOLD])))
        elif len(slot.candidates) > 1:
            yield next(chosen)


def _seen(slot: Slot) -> str:
    """Return what stands in a slot, a bar if it may be a stroke, in columns: wide characters take two."""
    for one in (BAR, BAR + " "):
        if len(slot.candidates) > 1 and one in slot.candidates:
            return one
    return "".join(char + "\0" * (unicodedata.east_asian_width(char) in "WF") for char in slot.candidates[0])


def _drawn(lines: Sequence[str]) -> Iterator[dict[int, str]]:
    """Yield what is drawn in each line, by the column, where bars may be any stroke.

    >>> list(_drawn(["│││ a", "│   │││ b", "│││ c"]))
    [{0: '├', 1: '─', 2: '─'}, {0: '│', 4: '└', 5: '─', 6: '─'}, {0: '└', 1: '─', 2: '─'}]
    >>> list(_drawn(["││││", "│  │", "││││"]))
    [{0: '┌', 1: '─', 2: '─', 3: '┐'}, {0: '│', 3: '│'}, {0: '└', 1: '─', 2: '─', 3: '┘'}]
    """
    reaches = [_reach(*three) for three in zip(["", *lines[:-1]], lines, [*lines[1:], ""], strict=True)]
    for draws, group in itertools.groupby(reaches, key=bool):
        drawing = list(group)
        told = draws and sum(any(reach & (LEFT | RIGHT) for reach in line.values()) for line in drawing) >= FEWEST
        for line in drawing:
            yield {at: STROKES[reach] for at, reach in line.items()} if told else {}


def _reach(above: str, line: str, below: str) -> dict[int, int]:
    """Return where the strokes of a line reach to, by the column; none of what nothing above or below goes on from."""
    reach = {
        at: UP * _goes_on(above, line, at) + DOWN * _goes_on(line, below, at)
        for at, char in enumerate(line)
        if char == BAR
    }
    for run in RUN.finditer(line):
        first, *rest = range(*run.span())
        if first == _branch(line) and not any(reach[at] for at in rest):
            reach[first] |= UP
        if any(reach[at] for at in (first, *rest)):
            for at in (first, *rest):
                reach[at] |= RIGHT * (at + 1 < run.end()) + LEFT * (at > first)
    return {at: one for at, one in reach.items() if one}


def _goes_on(above: str, below: str, at: int) -> bool:
    """Tell whether a stroke of a line goes on in the one below: as a bar by itself, or from branch to branch."""
    if not above[at : at + 1] == below[at : at + 1] == BAR:
        return False
    alone = any(BAR not in line[max(at - 1, 0) : at] + line[at + 1 : at + 2] for line in (above, below))
    return alone or at == _branch(above) == _branch(below)


def _branch(line: str) -> int:
    """Return where in a line the branch of a tree may begin, or -1."""
    match = BRANCH.match(line)
    return match.start(1) if match else -1
