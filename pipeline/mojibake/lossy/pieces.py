"""Slots and what was chosen for them -> the pieces of a line: gaps, and what is sure between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.mojibake.lossy.beam_search import Choice
from pipeline.mojibake.lossy.lattice import Slot


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line: what stands there, what it was, how sure that is, and what else it can have been."""

    start: int
    end: int
    text: str
    confidence: float
    others: tuple[tuple[str, float], ...] = ()
    twin: str = ""  # the path of the document that says so


def text_of(row: Iterable[Piece]) -> str:
    """Return what a line was, as its pieces are read."""
    return "".join(piece.text for piece in row)


def pieces(row: Sequence[Slot], choices: Iterable[Choice]) -> Iterator[Piece]:
    """Yield the pieces of a line: its gaps as they were chosen, in order, and what is sure between them."""
    sure: list[Slot] = []
    chosen = iter(choices)
    for slot in row:
        if len(slot.candidates) == 1:
            sure.append(slot)
            continue
        yield from _whole(sure)
        sure = []
        (text, confidence), *others = next(chosen).options
        yield Piece(slot.start, slot.end, text, confidence, tuple(others))
    yield from _whole(sure)


def _whole(sure: list[Slot]) -> Iterator[Piece]:
    if sure:
        yield Piece(sure[0].start, sure[-1].end, "".join(slot.candidates[0] for slot in sure), 1.0)
