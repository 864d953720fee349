"""Text and blocks beyond the limits of pandoc or Typst -> equivalents within them, with all words in order.

Stacked combining marks, words of quotation marks and very wide tables would take minutes or gigabytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from pipeline.books.pandoc_ast import Node, para, text_nodes

WIDEST = 64  # columns of a table: of 65, each is under 2 mm on A5; Typst needs 5 s and 1.3 GB for 5,000 in ten rows
JOINED = 30  # combining marks on one character; UAX 15, section 13, knows no text that needs more
QUOTES = 200  # straight quotation marks in one word: pandoc's HTML writer is quadratic in them; 20,000 take 4 s
PIECE = 500  # characters
# Characters that UAX 29 joins to the one before: marks, joiners, Thai and Lao AM, skin tones.
_JOINING = {chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"}
_JOINING |= {"\u200d", "\u0e33", "\u0eb3", *map(chr, range(0x1F3FB, 0x1F400))}
_MARKS = "".join(sorted(_JOINING))
_JOINERS = "".join(mark for mark in _MARKS if unicodedata.combining(mark) == 9) + "\u200d"  # noqa: PLR2004 - viramas
_ABOVE = "".join(mark for mark in _MARKS if unicodedata.category(mark) in {"Mn", "Me"})
_STACKED = re.compile(f"([{_MARKS}]{{{JOINED}}})[{_ABOVE}]*")
_OTHERS = "".join(mark for mark in _MARKS if mark not in _JOINERS)
# Characters with a joiner among their marks. Quantifiers are possessive: text of joiners would backtrack for minutes.
_CHAINED = re.compile(f"(?:[^\\s\u200b{_MARKS}](?=[{_OTHERS}]*+[{_JOINERS}])[{_MARKS}]++){{{JOINED}}}")


def unjoined(text: str) -> str:
    r"""Return `text` with a ZERO WIDTH SPACE wherever more than `JOINED` characters would be shaped as one.

    Marks above or below one character beyond `JOINED` are dropped, as they are illegible. Typst needs 5 GB of
    memory for 5,000 of them, or fails.

    >>> accent = "\N{COMBINING ACUTE ACCENT}"
    >>> unjoined("e" + accent * 500) == "e" + accent * 30 + "\u200b"
    True
    """
    if _JOINING.isdisjoint(text):
        return text
    return _CHAINED.sub("\\g<0>\u200b", _STACKED.sub("\\1\u200b", text))


def pieces(word: str) -> Iterator[Node]:
    """Yield a word as one node, or in nodes of `PIECE` characters if it has more than `QUOTES` quotes."""
    size = PIECE if word.count("'") + word.count('"') > QUOTES else len(word)
    for start in range(0, len(word), size):
        yield {"t": "Str", "c": word[start : start + size]}


def narrowed(blocks: list[Node]) -> Iterator[Node]:
    """Yield blocks. A table of more than `WIDEST` columns becomes one paragraph per row."""
    for block in blocks:
        if block["t"] == "Table" and len(block["c"][2]) > WIDEST:
            _, _, _, head, bodies, foot = block["c"]
            parts = [head[1], *chain.from_iterable((body[2], body[3]) for body in bodies), foot[1]]
            for _, cells in chain.from_iterable(parts):
                yield from _row([cell[4] for cell in cells])
        else:
            yield block


def _row(cells: list[list[Node]]) -> Iterator[Node]:
    """Yield a table row as the paragraph `cell | cell`, without empty cells; then the blocks that are no paragraphs."""
    texts = [block["c"] for cell in cells for block in cell if block["t"] in {"Plain", "Para"} and block["c"]]
    if texts:
        yield para(*texts[0], *chain.from_iterable((*text_nodes(" | "), *inlines) for inlines in texts[1:]))
    yield from (block for cell in cells for block in cell if block["t"] not in {"Plain", "Para"})
