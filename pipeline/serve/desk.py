"""The desk: open items in pages, a decision and its undo, written to decisions.jsonl at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from pipeline.decisions import Decision, OpenItem, OpenItems, append_decisions, decision_on, decisions_path
from pipeline.decisions.decision import problem_of
from pipeline.decisions.decisions_file import read_decisions
from pipeline.decisions.post_values import Correction, PostValues, decisions_about
from pipeline.settings import Settings
from pipeline.store.output_ledger import file_stamp
from pipeline.store.schema import DATABASE_FILE

ITEMS_AT_ONCE = 200  # of a document that are read at once
MOST_UNDOS = 1_000  # decisions that can be undone, the last ones of this server


class CannotDecide(Exception):  # noqa: N818 - a condition, not a fault
    """A decision that the browser sent cannot be taken; the message says why."""


class AskedDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision as the browser sends it: the open item and the verdict; `after` is the text of `replace`.

    `scope` is here, pair (wherever these two texts meet) or document (it and all others of its document).
    """

    id: str
    document: str
    verdict: Literal["accept", "reject", "replace"]
    scope: Literal["here", "pair", "document"] = "here"
    after: str = ""


class AskedValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Corrections of a post as the browser sends them: its values, and whether to skip it."""

    document: str
    values: dict[Correction, str]
    skipped: bool = False


class Undo(NamedTuple):
    """How to take back the decisions of one key press: the lines to append, and the item or the post to show again."""

    decisions: list[Decision]
    item: OpenItem | None = None
    document: str = ""


@dataclass(slots=True)
class Desk:
    """The open items of an archive and the decisions of this session."""

    settings: Settings
    _opened: OpenItems | None = None
    _stamps: tuple[str, str] = ("", "")
    _history: list[Undo] = field(default_factory=list)

    @property
    def _state(self) -> Path:
        return Path(self.settings.clean, DATABASE_FILE)

    @property
    def _file(self) -> Path:
        return decisions_path(Path(self.settings.raw))

    @contextmanager
    def items(self) -> Iterator[OpenItems]:
        """Yield the open items, read again if a run or another program changed them. Raises OSError."""
        stamps = (file_stamp(self._state), file_stamp(self._file))
        if self._opened is None or stamps != self._stamps:
            if self._opened is not None:
                self._opened.db.close()
            self._opened = None
            self._opened = OpenItems(self._state, read_decisions(self._file).decisions.values())
            self._stamps = stamps
        try:
            yield self._opened
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._stamps = ("", "")  # open it again next time
            message = f"{error}; wait until the run has ended, or run `lacuna run`"
            raise OSError(0, message, str(self._state)) from error

    def decide(self, asked: AskedDecision) -> None:
        """Write a decision. Raises CannotDecide, OSError."""
        with self.items() as items:
            item = items.item(asked.id, asked.document)
            if item is None:
                message = "This item is gone: the archive changed. Load the page again."
                raise CannotDecide(message)
            wholly = asked.scope == "document" and asked.verdict != "replace"
            chosen = _items_of(items, item.document) if wholly else [item]
            scope = asked.scope if asked.scope == "pair" else "here"
            decisions = [decision_on(one, asked.verdict, asked.after, scope=scope) for one in chosen]
            if problem := next(filter(None, map(problem_of, decisions)), ""):
                raise CannotDecide(problem)
            items.learn(self._written(decisions))
        self._remember(Undo([msgspec.structs.replace(one, withdrawn=True) for one in decisions], item))

    def source_of(self, clean_file: str) -> str:
        """Return the path below raw/ of the source of a clean file; empty if it has none, or there is no state."""
        with suppress(OSError), self.items() as items:
            return items.source_of(clean_file)
        return ""

    def post(self, document: str) -> PostValues:
        """Return title, author, date and language of a post. Raises CannotDecide, OSError."""
        with self.items() as items:
            post = items.post(document)
        if post is None:
            message = f"There is no post {document}. Run `lacuna run`, then load the page again."
            raise CannotDecide(message)
        return post

    def correct(self, asked: AskedValues) -> int:
        """Write the decisions that correct or skip a post; return how many. Raises CannotDecide, OSError."""
        post = self.post(asked.document)
        decisions = decisions_about(post, asked.values, skipped=asked.skipped)
        if problem := next(filter(None, map(problem_of, decisions)), ""):
            raise CannotDecide(problem)
        if decisions:
            with self.items() as items:
                items.learn(self._written(decisions))
            back = decisions_about(self.post(asked.document), post.values, skipped=post.skipped)
            self._remember(Undo(back, document=asked.document))
        return len(decisions)

    def undo(self) -> Undo | None:
        """Take back what was last decided; return what it was about, None if nothing is left. Raises OSError."""
        if not self._history:
            return None
        with self.items() as items:
            last = self._history[-1]
            items.learn(self._written([msgspec.structs.replace(one, time="") for one in last.decisions]))
            self._history.pop()
            return last._replace(item=last.item and (items.item(last.item.id, last.item.document) or last.item))

    def _remember(self, undo: Undo) -> None:
        self._history = [*self._history[1 - MOST_UNDOS :], undo]

    def _written(self, decisions: list[Decision]) -> list[Decision]:
        """Append decisions to the file; the file's new stamp is ours, so nothing is read again."""
        written = append_decisions(self._file, decisions)
        self._stamps = (self._stamps[0], file_stamp(self._file))
        return written


def _items_of(items: OpenItems, document: str) -> list[OpenItem]:
    """Return all open items of a document."""
    found: list[OpenItem] = []
    start = ""
    while True:
        page = items.page(start, size=ITEMS_AT_ONCE, document=document)
        found += page.items
        start = page.next
        if not start:
            return found
