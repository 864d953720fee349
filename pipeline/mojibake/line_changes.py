"""The original of a line of mojibake -> the changes of the line: each has a place, a reason and a confidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.changes import Change
from pipeline.document import REPLACEMENT
from pipeline.mojibake.lossy.pieces import Piece, pieces_text
from pipeline.mojibake.soundness import LineRepair, touches_other_script

FEW_GAPS = 2  # gaps of a line that may be sound characters of another script
_ASCII_RUNS = re.compile(r"([\x00-\x7f]+)")


def gap_changes(start: int, line: str, pieces: Sequence[Piece], how: tuple[str, float]) -> list[Change]:
    """Return the changes of the pieces of a line; `how` is the chain in words, and the least confidence."""
    few = sum(bool(piece.others) for piece in pieces) <= FEW_GAPS
    if few and touches_other_script(LineRepair(line, pieces_text(pieces))):
        return []
    return [_gap_change(start, line, piece, *how) for piece in pieces]


def _gap_change(start: int, line: str, piece: Piece, chain: str, min_confidence: float) -> Change:
    """Return the change that a piece makes; a gap below `min_confidence` is marked U+FFFD."""
    after, others, before = piece.text, piece.others, line[piece.start : piece.end]
    reason = f"{chain}, byte missing; reconstructed" if others else chain
    if others and piece.confidence < min_confidence:
        options = ((piece.text, piece.confidence), *others)
        after, others = (
            (before, ()) if before in dict(options) else (REPLACEMENT + " " * piece.text.endswith(" "), options)
        )
        reason = f"{chain}, byte missing; uncertain" if others else chain
    span = (start + piece.start, start + piece.end)
    if piece.duplicate:
        reason += f"; from duplicate {piece.duplicate}"
    return Change("repair", span, before, after, reason, piece.confidence, others)


def line_changes(start: int, line: str, original: str, why: tuple[str, float]) -> Iterator[Change]:
    """Yield the changes from `line` to `original`: one per run outside ASCII, if the ASCII in between is the same."""
    before, after = _ASCII_RUNS.split(line), _ASCII_RUNS.split(original)
    if before[1::2] != after[1::2]:
        before, after = [line], [original]
    at = start
    for old, new in zip(before, after, strict=True):
        if old != new:
            yield Change("repair", (at, at + len(old)), old, new, *why)
        at += len(old)
