"""A cleaned document -> its open items: the inferred characters that nobody has decided on yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.changes import Change
from pipeline.decisions.decision import (
    DECIDED_STEPS,
    FROM_DUPLICATE,
    Decision,
    Scope,
    Verdict,
    kind_key,
    pair_key,
    place_key,
)
from pipeline.decisions.places import StepTexts, context_of, texts_of_steps
from pipeline.document import Document

ITEM_CONTEXT = 60  # characters of the repaired text on each side
LEAST_ALTERNATIVE = 0.01  # confidence from which an alternative is shown
MOST_OPEN_ITEMS = 2_000  # of a document: when they are decided, the next run lists more
ItemKind = Literal["inferred", "duplicate"]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A piece of text that Lacuna inferred, or a near-duplicate that it left out; nobody has decided on it.

    `id` is the key of a decision on it. `left` and `right` are its context in the repaired text, for people;
    `source_left` and `source_right` its context in the source, for the key. `group` is how many open items have the
    same `before` and `after`. Of a duplicate, `before` is the path of the copy left out, `after` that of the kept one;
    `left` and `right` are their titles, `source_left` and `source_right` the SHA-256 of their sources.
    """

    id: str
    document: str  # path below raw/
    kind: ItemKind
    step: str
    before: str
    after: str
    reason: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()  # without `after`; the likeliest first
    left: str = ""
    right: str = ""
    source_left: str = ""
    source_right: str = ""
    line: int = 0  # of the source, from 1
    language: str = ""  # of the document
    from_archive: bool = False  # whether statistics of the archive were used
    duplicate: str = ""  # the path of the duplicate that has this text
    group: int = 1

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all decisions that close it: on the place, on the pair, on the kind."""
        if self.kind == "duplicate":
            return (self.id,)
        return (self.id, pair_key(self.step, self.before, self.after), kind_key(self.step, self.reason))


def decision_on(item: OpenItem, verdict: Verdict, after: str = "", *, scope: Scope = "here") -> Decision:
    """Return the decision on an open item; `after` is the text of `replace`.

    `scope` is here, pair (always or never this pair) or kind. Of a duplicate, `accept` keeps the kept copy, `reject`
    keeps the other one instead.
    """
    if item.kind == "duplicate":
        if verdict == "reject":
            return Decision("keep", document=item.before, before=item.left, sha256=item.source_left)
        return Decision("keep", document=item.after, before=item.right, sha256=item.source_right)
    return Decision(
        verdict,
        step=item.step,
        left=item.source_left if scope == "here" else "",
        before=item.before if scope != "kind" else "",
        right=item.source_right if scope == "here" else "",
        inferred=item.after if scope != "kind" else "",
        after=after,
        scope=scope,
        reason=item.reason,
        document=item.document,
    )


def is_open(change: Change) -> bool:
    """Return whether a change was inferred and not decided."""
    return change.step in DECIDED_STEPS and change.confidence is not None and change.confidence < 1


def open_items_of(document: Document, *, from_archive: bool) -> list[OpenItem]:
    """Return the open items of a document, the least confident first, at most MOST_OPEN_ITEMS.

    `from_archive` says whether the statistics of the archive were used.
    """
    if not any(map(is_open, document.changes)):
        return []
    items = [
        item for step in texts_of_steps(document) for item in _items_of_step(document, step, from_archive=from_archive)
    ]
    return sorted(items, key=lambda item: (item.confidence, item.line, item.id))[:MOST_OPEN_ITEMS]


def _items_of_step(document: Document, step: StepTexts, *, from_archive: bool) -> Iterator[OpenItem]:
    shift = 0
    line, counted_to = 1, 0
    for change in step.changes:
        start, end = change.span
        at = start + shift
        shift += len(change.after) - len(change.before)
        if not is_open(change):
            continue
        line, counted_to = line + step.before.count("\n", counted_to, start), start
        left, right = context_of(step.before, start, end)
        stop = at + len(change.after)
        yield OpenItem(
            place_key(change.step, left, change.before, right),
            str(document.path),
            "inferred",
            change.step,
            change.before,
            change.after,
            change.reason,
            change.confidence or 0.0,
            tuple(one for one in change.alternatives if one[1] >= LEAST_ALTERNATIVE and one[0] != change.after),
            left=step.after[max(0, at - ITEM_CONTEXT) : at],
            right=step.after[stop : stop + ITEM_CONTEXT],
            source_left=left,
            source_right=right,
            line=line,
            language=document.meta.language,
            from_archive=from_archive,
            duplicate=change.reason.partition(FROM_DUPLICATE)[2],
        )
