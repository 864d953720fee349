"""State, decisions -> title, author, date and language of a post; corrected values -> decisions that set them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from pipeline.decisions.decision import Decision, Verdict
from pipeline.read.kinds import FileKind

Correction = Literal["title", "author", "date", "language"]
CORRECTED: tuple[Correction, ...] = ("title", "author", "date", "language")


@dataclass(frozen=True, slots=True)
class PostValues:
    """A post as the next run will hold it: its title, author, date and language, and whether a person skipped it.

    `found` has the values that Lacuna found, `decided` the decisions about the post by verdict, the latest last.
    """

    document: str  # path below raw/
    sha256: str
    values: Mapping[Correction, str]
    found: Mapping[Correction, str]
    decided: Mapping[str, Sequence[Decision]]

    @property
    def skipped(self) -> bool:
        """Whether a person decided to skip it."""
        return "skip" in self.decided


class _Meta(msgspec.Struct):
    """The part of packed metadata that a person may correct."""

    title: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""
    language: str = ""


class _Outcome(msgspec.Struct):
    """The part of a packed Document or Skipped that says what a post is."""

    meta: _Meta = msgspec.field(default_factory=_Meta)
    step: str = ""


def values_of_post(db: sqlite3.Connection, decisions: Iterable[Decision], document: str) -> PostValues | None:
    """Return the values of the post at `document`; None if the last run did not see it."""
    query = "SELECT sha256, outcome FROM documents JOIN contents USING (path) WHERE path = ?"
    row = db.execute(query, (document,)).fetchone()
    if row is None:
        return None
    sha256, outcome = row[0], msgspec.msgpack.decode(row[1], type=_Outcome)
    meta = outcome.meta
    held: dict[str, str] = {"title": meta.title, "author": "; ".join(meta.authors)}
    held |= {"date": meta.date, "language": meta.language}
    decided: dict[str, list[Decision]] = {}
    for one in sorted(decisions, key=lambda one: one.time.rstrip("Z")):
        known = held.get(one.verdict, meta.title)
        of_path = one.document == document and (one.before in {"", known} or one.after == known)
        left_out = one.document == document and one.verdict == "skip" and outcome.step == FileKind.LEFT_OUT
        if of_path or left_out or (sha256 and one.sha256 == sha256):
            decided.setdefault(one.verdict, []).append(one)
    found = {name: _found_value(held[name], decided.get(name, ())) for name in CORRECTED}
    if outcome.step == FileKind.LEFT_OUT and "skip" in decided:
        found["title"] = decided["skip"][-1].before
    values = {name: decided[name][-1].after if name in decided else found[name] for name in CORRECTED}
    return PostValues(document, sha256, values, found, decided)


def _found_value(held: str, decided: Sequence[Decision]) -> str:
    """Return what Lacuna found: the value in the state, but where that obeys a decision, the value before it."""
    return next((one.before for one in decided if one.after == held), held)


def decisions_about(post: PostValues, values: Mapping[Correction, str], *, skipped: bool) -> list[Decision]:
    """Return the decisions that give a post `values`: what is as Lacuna found it withdraws an older decision.

    >>> post = PostValues("a.md", "", {"title": "B"}, {"title": "A"}, {"title": [Decision("title", after="B")]})
    >>> [(one.after, one.withdrawn) for one in decisions_about(post, {"title": "C"}, skipped=False)]
    [('C', False)]
    >>> [(one.after, one.withdrawn) for one in decisions_about(post, {"title": "A"}, skipped=False)]
    [('B', True)]
    """
    made: list[Decision] = []
    for name in CORRECTED:
        value = values.get(name, post.values.get(name, "")).strip()
        if value == post.values.get(name, ""):
            continue
        if value == post.found[name] and name in post.decided:
            made += map(_withdrawn, post.decided[name])
        else:
            made.append(_decision_on_post(post, name, post.found[name], value))
    if skipped and not post.skipped:
        made.append(_decision_on_post(post, "skip", post.found["title"]))
    if post.skipped and not skipped:
        made += map(_withdrawn, post.decided["skip"])
    return made


def _decision_on_post(post: PostValues, verdict: Verdict, before: str, after: str = "") -> Decision:
    return Decision(verdict, document=post.document, before=before, after=after, sha256=post.sha256)


def _withdrawn(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, withdrawn=True, time="")
