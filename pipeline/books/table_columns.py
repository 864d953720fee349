"""Pandoc table -> its cells on a grid, and how wide its columns must be at least, for the writers of EPUB and PDF."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

from pipeline.books.pandoc_ast import Node, all_nodes, ast_plain_text

WORDS_MEASURED = 4  # of a column: those that look widest; Typst measures them
MOST_WORD = 24  # characters of a word that is not broken; German compounds and identifiers in columns are shorter
PIECE = 8  # characters between the places where templates/book.typ breaks URLs and identifiers
IMAGE_WIDTH = 6.0  # em that an image in a column needs at least
MATHS_WIDTH = 12.0  # em that a formula in a column needs at most
CELL_PADDING = 1.0  # em, of both sides of a cell in templates/epub.css
SPECIAL_TYPES = {"Note", "Image", "Math", "Link", "Figure"}  # nodes that plain text cannot replace
ALIGNMENTS = {"AlignLeft": "left", "AlignRight": "right", "AlignCenter": "center"}
_NUMBER_IN_CELL = re.compile(
    r"[\s$€£¥₹<>≤≥~≈+\u2212±(-]*+\d[\d.,:/'’\u00a0\u202f\u2212%‰°€$)×x+-]*+(?:\s?[A-Za-zµ%€/²³]{1,4})?\s*"
)
_BROKEN_BY_SIGNS = re.compile(r"[!-~]*[/._=-][!-~]*")  # as in templates/book.typ
_IDEOGRAPHS = re.compile(
    r"[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]{1,4}"
)  # not less a line
_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")  # Thai, Lao, Burmese, Khmer


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table: its column and row from 0, how many of each it spans, its blocks."""

    x: int
    y: int
    columns: int
    rows: int
    blocks: list[Node]
    align: str  # left, right, center, or "" for that of its column

    @property
    def longest(self) -> int:
        """Return the number of characters of its longest word."""
        return max((len(word) for line in _lines_of_cell(self.blocks) for word in line.split()), default=0)


@dataclass(frozen=True, slots=True)
class TableGrid:
    """A table: its caption, the alignment of its columns, the number of head rows, its cells in order."""

    caption: list[Node]
    aligns: list[str]
    head: int
    cells: list[TableCell]

    @property
    def labels(self) -> list[str]:
        """Return the text of each column's head; "" where it has none."""
        labels: list[list[str]] = [[] for _ in self.aligns]
        for cell in self.cells:
            for label in labels[cell.x : cell.x + cell.columns] if cell.y < self.head else ():
                label.append(" ".join(ast_plain_text(cell.blocks).split()))
        return [" ".join(filter(None, label)) for label in labels]

    @property
    def head_is_text(self) -> bool:
        """Return whether the labels hold all that the head shows."""
        head = [cell.blocks for cell in self.cells if cell.y < self.head]
        return all(node["t"] not in SPECIAL_TYPES for node in all_nodes(head))

    @property
    def words(self) -> list[list[str]]:
        """Return the widest words of each column that are not broken; those of cells that span columns do not count."""
        found: list[set[str]] = [set() for _ in self.aligns]
        for cell in self.cells:
            if cell.columns == 1:
                words = chain.from_iterable(map(unbroken_words, _lines_of_cell(cell.blocks)))
                found[cell.x].update(re.sub(r"\d", "0", word) for word in words)  # all digits are equally wide
        return [sorted(words, key=lambda word: (-em_width(word), word))[:WORDS_MEASURED] for words in found]

    @property
    def wanted(self) -> list[float]:
        """Return the width in em at which no cell of each column would break."""
        widths = [1.0] * len(self.aligns)
        for cell in self.cells:
            longest = max(map(em_width, _lines_of_cell(cell.blocks)), default=0.0) / cell.columns
            for x in range(cell.x, min(cell.x + cell.columns, len(widths))):
                widths[x] = max(widths[x], longest)
        return widths

    @property
    def floors(self) -> list[float]:
        """Return the width in em that the images and formulas of each column need."""
        widths = [0.0] * len(self.aligns)
        for cell in self.cells:
            for node in all_nodes(cell.blocks, without="Note"):
                if node["t"] in {"Image", "Math"} and cell.columns == 1:
                    needed = IMAGE_WIDTH if node["t"] == "Image" else min(MATHS_WIDTH, em_width(node["c"][1]))
                    widths[cell.x] = max(widths[cell.x], needed)
        return widths

    @property
    def least_width(self) -> float:
        """Return the width in em below which words or numbers of the table would break."""
        pairs = zip(self.words, self.floors, strict=True)
        return sum(max(map(em_width, words), default=0.0) + floor + CELL_PADDING for words, floor in pairs)


def table_grid(table: Node) -> TableGrid:
    """Return a pandoc table as cells on a grid."""
    _, (_, caption), specs, (_, head), bodies, (_, foot) = table["c"]
    heads = [*head]
    rows = [*heads, *(row for body in bodies for row in (*body[2], *body[3])), *foot]
    cells: list[TableCell] = []
    taken: set[tuple[int, int]] = set()
    for y, (_, row) in enumerate(rows):
        x = 0
        for _, align, height, width, blocks in row:
            while (x, y) in taken:
                x += 1
            width, height = max(1, min(width, len(specs) - x)), max(1, min(height, len(rows) - y))  # noqa: PLW2901
            if x >= len(specs):
                break
            taken.update((x + right, y + down) for right in range(width) for down in range(height))
            cells.append(TableCell(x, y, width, height, blocks, ALIGNMENTS.get(align["t"], "")))
            x += width
    return TableGrid(caption, [ALIGNMENTS.get(spec[0]["t"], "") for spec in specs], len(heads), cells)


def is_number(blocks: list[Node]) -> bool:
    """Return whether a cell holds nothing but a number, perhaps with its unit."""
    return _NUMBER_IN_CELL.fullmatch(ast_plain_text(blocks)) is not None


def _lines_of_cell(blocks: list[Node]) -> Iterator[str]:
    for node in all_nodes(blocks, without="Note"):
        if node["t"] in {"Plain", "Para", "Header"}:
            yield ast_plain_text(node["c"] if node["t"] != "Header" else node["c"][2])
        elif node["t"] == "CodeBlock":
            yield from node["c"][1].split("\n")


def unbroken_words(line: str) -> Iterator[str]:
    """Yield the parts of a line that are not broken: words, numbers, pieces of URLs, ideographs.

    >>> list(unbroken_words("1,234.50 at https://e.org/a/b 東京駅前広場"))
    ['1,234.50', 'at', 'https://', 'e.org/a/', 'b', '東京駅前', '広場']
    """
    for part in _IDEOGRAPHS.sub(r" \g<0> ", line).split():
        number = _NUMBER_IN_CELL.fullmatch(part)
        short = len(part) < 2 * PIECE or (len(part) <= MOST_WORD and not _BROKEN_BY_SIGNS.fullmatch(part))
        whole = short or (number and len(part) <= MOST_WORD) or not (part.isascii() or len(part) > 2 * MOST_WORD)
        if whole and not _WITHOUT_SPACES.search(part):
            yield part
        else:
            yield from (part[at : at + PIECE] for at in range(0, len(part), PIECE))


def em_width(text: str) -> float:
    """Return about how wide a text is in em: ideographs 1, capitals 0.67, other characters 0.5, marks 0.

    >>> em_width("東京"), em_width("ab")
    (2.0, 1.0)
    """
    return sum(map(_em_of_character, text))


@cache  # a post has few different characters
def _em_of_character(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0.0
    return 0.67 if char.isupper() or char in "mw@%—" else 0.5
