"""Where a decision applies: the context of a place in the input of a step, and the places with that context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.changes import Change, Span, passes, undone
from pipeline.decisions.decision import DECIDED_STEPS, PLACE_CONTEXT
from pipeline.document import Document

EARLY_STEPS = ("decode", "controls", "escapes")  # those before the last of DECIDED_STEPS


@dataclass(frozen=True, slots=True)
class StepTexts:
    """The text before a step, after it, and the changes it made, in one pass."""

    before: str
    after: str
    changes: tuple[Change, ...]


def texts_of_steps(document: Document) -> list[StepTexts]:
    """Return the texts before and after each of DECIDED_STEPS that changed a document."""
    found, text = [], document.text
    for changes in reversed(passes(document.changes)):
        before = undone(text, changes)
        if changes[0].step in DECIDED_STEPS:
            found.append(StepTexts(before, text, changes))
        text = before
    return found[::-1]


def inputs_of_steps(document: Document) -> list[str]:
    """Return the distinct texts that DECIDED_STEPS of a document got: those after which only EARLY_STEPS changed it."""
    groups = passes(document.changes)
    late = max((at for at, changes in enumerate(groups, 1) if changes[0].step not in EARLY_STEPS), default=0)
    text, inputs = document.text, []
    for at in range(len(groups), -1, -1):  # groups whose changes are in the text
        if at < late or not late:
            inputs.append(text)
        text = undone(text, groups[at - 1]) if at else text
    return [*dict.fromkeys(inputs)]


def context_of(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the characters before and after a span of a text that name the place.

    >>> context_of("one two three", 4, 7)
    ('one ', ' three')
    """
    return text[max(0, start - PLACE_CONTEXT) : start], text[end : end + PLACE_CONTEXT]


def places(text: str, left: str, before: str, right: str) -> Iterator[Span]:
    """Yield the spans of `before` between `left` and `right`. A short context is the start or the end of the text.

    >>> list(places("cafÃ©", "caf", "Ã©", "")), list(places("cafÃ©, cafÃ©", "caf", "Ã©", ""))
    ([(3, 5)], [])
    """
    whole = left + before + right
    at = text.find(whole) if whole else -1
    while at >= 0:
        start = at + len(left)
        end = start + len(before)
        if (left, right) == context_of(text, start, end):
            yield start, end
        at = text.find(whole, at + 1)
