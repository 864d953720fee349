"""What no page can show, and what takes pandoc or Typst minutes -> what a page can; every word stays, in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from pipeline.write.tree import Node, para, text_nodes

WIDEST = 64  # columns: of more, each is under 2 mm on A5; Typst takes 5 s and 1.3 GB to set 5,000 of ten rows
MARKS = 30  # on one letter: UAX 15, 13, knows no text that needs more; Typst takes 2 GB for 6,000
QUOTES = 200  # straight ones in one word: pandoc's HTML writer is quadratic in them; 20,000 take it 4 s
PIECE = 500  # characters
_MARK = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
_STACKED = re.compile(f"([{_MARK}]{{{MARKS}}})[{_MARK}]+")


def unstacked(text: str) -> str:
    """Return `text` with MARKS combining marks on a letter at most."""
    return _STACKED.sub(r"\1", text)


def pieces(word: str) -> Iterator[Node]:
    """Yield a word as one node; as several where it holds more than QUOTES quotes."""
    size = PIECE if word.count("'") + word.count('"') > QUOTES else len(word)
    for start in range(0, len(word), size):
        yield {"t": "Str", "c": word[start : start + size]}


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
