"""Slots and the choices for them -> the pieces of a line: gaps, and the known text between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.mojibake.lossy.gaps import GapChoice
from pipeline.mojibake.lossy.lattice import Slot


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of a line, its original with a confidence from 0 to 1, and the alternatives of a gap."""

    start: int
    end: int
    text: str
    confidence: float
    others: tuple[tuple[str, float], ...] = ()
    duplicate: str = ""  # the path of the duplicate that has the original


def pieces_text(row: Iterable[Piece]) -> str:
    """Return the text of a line's pieces."""
    return "".join(piece.text for piece in row)


def line_pieces(row: Sequence[Slot], choices: Iterable[GapChoice]) -> Iterator[Piece]:
    """Yield the pieces of a line: its gaps with their choices, in order, and the known text between them."""
    known: list[Slot] = []
    chosen = iter(choices)
    for slot in row:
        if len(slot.candidates) == 1:
            known.append(slot)
            continue
        yield from _known_piece(known)
        known = []
        (text, confidence), *others = next(chosen).options
        yield Piece(slot.start, slot.end, text, confidence, tuple(others))
    yield from _known_piece(known)


def _known_piece(known: list[Slot]) -> Iterator[Piece]:
    """Yield the slots with one candidate as one piece."""
    if known:
        yield Piece(known[0].start, known[-1].end, "".join(slot.candidates[0] for slot in known), 1.0)
