"""What no page can show, and what takes pandoc or Typst minutes -> what a page can; every word stays, in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from pipeline.books.pandoc_ast import Node, para, text_nodes

WIDEST = 64  # columns: of more, each is under 2 mm on A5; Typst takes 5 s and 1.3 GB to set 5,000 of ten rows
JOINED = 30  # marks on one letter: UAX 15, 13, knows no text that needs more
QUOTES = 200  # straight ones in one word: pandoc's HTML writer is quadratic in them; 20,000 take it 4 s
PIECE = 500  # characters
# What UAX 29 puts to the letter before it: marks, joiners, Thai and Lao AM, skin tones.
_JOINING = {chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"}
_JOINING |= {"\u200d", "\u0e33", "\u0eb3", *map(chr, range(0x1F3FB, 0x1F400))}
_MARKS = "".join(sorted(_JOINING))
_JOINERS = "".join(mark for mark in _MARKS if unicodedata.combining(mark) == 9) + "\u200d"  # noqa: PLR2004 - viramas
_ABOVE = "".join(mark for mark in _MARKS if unicodedata.category(mark) in {"Mn", "Me"})
_STACKED = re.compile(f"([{_MARKS}]{{{JOINED}}})[{_ABOVE}]*")
_OTHERS = "".join(mark for mark in _MARKS if mark not in _JOINERS)
# Letters with a joiner among their marks. Nothing is given back: text of joiners alone would take minutes.
_CHAINED = re.compile(f"(?:[^\\s\u200b{_MARKS}](?=[{_OTHERS}]*+[{_JOINERS}])[{_MARKS}]++){{{JOINED}}}")


def unjoined(text: str) -> str:
    """Return `text` with a ZERO WIDTH SPACE wherever more than JOINED characters would be shaped as one.

    Of marks above or below one letter, those beyond JOINED are dropped: nobody could see them.

    Fonts are not made for them: of 5,000, Typst takes 5 GB of memory, or fails.
    """
    if _JOINING.isdisjoint(text):
        return text
    return _CHAINED.sub("\\g<0>\u200b", _STACKED.sub("\\1\u200b", text))


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
