"""Slots and pieces of a line -> the same, with the letter case that their neighbours have."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pipeline.mojibake.lossy.gaps import GapChoice
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.lossy.pieces import Piece, pieces_text

ASCII_RUN = re.compile("[\x00-\x7f]+")
FEWEST_CAPITALS = 2  # capitals of a word that is all capitals
HEADING_START = re.compile(r"(?:(?:[-*+]|\d+[.)]) )?(?:#+ |\*\*)\W*")  # the start of a heading, or of a line in bold


def without_capitals(row: Sequence[Slot]) -> Sequence[Slot]:
    """Return the slots of a line, all-capital words in lower case: the model knows lower case better."""
    known = ASCII_RUN.sub("", "".join(slot.candidates[0] for slot in row if len(slot.candidates) == 1))
    if known == known.lower():
        return row
    quieted: list[Slot] = []
    for is_word, found in itertools.groupby(row, key=lambda slot: slot.candidates[0].isalpha()):
        word = list(found)
        letters = "".join(slot.candidates[0] for slot in word if len(slot.candidates) == 1)
        shouted = is_word and len(letters) >= FEWEST_CAPITALS and letters.isupper()
        quieted += map(_lower_case_slot, word) if shouted else word
    return quieted


def _lower_case_slot(slot: Slot) -> Slot:
    """Return a slot in lower case, unless that leaves a gap one candidate."""
    small = tuple(dict.fromkeys(one.lower() for one in slot.candidates))
    return slot if len(small) == 1 < len(slot.candidates) else slot._replace(candidates=small)


def with_capitals(row: Sequence[Slot], choices: Iterable[GapChoice]) -> Iterator[GapChoice]:
    """Yield the choices for the gaps of a line, those of `without_capitals` words in capitals again."""
    gaps = (slot for slot in row if len(slot.candidates) > 1)
    for slot, choice in zip(gaps, choices, strict=True):
        if choice.slot == slot:
            yield choice
        else:
            capitals = {one.lower(): one for one in sorted(slot.candidates, key=str.isupper)}
            yield GapChoice(slot, tuple((capitals[text], share) for text, share in choice.options))


def with_fitting_case(row: Sequence[Piece], max_confidence: float) -> Iterator[Piece]:
    """Yield the pieces of a line; a gap with a letter of the wrong case gets the other case, or another letter.

    Its confidence is the sum of both, `max_confidence` at most.
    """
    text = pieces_text(row)
    at = 0
    for piece in row:
        yield _piece_in_case(piece, text, at, max_confidence)
        at += len(piece.text)


def _piece_in_case(piece: Piece, text: str, at: int, max_confidence: float) -> Piece:
    """Return a piece in the letter case that the text around it wants."""
    swapped, large = piece.text.swapcase(), piece.text.isupper()
    either = swapped in dict(piece.others)
    small = [other for other, share in piece.others if large and share and not other.isupper()]
    wanted = is_capital(text, at) if either or small else None
    if either and wanted is swapped.isupper():
        return _piece_with_option(piece, swapped, max_confidence)
    return _piece_with_option(piece, small[0], max_confidence) if small and wanted is False else piece


def _piece_with_option(piece: Piece, text: str, max_confidence: float) -> Piece:
    """Return the piece with another option as its text; the confidence of the present text is added to it."""
    shares = dict(piece.others)
    others = ((piece.text, 0.0), *(option for option in piece.others if option[0] != text))
    return replace(
        piece, text=text, confidence=min(round(piece.confidence + shares[text], 3), max_confidence), others=others
    )


def is_capital(text: str, at: int) -> bool | None:
    """Return whether the letter at an index of a line should be a capital; None where its neighbours do not decide.

    >>> is_capital("Prohlášení", 9), is_capital("NOVÉ ŠÍPY", 6), is_capital("# Šípy", 2), is_capital("a šípy", 2)
    (False, True, True, None)
    """
    before, after = text[:at], text[at + 1 : at + 2]
    if before[-1:].islower():
        return False
    if before[-1:].isupper():
        return after.isupper() or (not after.isalpha() and before[-2:-1].isupper())
    return True if after.isupper() or HEADING_START.fullmatch(before) else None
