"""Edits as data: what a step changed, made, undone, and found between two sequences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Opcode

Span = tuple[int, int]  # where a stretch of a text starts and ends, in characters


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of one step: enough to undo and to review it.

    `span` is (start, end) in characters of the text the step was given, where `before` stood and `after` stands now.
    """

    step: str
    span: Span
    before: str
    after: str
    reason: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()  # what else it can have been, and how likely


def apply(text: str, changes: Sequence[Change]) -> str:
    """Return `text` with the changes of one step made.

    >>> apply("cafÃ©", [Change("repair", (3, 5), "Ã©", "é", "UTF-8 read as cp1252", 1.0)])
    'café'

    Raises ValueError where the changes overlap or `before` is not what stands there.
    """
    parts, done = [], 0
    for change in changes:
        start, end = change.span
        if start < done or text[start:end] != change.before:
            message = f"{change.step}: no {change.before!r} to change at {start}-{end}"
            raise ValueError(message)
        parts += [text[done:start], change.after]
        done = end
    return "".join([*parts, text[done:]])


def differing(codes: Iterable[Opcode]) -> list[list[int]]:
    """Return where two sequences differ, as [start, end, start, end] in the one and the other, each stretch as one."""
    found: list[list[int]] = []
    for code in codes:
        if code.tag == "equal":
            continue
        if found and found[-1][1] == code.src_start:
            found[-1][1], found[-1][3] = code.src_end, code.dest_end
        else:
            found.append([code.src_start, code.src_end, code.dest_start, code.dest_end])
    return found


def inverse(changes: Sequence[Change]) -> list[Change]:
    """Return what undoes the changes of one step: applied to the text they made, it gives the text before."""
    shift, undone = 0, []
    for change in changes:
        start = change.span[0] + shift
        undone.append(
            replace(change, span=(start, start + len(change.after)), before=change.after, after=change.before)
        )
        shift += len(change.after) - len(change.before)
    return undone
