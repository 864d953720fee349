"""A decision of a person: the text it is about, the verdict, and whether it applies to other places too."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Annotated, Literal

import msgspec

from pipeline.document import Document

Verdict = Literal["accept", "reject", "replace", "keep", "skip", "title", "author", "date", "language"]
Scope = Literal["here", "pair", "kind"]
ON_TEXT: tuple[Verdict, ...] = ("accept", "reject", "replace")
DECIDED_STEPS = ("decode", "repair")  # the steps that infer characters; what the others do is set in the settings
PLACE_CONTEXT = 32  # characters of the source on each side of a place: unique in practice, and few to lose to an edit
MOST_TEXT = 10_000  # characters of a field
KEY_DIGITS = 16  # hexadecimal digits (64 bits) of a key: a million decisions have no two equal ones
FORM_OF_VALUE = {
    "date": re.compile(r"\d{4}(-[01]\d(-[0-3]\d)?)?"),
    "language": re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?"),  # BCP 47, as in front matter
}
FROM_DUPLICATE = "; from duplicate "  # in the reason of a change, before the path
DECIDED = ", decided"  # at the end of the reason of a decided change
Text = Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
UtcTime = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z)?$")]


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person decided. A line of decisions.jsonl has these fields; empty ones are left out.

    About text, `scope` says how far it reaches: `here`, the place where `before` is between `left` and `right`; `pair`,
    wherever `before` would become `inferred`; `kind`, wherever a change has this `reason`. About a document, `before`
    is the value that Lacuna found.
    """

    verdict: Verdict
    time: UtcTime = ""  # UTC, e.g. 2026-11-30T06:50:00.000000Z; of two decisions on the same, the later counts
    step: str = ""
    left: Text = ""  # up to PLACE_CONTEXT characters before it, in the input of the step
    before: Text = ""
    right: Text = ""
    inferred: Text = ""  # what Lacuna proposed
    after: Text = ""  # the text or the value that a person wrote
    scope: Scope = "here"
    reason: Text = ""
    document: Text = ""  # its path below raw/; about text, only for people
    sha256: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")] = ""  # of the source's bytes
    withdrawn: bool = False  # an undo: the matter is open again

    @property
    def key(self) -> str:
        """What it is about; two decisions with the same key are on the same, and the later one counts."""
        if is_about_document(self):
            return decision_key(self.verdict, self.document, self.sha256)
        if self.scope == "here":
            return place_key(self.step, self.left, self.before, self.right)
        if self.scope == "pair":
            return pair_key(self.step, self.before, self.inferred)
        return kind_key(self.step, self.reason)

    @property
    def result(self) -> str:
        """The text that is put in place of `before`."""
        return {"accept": self.inferred, "reject": self.before}.get(self.verdict, self.after)


def is_about_document(decision: Decision) -> bool:
    """Return whether a decision is about a document, not about a piece of text."""
    return decision.verdict not in ON_TEXT


def decision_key(*parts: str) -> str:
    """Return a short digest of what a decision is about.

    >>> decision_key("repair", "a", "b", "c")
    '04b9e4e2eec5a4c3'
    """
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:KEY_DIGITS]


def place_key(step: str, left: str, before: str, right: str) -> str:
    """Return the key of decisions on `before` between `left` and `right`."""
    return decision_key("here", step, left, before, right)


def pair_key(step: str, before: str, inferred: str) -> str:
    """Return the key of decisions on every change of `before` to `inferred`."""
    return decision_key("pair", step, before, inferred)


def kind_key(step: str, reason: str) -> str:
    """Return the key of decisions on every change with a reason, whichever duplicate it names."""
    return decision_key("kind", step, reason.partition(FROM_DUPLICATE)[0].removesuffix(DECIDED))


def problem_of(decision: Decision) -> str:
    """Return why a decision cannot be obeyed, in words; empty if it can."""
    values = (decision.left, decision.before, decision.right, decision.inferred, decision.after, decision.document)
    if any(not _is_unicode(value) for value in values):
        return "it contains half of a surrogate pair, which is not a character"
    new = "" if decision.verdict == "reject" else decision.result
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in new):
        return "the new text contains a control character"
    return _problem_on_document(decision) if is_about_document(decision) else _problem_on_text(decision)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _problem_on_text(decision: Decision) -> str:
    if decision.step not in DECIDED_STEPS:
        return f"`step` must be one of {', '.join(DECIDED_STEPS)}"
    if decision.scope == "kind":
        if decision.verdict == "replace":
            return "a kind can be accepted or rejected, not replaced"
        return "" if decision.reason else "`reason` is missing: it names the kind"
    if decision.scope == "pair" and not decision.inferred and decision.verdict != "reject":
        return "`inferred` is missing: it names the pair"
    if not (decision.before or decision.left or decision.right):
        return "`before` is missing: what was there"
    return ""


def _problem_on_document(decision: Decision) -> str:
    if not (decision.document or decision.sha256):
        return "`document` is missing: the path below raw/"
    if decision.verdict in {"keep", "skip"}:
        return ""
    if not decision.after.strip() or "\n" in decision.after:
        return f"`after` is missing: the {decision.verdict} in one line"
    form = FORM_OF_VALUE.get(decision.verdict)
    if form and not form.fullmatch(decision.after):
        example = "2021-03-09" if decision.verdict == "date" else "zh-Hans"
        return f"`{decision.after}` is no {decision.verdict}; write it as {example}"
    return ""


def concerns(decision: Decision, document: Document) -> bool:
    """Return whether a decision about a document is about this one: it has the same bytes, or the same path and value.

    So it is found in a renamed file, and after an edit; another post that takes the path of an old one is not meant.
    """
    if decision.sha256 and decision.sha256 == document.meta.sha256:
        return True
    if decision.document != str(document.path):
        return False
    return not decision.before or decision.before == value_of(document, decision.verdict)


def value_of(document: Document, field: str) -> str:
    """Return the value of a document that a decision corrects: the title for those that correct none."""
    meta = document.meta
    values = {"author": "; ".join(meta.authors), "date": meta.date, "language": meta.language}
    return values.get(field, meta.title)
