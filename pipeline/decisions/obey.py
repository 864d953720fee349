"""A document and the decisions about it -> the document that obeys them, each recorded as a change or a note."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.changes import Change, Span, apply
from pipeline.decisions.decision import DECIDED, DECIDED_STEPS, Decision, kind_key, pair_key
from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.open_item import is_open
from pipeline.decisions.place_index import text_filter
from pipeline.decisions.places import places, texts_of_steps
from pipeline.document import Document, SkipDocument, Step

BY_PERSON = "written by a person"  # the reason of a change that no step proposed


class LeftOut(SkipDocument):
    """A person decided to skip the document."""


@dataclass(frozen=True, slots=True)
class DecidedPlace:
    """A span of the input of a step, the text that a person decided on there, and the decision's key."""

    span: Span
    decision: Decision


def obeying(steps: Sequence[Step], decisions: DecisionSet) -> tuple[Step, ...]:
    """Return the steps; after those whose result a person may decide, the decisions are obeyed."""
    if not decisions.all:
        return tuple(steps)
    wrapped = {"text": _with_decided_text, "metadata": _with_decided_values}
    return tuple(wrapped[step.decided](step, decisions) if step.decided else step for step in steps)


def as_decoded(document: Document, decisions: DecisionSet) -> Document:
    """Return a document that was read, with what was decided on the characters that decoding inferred."""
    if not decisions.all:
        return document
    made = [step for step in texts_of_steps(document) if step.changes and step.changes[0].step == "decode"]
    before = replace(document, text=made[0].before, changes=()) if made else document
    if made and len(made[0].changes) != len(document.changes):
        return document
    return decided_text("decode", before, document, decisions)


def _with_decided_text(step: Step, decisions: DecisionSet) -> Step:
    def run(document: Document) -> Document:
        after = step.run(document)
        decided = decided_text(step.name, document, after, decisions)
        broken = next((one.name for one in step.invariants if not one.holds(document, decided)), "")
        if broken and decided is not after:
            return after.noted(step.name, f"decisions not obeyed: invariant {broken} would not hold")
        return decided

    return replace(step, run=run)


def _with_decided_values(step: Step, decisions: DecisionSet) -> Step:
    def run(document: Document) -> Document:
        after = step.run(document)
        refuse_left_out(after, decisions)
        for one in decisions.about(after):
            after = _with_value(step.name, after, one)
        return after

    return replace(step, run=run)


def refuse_left_out(document: Document, decisions: DecisionSet) -> None:
    """Raise LeftOut if a person decided to skip the document; an unread one has only its path and its digest."""
    for one in decisions.about(document):
        if one.verdict == "skip":
            message = "skipped by your decision; to take it back, run `lacuna review --document` with its path"
            raise LeftOut(message)


def _with_value(step: str, document: Document, decision: Decision) -> Document:
    """Return a document with a value of its metadata that a person wrote."""
    value = decision.after.strip()
    given: dict[str, Any] = {decision.verdict: value}
    if decision.verdict == "author":
        given = {"authors": tuple(filter(None, map(str.strip, value.split(";"))))}
    meta = replace(document.meta, **given)
    noted = document.noted(step, f"{decision.verdict} decided: {value}")
    return replace(noted, meta=meta, obeyed=(*noted.obeyed, decision.key))


def decided_text(step: str, before: Document, after: Document, decisions: DecisionSet) -> Document:
    """Return the document after a step, with the decisions on places, pairs and kinds obeyed.

    `before` is the document before the step, which made its changes in one pass.
    """
    proposed = after.changes[len(before.changes) :]
    if not _is_one_pass(before.text, proposed, after.text):
        return after
    decided, keys = _decided_places(step, before.text, proposed, decisions)
    left = _beside(proposed, [place.span for place in decided])
    made = [change for place in decided for change in _changes_at(step, place, proposed)]
    for change in left:
        rule = _rule_on(change, decisions)
        if rule:
            keys.append(rule.key)
        made += _by_rule(change, rule) if rule else [change]
    if not keys:
        return after
    made.sort(key=lambda change: change.span)
    text = apply(before.text, made)
    counted = len(set(keys))
    noted = after.noted(step, f"{counted} decision{'s' * (counted > 1)} obeyed")
    obeyed = (*noted.obeyed, *sorted(set(keys)))
    return replace(noted, text=text, changes=(*before.changes, *made), obeyed=obeyed)


def _is_one_pass(text: str, changes: Sequence[Change], after: str) -> bool:
    try:
        return apply(text, changes) == after
    except ValueError:
        return False


def _decided_places(
    step: str, text: str, proposed: Sequence[Change], decisions: DecisionSet
) -> tuple[list[DecidedPlace], list[str]]:
    """Return the places of a text that were decided, in order, and the keys of the decisions that were found.

    A later decision wins where two overlap. An accepted text gives way where the step now repairs a longer piece.
    """
    decided: list[DecidedPlace] = []
    keys = []
    spans = [change.span for change in proposed]
    for decision in decisions.places.candidates(text_filter(text)):
        if decision.step != step:
            continue
        for span in places(text, decision.left, decision.before, decision.right):
            touched = [span, *_overlapping(spans, span)]
            whole = min(one[0] for one in touched), max(one[1] for one in touched)
            if whole != span and decision.verdict != "reject":
                continue
            keys.append(decision.key)
            if not _overlapping([place.span for place in decided], whole):
                insort(decided, DecidedPlace(whole, decision), key=lambda place: place.span)
    return decided, keys


def _overlapping(spans: Sequence[Span], span: Span) -> list[Span]:
    """Return those of some spans, in order and not overlapping, that overlap a span or are equal to it."""
    found = []
    for one in spans[max(0, bisect_left(spans, span) - 1) :]:
        if one[0] > span[1]:
            break
        if one == span or (one[0] < span[1] and span[0] < one[1]):
            found.append(one)
    return found


def _beside(changes: Sequence[Change], spans: Sequence[Span]) -> list[Change]:
    return [change for change in changes if not _overlapping(spans, change.span)]


def _changes_at(step: str, place: DecidedPlace, proposed: Sequence[Change]) -> list[Change]:
    """Return the change that puts the decided text in its place; none if the text stays."""
    decision = place.decision
    if decision.result == decision.before or decision.verdict == "reject":
        return []
    same = next((one for one in proposed if one.span == place.span and one.after == decision.result), None)
    reason = same.reason if same else BY_PERSON
    return [Change(step, place.span, decision.before, decision.result, f"{reason}{DECIDED}", 1.0)]


def _rule_on(change: Change, decisions: DecisionSet) -> Decision | None:
    """Return the rule about the pair or the kind of an inferred change."""
    if not decisions.rules or not is_open(change) or change.step not in DECIDED_STEPS:
        return None
    pair = decisions.rules.get(pair_key(change.step, change.before, change.after))
    return pair or decisions.rules.get(kind_key(change.step, change.reason))


def _by_rule(change: Change, rule: Decision) -> list[Change]:
    if rule.verdict == "reject":
        return []
    after = rule.after if rule.verdict == "replace" else change.after
    return [replace(change, after=after, reason=f"{change.reason}{DECIDED}", confidence=1.0, alternatives=())]
