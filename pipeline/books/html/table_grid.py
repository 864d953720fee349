"""Rows of HTML cells with spans -> a pandoc table: rows are padded to one length, spans are cut to the table."""

from __future__ import annotations

from bisect import bisect
from typing import NamedTuple

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node

MOST_TABLE_CELLS = 20_000  # of a table, including empty ones; the cells of a larger table become blocks


class HtmlCell(NamedTuple):
    """A cell of an HTML table."""

    blocks: list[Node]
    columns: int  # colspan
    rows: int  # rowspan; 0 for all rows that follow


class TableSection(NamedTuple):
    """The rows of a table's head, or of one of its bodies."""

    head: bool
    rows: list[list[HtmlCell]]


def table_or_blocks(caption: list[Node], sections: list[TableSection], specs: list[list[Node]]) -> list[Node]:
    """Return a table as one block; a table of more than `MOST_TABLE_CELLS` cells as its caption and its cells' blocks.

    `specs` are pandoc's alignment and width of each column, or empty.
    """
    widest = max((len(row) for section in sections for row in section.rows), default=0)
    placed = [_placed_rows(section, widest) for section in sections]
    columns = max((sum(width for _, width, _ in row) for rows in placed for row in rows), default=0)
    if columns > 2 * widest:  # spans so large that they are mistakes: ignore all spans
        unspanned = [
            TableSection(section.head, [[HtmlCell(cell.blocks, 1, 1) for cell in row] for row in section.rows])
            for section in sections
        ]
        placed, columns = [_placed_rows(section, widest) for section in unspanned], widest
    cells = [cell.blocks for section in sections for row in section.rows for cell in row]
    if not columns or columns * sum(map(len, placed)) > MOST_TABLE_CELLS:
        return [*caption, *(block for blocks in cells for block in blocks)]
    if len(specs) != columns:
        specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}]] * columns
    pairs = list(zip(sections, placed, strict=True))
    head = [row for section, rows in pairs if section.head for row in _pandoc_rows(rows, columns)]
    bodies = [[NO_ATTRIBUTES, 0, [], _pandoc_rows(rows, columns)] for section, rows in pairs if not section.head]
    return [
        {
            "t": "Table",
            "c": [NO_ATTRIBUTES, [None, caption], specs, [NO_ATTRIBUTES, head], bodies, [NO_ATTRIBUTES, []]],
        }
    ]


# The blocks of a cell, its width in columns, its height in rows. Blocks are None where a cell above spans this place.
PlacedCell = tuple[list[Node] | None, int, int]


def _placed_rows(section: TableSection, widest: int) -> list[list[PlacedCell]]:
    """Return the rows of a section, with entries for the places that cells of rows above span.

    `widest` is the largest number of cells in a row of the table, and the limit of a span.
    """
    spanned: dict[int, tuple[int, int]] = {}  # column -> width and remaining rows of a cell from a row above
    made: list[list[PlacedCell]] = []
    for at, row in enumerate(section.rows):
        placed: list[PlacedCell] = []
        column, left = 0, len(section.rows) - at
        waiting = row[::-1]
        below: dict[int, tuple[int, int]] = {}
        starts = sorted(spanned)
        while waiting or (starts and column <= starts[-1]):
            if column in spanned:
                width, rows = spanned[column]
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
        spanned = below
        made.append(placed)
    return made


def _pandoc_rows(rows: list[list[PlacedCell]], columns: int) -> list[list[object]]:
    """Return rows as pandoc's, padded to `columns` with empty cells."""
    made: list[list[object]] = []
    for row in rows:
        cells = [_pandoc_cell(blocks, width, height) for blocks, width, height in row if blocks is not None]
        cells += [_pandoc_cell([], 1, 1)] * (columns - sum(width for _, width, _ in row))
        made.append([NO_ATTRIBUTES, cells])
    return made


def _pandoc_cell(blocks: list[Node], width: int, height: int) -> list[object]:
    return [NO_ATTRIBUTES, {"t": "AlignDefault"}, height, width, blocks]
