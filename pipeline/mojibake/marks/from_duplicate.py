"""Marked text and the text of its duplicate -> the characters that the duplicate has at the marks."""

from __future__ import annotations

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.document import REPLACEMENT


def characters_of_duplicate(text: str, duplicate: str) -> dict[int, str]:
    r"""Return the character that a duplicate has at each mark of a text, by the index of the mark; ASCII ones too.

    >>> characters_of_duplicate("Ein sch\ufffdner Tag", "Ein schöner Tag!")
    {7: 'ö'}
    """
    places = np.full(len(text), -1)
    for block in Levenshtein.opcodes(text, duplicate):
        if block.src_end - block.src_start == block.dest_end - block.dest_start:
            places[block.src_start : block.src_end] = np.arange(block.dest_start, block.dest_end)
    marks = (at for at, char in enumerate(text) if char == REPLACEMENT and places[at] >= 0)
    return {at: duplicate[places[at]] for at in marks if duplicate[places[at]] != REPLACEMENT}
