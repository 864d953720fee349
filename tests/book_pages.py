"""PDF -> faults that a reader sees on its pages: lines printed over each other, text off the page, missing words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2

LEAST_OVERLAP = 0.35  # of the smaller of two boxes: marks, italics and tight kerning of sound text overlap by up to 0.3
MOST_OF_LIGATURE = 4  # places in the text between the first and the last character of one glyph: ffi, Indic syllables
EDGE = 1.0  # points that a glyph may reach beyond an edge


class CharBox(NamedTuple):
    """A character on a page, with its box in points from the lower left corner."""

    at: int  # in the text of the page
    char: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def area(self) -> float:
        """Return the area of the box in square points."""
        return max(0.0, self.right - self.left) * max(0.0, self.top - self.bottom)


def char_boxes(page: pypdfium2.PdfPage) -> list[CharBox]:
    """Return the visible characters of a page with their boxes."""
    text = page.get_textpage()
    made = []
    for at in range(text.count_chars()):
        char = text.get_text_range(at, 1)
        if char.strip():
            made.append(CharBox(at, char, *text.get_charbox(at)))
    return made


def overprinted(boxes: list[CharBox]) -> Iterator[tuple[CharBox, CharBox]]:
    """Yield pairs of characters that are printed over each other: each hides a large part of the other.

    Characters whose box is empty and marks do not count, nor do neighbours in the text, such as ligatures.
    """
    cells: dict[tuple[int, int], list[CharBox]] = {}
    for box in boxes:
        if box.area < 1 or unicodedata.category(box.char[0]).startswith("M"):
            continue
        cell = (int(box.left // 20), int(box.bottom // 20))
        near = [other for x in (-1, 0, 1) for y in (-1, 0, 1) for other in cells.get((cell[0] + x, cell[1] + y), ())]
        for other in near:
            if box.at - other.at <= MOST_OF_LIGATURE or other[2:] == box[2:]:
                continue
            wide = min(box.right, other.right) - max(box.left, other.left)
            high = min(box.top, other.top) - max(box.bottom, other.bottom)
            if wide > 0 and high > 0 and wide * high > LEAST_OVERLAP * min(box.area, other.area):
                yield other, box
        cells.setdefault(cell, []).append(box)


def page_faults(pdf: bytes, margin: float = 0.0) -> list[str]:
    """Return a sentence for each page with overprinted characters, or characters beyond its margin (in points)."""
    document = pypdfium2.PdfDocument(pdf)
    faults = []
    try:
        for number, page in enumerate(document, 1):
            boxes = char_boxes(page)
            if pairs := list(overprinted(boxes)):
                sample = "".join(one.char for pair in pairs[:12] for one in pair)
                faults.append(f"page {number}: {len(pairs)} characters overprinted, as {sample!r}")
            width, height = page.get_size()
            off = [
                box.char
                for box in boxes
                if box.left < margin - EDGE
                or box.right > width - margin + EDGE
                or box.bottom < -EDGE
                or box.top > height + EDGE
            ]
            if off:
                faults.append(f"page {number}: {len(off)} characters off the page, as {''.join(off[:20])!r}")
    finally:
        document.close()
    return faults
