"""Text and blocks beyond the limits of pandoc or Typst -> equivalents within them, with all words in order.

Stacked combining marks, words of quotation marks and very wide tables would take minutes or gigabytes.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from pipeline.books.pandoc_ast import Node, para, text_nodes

MOST_TABLE_COLUMNS = (
    64  # columns of a table: of 65, each is under 2 mm on A5; Typst needs 5 s and 1.3 GB for 5,000 in ten rows
)
MOST_JOINED = 30  # combining marks on one character; UAX 15, section 13, knows no text that needs more
MOST_QUOTES = 200  # straight quotation marks in one word: pandoc's HTML writer is quadratic in them; 20,000 take 4 s
PIECE_LENGTH = 500  # characters


def with_clusters_limited(text: str) -> str:
    r"""Return `text` with a ZERO WIDTH SPACE wherever more than `MOST_JOINED` characters would be shaped as one.

    Marks above or below one character beyond `MOST_JOINED` are dropped, as they are illegible. Typst needs 5 GB of
    memory for 5,000 of them, or fails.

    >>> accent = "\N{COMBINING ACUTE ACCENT}"
    >>> with_clusters_limited("e" + accent * 500) == "e" + accent * 30 + "\u200b"
    True
    """
    if text.isascii() or _joining_characters().isdisjoint(text):
        return text
    stacked, conjuncts = _cluster_patterns()
    return conjuncts.sub("\\g<0>\u200b", stacked.sub("\\1\u200b", text))


@functools.cache
def _joining_characters() -> frozenset[str]:
    """Return the characters that UAX 29 joins to the one before: marks, joiners, Thai and Lao AM, skin tones."""
    marks = {chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"}
    return frozenset(marks | {"\u200d", "\u0e33", "\u0eb3", *map(chr, range(0x1F3FB, 0x1F400))})


@functools.cache
def _cluster_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of stacked marks, and of characters with a joiner among their marks.

    Quantifiers are possessive: text of joiners would backtrack for minutes.
    """
    joining = "".join(sorted(_joining_characters()))
    viramas = "".join(mark for mark in joining if unicodedata.combining(mark) == 9) + "\u200d"  # noqa: PLR2004 - viramas
    nonspacing = "".join(mark for mark in joining if unicodedata.category(mark) in {"Mn", "Me"})
    others = "".join(mark for mark in joining if mark not in viramas)
    return (
        re.compile(f"([{joining}]{{{MOST_JOINED}}})[{nonspacing}]*"),
        re.compile(f"(?:[^\\s\u200b{joining}](?=[{others}]*+[{viramas}])[{joining}]++){{{MOST_JOINED}}}"),
    )


def string_nodes(word: str) -> Iterator[Node]:
    """Yield a word as one node, or in nodes of `PIECE_LENGTH` characters if it has more than `MOST_QUOTES` quotes."""
    size = PIECE_LENGTH if word.count("'") + word.count('"') > MOST_QUOTES else len(word)
    for start in range(0, len(word), size):
        yield {"t": "Str", "c": word[start : start + size]}


def with_wide_tables_as_text(blocks: list[Node]) -> Iterator[Node]:
    """Yield blocks. A table of more than `MOST_TABLE_COLUMNS` columns becomes one paragraph per row."""
    for block in blocks:
        if block["t"] == "Table" and len(block["c"][2]) > MOST_TABLE_COLUMNS:
            _, _, _, head, bodies, foot = block["c"]
            parts = [head[1], *chain.from_iterable((body[2], body[3]) for body in bodies), foot[1]]
            for _, cells in chain.from_iterable(parts):
                yield from _row_as_paragraph([cell[4] for cell in cells])
        else:
            yield block


def _row_as_paragraph(cells: list[list[Node]]) -> Iterator[Node]:
    """Yield a table row as the paragraph `cell | cell`, without empty cells; then blocks that are not paragraphs."""
    texts = [block["c"] for cell in cells for block in cell if block["t"] in {"Plain", "Para"} and block["c"]]
    if texts:
        yield para(*texts[0], *chain.from_iterable((*text_nodes(" | "), *inlines) for inlines in texts[1:]))
    yield from (block for cell in cells for block in cell if block["t"] not in {"Plain", "Para"})
