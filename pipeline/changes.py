"""Changes as data: apply them to a text, undo them, compose two passes, or find them between two sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rapidfuzz.distance import Opcode

Span = tuple[int, int]  # start and end of a part of a text, in characters


def end_of_line(text: str, place: int) -> int:
    r"""Return where the line that contains a place ends: at its line end, or at the end of the text.

    >>> end_of_line("a\nbc", 0), end_of_line("a\nbc", 2)
    (1, 4)
    """
    end = text.find("\n", place)
    return len(text) if end < 0 else end


@dataclass(frozen=True, slots=True)
class Change:
    """One edit by one step, with all that undo and review need.

    `span` is (start, end) in characters of the step's input. `after` replaces the text `before` there. `confidence` is
    a calibrated probability from 0 to 1; None for a rule, which has no probability.
    """

    step: str
    span: Span
    before: str
    after: str
    reason: str
    confidence: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()  # other candidates for `after`, with their probabilities


def apply(text: str, changes: Sequence[Change]) -> str:
    """Return `text` with the changes of one step applied.

    >>> apply("cafÃ©", [Change("repair", (3, 5), "Ã©", "é", "UTF-8 decoded as cp1252", 1.0)])
    'café'

    Raises ValueError if changes overlap, or if the text at a span is not `before`.
    """
    parts, done = [], 0
    for change in changes:
        start, end = change.span
        if start < done or text[start:end] != change.before:
            message = f"{change.step}: the text at {start}-{end} is not {change.before!r}"
            raise ValueError(message)
        parts += [text[done:start], change.after]
        done = end
    return "".join([*parts, text[done:]])


def undone(text: str, changes: Sequence[Change]) -> str:
    """Return the text before the changes of one step, from the text after them.

    >>> undone("café", [Change("repair", (3, 5), "Ã©", "é", "UTF-8 decoded as cp1252", 1.0)])
    'cafÃ©'

    Raises ValueError if changes overlap, or if the text where one was applied is not its `after`.
    """
    parts, done, shift = [], 0, 0
    for change in changes:
        start = change.span[0] + shift
        end = start + len(change.after)
        if start < done or text[start:end] != change.after:
            message = f"{change.step}: the text at {start}-{end} is not {change.after!r}"
            raise ValueError(message)
        parts += [text[done:start], change.before]
        done, shift = end, shift + len(change.after) - len(change.before)
    return "".join([*parts, text[done:]])


def differing(codes: Iterable[Opcode]) -> list[list[int]]:
    """Return the spans where two sequences differ, [start, end] in the first and in the second, adjacent ones merged.

    `codes` are the edit operations from the first sequence to the second.
    """
    differences: list[list[int]] = []
    for code in codes:
        if code.tag == "equal":
            continue
        if differences and differences[-1][1] == code.src_start:
            differences[-1][1], differences[-1][3] = code.src_end, code.dest_end
        else:
            differences.append([code.src_start, code.src_end, code.dest_start, code.dest_end])
    return differences


def inverse(changes: Sequence[Change]) -> list[Change]:
    """Return the changes that undo the changes of one step.

    >>> inverse([Change("repair", (3, 5), "Ã©", "é", "")])
    [Change(step='repair', span=(3, 4), before='é', after='Ã©', reason='', confidence=None, alternatives=())]
    """
    shift, back = 0, []
    for change in changes:
        start = change.span[0] + shift
        back.append(replace(change, span=(start, start + len(change.after)), before=change.after, after=change.before))
        shift += len(change.after) - len(change.before)
    return back


def passes(changes: Sequence[Change]) -> list[tuple[Change, ...]]:
    """Return the changes of a document by pass: a pass ends with its step, or where the spans go back.

    >>> one, two = Change("x", (4, 5), "a", "b", ""), Change("x", (0, 1), "a", "b", "")
    >>> [len(group) for group in passes([one, two])]
    [1, 1]
    """
    found: list[list[Change]] = []
    for change in changes:
        if found and found[-1][-1].step == change.step and found[-1][-1].span[1] <= change.span[0]:
            found[-1].append(change)
        else:
            found.append([change])
    return [*map(tuple, found)]


def composed(text: str, first: Sequence[Change], second: Sequence[Change]) -> list[Change]:
    """Return the changes of one pass that do to `text` what `first` and then `second` do.

    >>> one = [Change("repair", (1, 3), "bc", "B", "first", 1.0)]
    >>> two = [Change("repair", (1, 2), "B", "b", "second", 0.9)]
    >>> [(change.span, change.before, change.after, change.reason) for change in composed("abcd", one, two)]
    [((1, 3), 'bc', 'b', 'first, second')]
    """
    between = apply(text, first)
    made, shift = [], 0  # difference of the positions in the two texts so far
    for back, done in _together(inverse(first), second):
        both = (*back, *done)
        start, end = min(one.span[0] for one in both), max(one.span[1] for one in both)
        before, after = (_part_changed(between[start:end], start, changes) for changes in (back, done))
        span = (start + shift, start + shift + len(before))
        reason = ", ".join(dict.fromkeys(one.reason for one in both))
        known = [one.confidence for one in both if one.confidence is not None]
        kept = both if len(both) == 1 else [one for one in done if one.span == (start, end)]
        others = kept[0].alternatives if kept else ()
        made.append(Change(both[0].step, span, before, after, reason, min(known, default=None), others))
        shift += len(before) - (end - start)
    return made


MOST_REPEATS = 6  # passes over a text; two are enough for all but random texts


def repeated(text: str, find: Callable[[str], Iterable[Change]]) -> list[Change]:
    """Apply `find` to `text` until it finds no more, and return all changes as one pass; none if it never ends.

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
    """Yield the changes of two lists over the same text in groups that touch each other."""
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


def _part_changed(text: str, start: int, changes: Sequence[Change]) -> str:
    """Return `text`, the part of a longer text from `start`, with `changes`, whose spans are in the longer text."""
    return apply(text, [replace(one, span=(one.span[0] - start, one.span[1] - start)) for one in changes])
