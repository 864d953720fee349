"""Rows of cells -> a pandoc table: rows are filled up, spans end where the table does."""

from __future__ import annotations

from bisect import bisect
from typing import NamedTuple

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node

MOST_CELLS = 20_000  # of a table, empty ones with them; a larger one is set as paragraphs


class Cell(NamedTuple):
    """A cell as HTML has it: its blocks, how many columns and rows it wants to span."""

    blocks: list[Node]
    columns: int
    rows: int


class Section(NamedTuple):
    """The rows of a table's head or of one of its bodies."""

    head: bool
    rows: list[list[Cell]]


def table(caption: list[Node], sections: list[Section], specs: list[list[Node]]) -> list[Node]:
    """Return a table; its caption and the blocks of its cells one after another where it is too large for one.

    `specs` are pandoc's alignment and width of each column, if they are known.
    """
    widest = max((len(row) for section in sections for row in section.rows), default=0)
    placed = [_placed(section, widest) for section in sections]
    columns = max((sum(width for _, width, _ in row) for rows in placed for row in rows), default=0)
    if columns > 2 * widest:  # spans that no other row fills
        plain = [Section(one.head, [[Cell(cell.blocks, 1, 1) for cell in row] for row in one.rows]) for one in sections]
        placed, columns = [_placed(section, widest) for section in plain], widest
    cells = [cell.blocks for section in sections for row in section.rows for cell in row]
    if not columns or columns * sum(map(len, placed)) > MOST_CELLS:
        return [*caption, *(block for blocks in cells for block in blocks)]
    if len(specs) != columns:
        specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}]] * columns
    named = list(zip(sections, placed, strict=True))
    head = [row for section, rows in named if section.head for row in _rows(rows, columns)]
    bodies = [_rows(rows, columns) for section, rows in named if not section.head]
    made = [[NO_ATTRIBUTES, 0, [], rows] for rows in bodies]
    return [
        {
            "t": "Table",
            "c": [NO_ATTRIBUTES, [None, caption], specs, [NO_ATTRIBUTES, head], made, [NO_ATTRIBUTES, []]],
        }
    ]


Placed = tuple[list[Node] | None, int, int]  # what a cell holds (none: a row above reaches here), its columns, its rows


def _placed(section: Section, widest: int) -> list[list[Placed]]:
    """Return rows of cells from left to right, with the places that cells of rows above reach down to."""
    reaching: dict[int, tuple[int, int]] = {}  # by column: how wide, and how many rows more
    made: list[list[Placed]] = []
    for at, row in enumerate(section.rows):
        placed: list[Placed] = []
        column, left = 0, len(section.rows) - at
        waiting = row[::-1]
        below: dict[int, tuple[int, int]] = {}
        starts = sorted(reaching)
        while waiting or (starts and column <= starts[-1]):
            if column in reaching:
                width, rows = reaching[column]
                placed.append((None, width, 1))
                if rows > 1:
                    below[column] = (width, rows - 1)
            elif waiting:
                cell = waiting.pop()
                after = bisect(starts, column)
                free = starts[after] - column if after < len(starts) else widest
                width, rows = max(1, min(cell.columns, widest, free)), max(1, min(cell.rows or left, left))
                placed.append((cell.blocks, width, rows))
                if rows > 1:
                    below[column] = (width, rows - 1)
            else:
                width = 1
                placed.append(([], 1, 1))
            column += width
        reaching = below
        made.append(placed)
    return made


def _rows(rows: list[list[Placed]], columns: int) -> list[list[object]]:
    made: list[list[object]] = []
    for row in rows:
        cells = [_cell(blocks, width, height) for blocks, width, height in row if blocks is not None]
        cells += [_cell([], 1, 1)] * (columns - sum(width for _, width, _ in row))
        made.append([NO_ATTRIBUTES, cells])
    return made


def _cell(blocks: list[Node], width: int, height: int) -> list[object]:
    return [NO_ATTRIBUTES, {"t": "AlignDefault"}, height, width, blocks]
