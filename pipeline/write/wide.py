"""A table too wide for any page -> its rows as paragraphs: every cell's text stays, in order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pipeline.write.tree import Node, para, text_nodes

WIDEST = 64  # columns: of more, each is under 2 mm on A5; Typst takes 5 s and 1.3 GB to set 5,000 of ten rows


def narrowed(blocks: list[Node]) -> Iterator[Node]:
    """Yield blocks, each table of over WIDEST columns as a paragraph for each row."""
    for block in blocks:
        if block["t"] == "Table" and len(block["c"][2]) > WIDEST:
            _, _, _, head, bodies, foot = block["c"]
            parts = [head[1], *chain.from_iterable((body[2], body[3]) for body in bodies), foot[1]]
            for _, cells in chain.from_iterable(parts):
                yield from _row([cell[4] for cell in cells])
        else:
            yield block


def _row(cells: list[list[Node]]) -> Iterator[Node]:
    """Yield a paragraph of cells with a bar between them, empty ones left out; blocks of other kinds follow it."""
    told = [block["c"] for cell in cells for block in cell if block["t"] in {"Plain", "Para"} and block["c"]]
    if told:
        yield para(*told[0], *chain.from_iterable((*text_nodes(" | "), *inlines) for inlines in told[1:]))
    yield from (block for cell in cells for block in cell if block["t"] not in {"Plain", "Para"})
