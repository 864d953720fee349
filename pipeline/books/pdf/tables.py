"""Pandoc table or long code -> the call in templates/book.typ that fits it to the page.

`sheet` chooses the size of a table, or stacks its cells; `breakable-code` breaks lines of code after signs.
"""

from __future__ import annotations

import re
from typing import Protocol

from pipeline.books.pandoc_ast import Node, all_nodes
from pipeline.books.pdf.typst_values import typst_arguments, typst_block, typst_inline
from pipeline.books.table_columns import TableCell, table_grid

_LONG_WORD = re.compile(r"[!-~]{30}")  # in code: it may be wider than what an indented line of A5 has left
LEAST_TURNED_ROWS = 5  # below the head; stacked, fewer take less than the page that the table would have
MOST_REPEATED_HEAD = 200  # characters of a cell in the head; a longer head would fill each page


class CellContents(Protocol):
    """Returns the blocks of a cell for pandoc's Typst writer. `head_of`: the table in whose head the cell is."""

    def __call__(self, blocks: list[Node], head_of: str = "") -> list[Node]:
        """Return the blocks."""


def fitted_code(node: Node) -> list[Node]:
    """Return code with long words as a call that fits it to the page; nothing for any other node."""
    if node["t"] == "CodeBlock" and _LONG_WORD.search(node["c"][1]):
        return [typst_block("#breakable-code["), node, typst_block("]")]
    return []


def typst_table(table: Node, contents: CellContents, label: str, lead: list[Node] | None = None) -> list[Node]:
    """Return a table as a call of `sheet`, its cells as arguments. No other has its `label`.

    A table between the paragraphs of a section has a `lead`, the heading before it or nothing, and may be on a separate
    page; one in a list or a quotation has none.
    """
    grid = table_grid(table)
    given: dict[str, object] = {
        "aligns": grid.aligns,
        "head": grid.head,
        "repeated": max(map(len, grid.labels), default=0) <= MOST_REPEATED_HEAD,
        "labels": grid.labels if grid.head_is_text else [],
        "wanted": [round(width, 1) for width in grid.wanted],
        "words": grid.words,
        "floors": [round(width, 1) for width in grid.floors],
    }
    rows = max((cell.y + 1 for cell in grid.cells), default=0) - grid.head
    given |= {"turnable": True} if lead is not None and rows >= LEAST_TURNED_ROWS else {}
    linked = any(node["t"] in {"Link", "Note"} for node in all_nodes(table["c"][3]))
    given |= {"name": label} if linked else {}
    made = [typst_block(f"#sheet({typst_arguments(given)},"), *_argument("lead", lead or [])]
    made += _argument("caption", [node for block in grid.caption for node in contents([block])])
    made += [node for cell in grid.cells for node in _cell_call(cell, contents, label if cell.y < grid.head else "")]
    return [*made, typst_block(")")]


def _argument(name: str, blocks: list[Node]) -> list[Node]:
    return [typst_block(f"{name}: ["), *blocks, typst_block("],")] if blocks else []


def _cell_call(cell: TableCell, contents: CellContents, head_of: str) -> list[Node]:
    spans = {"colspan": cell.columns, "rowspan": cell.rows, "align": cell.align}
    given: dict[str, object] = {"x": cell.x, "y": cell.y} | {
        name: value for name, value in spans.items() if value not in {1, ""}
    }
    start = f"({typst_arguments(given)}, body: ["
    blocks = contents(cell.blocks, head_of)
    if not blocks:
        return [typst_block(f"{start}], empty: true),")]
    if len(blocks) == 1 and blocks[0]["t"] in {"Plain", "Para"}:
        return [{"t": "Plain", "c": [typst_inline(start), *blocks[0]["c"], typst_inline("]),")]}]
    return [typst_block(start), *blocks, typst_block("]),")]
