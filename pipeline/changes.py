"""Edits as data: what a step changed, made, undone, and found between two sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    confidence: float | None = None
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


def composed(text: str, first: Sequence[Change], second: Sequence[Change]) -> list[Change]:
    """Return the changes that do to `text` what those of `first` and then those of `second` do, as of one step.

    >>> one = [Change("repair", (1, 3), "bc", "B", "first", 1.0)]
    >>> two = [Change("repair", (1, 2), "B", "b", "second", 0.9)]
    >>> [(change.span, change.before, change.after, change.reason) for change in composed("abcd", one, two)]
    [((1, 3), 'bc', 'b', 'first, second')]
    """
    between = apply(text, first)
    made, shift = [], 0  # what lies between the two texts so far
    for undone, done in _together(inverse(first), second):
        both = (*undone, *done)
        start, end = min(one.span[0] for one in both), max(one.span[1] for one in both)
        before, after = (_changed(between[start:end], start, changes) for changes in (undone, done))
        span = (start + shift, start + shift + len(before))
        reason = ", ".join(dict.fromkeys(one.reason for one in both))
        known = [one.confidence for one in both if one.confidence is not None]
        made.append(Change(both[0].step, span, before, after, reason, min(known, default=None)))
        shift += len(before) - (end - start)
    return made


MOST_REPEATS = 6  # passes over a text; two are enough for all but random texts


def repeated(text: str, find: Callable[[str], Iterable[Change]]) -> list[Change]:
    """Return the changes that `find` makes of `text` and of its own results, as of one pass; none if it never ends.

    >>> repeated("aaa", lambda text: [Change("x", (0, 2), "aa", "a", "")] if "aa" in text else [])
    [Change(step='x', span=(0, 3), before='aaa', after='a', reason='', confidence=None, alternatives=())]
    """
    made: list[Change] = []
    for _ in range(MOST_REPEATS):
        now = apply(text, made)
        more = sorted(find(now), key=lambda change: change.span)
        if not more:
            return made
        made = composed(text, made, more) if made else more
    return []


def _together(one: Sequence[Change], other: Sequence[Change]) -> Iterable[tuple[list[Change], list[Change]]]:
    """Yield the changes of two lists over the same text, those that touch each other together."""
    group: tuple[list[Change], list[Change]] = ([], [])
    end = -1
    for change, which in sorted([(c, 0) for c in one] + [(c, 1) for c in other], key=lambda pair: pair[0].span):
        if change.span[0] > end >= 0:
            yield group
            group = ([], [])
        group[which].append(change)
        end = max(end, change.span[1])
    if end >= 0:
        yield group


def _changed(text: str, start: int, changes: Sequence[Change]) -> str:
    """Return a part of a text, which starts at `start` of it, with changes of the whole made."""
    return apply(text, [replace(one, span=(one.span[0] - start, one.span[1] - start)) for one in changes])
