"""Tables of a chapter -> tables that fit the screen: classes and labels that templates/epub.css uses."""

from __future__ import annotations

from typing import Any

from pipeline.books.pandoc_ast import Node, is_node, with_changed_nodes
from pipeline.books.table_columns import MOST_WORD, TableCell, TableGrid, is_number, table_grid

FITS = 23.0  # em of a table (0.85 of the text) that a phone of 360 pixels shows
FITS_SMALL = 31.0  # the same at 0.65 of the text
SCREENS = (40, 60, 80)  # em: widths of screens at which templates/epub.css has rules
TABLE_SIZE = 0.85  # em of the text, as in templates/epub.css


def with_fitting_tables(part: Any) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST with its tables in divisions of the class `table`.

    A table too wide for a phone gets smaller type, or the class `stack-N`: its rows are stacked on a screen of up to N
    em. Cells that are numbers get the class `number`, and those of stacked tables the label of their column.
    """
    return with_changed_nodes(part, lambda node: _fitting_table(node) if is_node(node, "Table") else node)


def _fitting_table(table: Node) -> Node:
    grid = table_grid(table)
    name = _size_class(grid)
    cells = iter(grid.cells)
    attributes, caption, specs, head, bodies, foot = table["c"]
    labels = grid.labels if name.startswith("stack") else []
    rows = [[attribute, _marked_rows(rows, cells, [])] for attribute, rows in [head]]
    made = [
        [attribute, heads, _marked_rows(first, cells, labels), _marked_rows(rest, cells, labels)]
        for attribute, heads, first, rest in bodies
    ]
    last = [foot[0], _marked_rows(foot[1], cells, labels)]
    marked = {"t": "Table", "c": [attributes, caption, specs, rows[0], made, last]}
    return {"t": "Div", "c": [["", ["table", *([name] if name else [])], []], [marked]]}


def _marked_rows(rows: list[Any], cells: Any, labels: list[str]) -> list[Any]:  # noqa: ANN401 - an iterator of cells
    """Return rows of pandoc with the attributes of their cells; `cells` are those of the grid, in order."""
    made = []
    for attribute, row in rows:
        marked = []
        for _, align, height, width, blocks in row:
            cell = next(cells, None)
            marked.append([_attributes_of(cell, labels), align, height, width, blocks])
        made.append([attribute, marked])
    return made


def _attributes_of(cell: TableCell | None, labels: list[str]) -> list[Any]:
    if cell is None:
        return ["", [], []]
    label = labels[cell.x] if cell.x < len(labels) else ""
    names = ["number"] if is_number(cell.blocks) else ["long"] if cell.longest > MOST_WORD else []
    return ["", names, [["data-label", label]] if label and cell.blocks else []]


def _size_class(grid: TableGrid) -> str:
    """Return the class for the width of a table: "" if a phone shows it, `small`, or `stack-N`."""
    if grid.least_width <= FITS:
        return ""
    if grid.least_width <= FITS_SMALL or not grid.head_is_text:
        return "small"
    needed = grid.least_width * TABLE_SIZE
    return next((f"stack-{screen}" for screen in SCREENS if needed < 0.9 * screen), "stack")
