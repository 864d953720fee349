"""The nouns of the pipeline: what is found, what is made of it, and how each document ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, Literal

from pipeline.changes import Change, apply, inverse

REPLACEMENT = "\ufffd"  # stands for what was lost and cannot be told
FrontValue = Any  # what YAML holds: str, int, float, bool, None, and lists and dicts of these


@dataclass(frozen=True, slots=True)
class Source:
    """A file exactly as found: its path below raw/ and its bytes."""

    path: PurePosixPath
    data: bytes


@dataclass(frozen=True, slots=True)
class CodecCandidate:
    """One way to read bytes as text: a Python codec name, and how likely it is right, from 0 to 1."""

    codec: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a source were read; `evidence` is what decided: bom, declared, utf-8, validity or statistics."""

    codec: str
    confidence: float
    evidence: str
    alternatives: tuple[CodecCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a document beside its text; an empty string or tuple is 'not known'."""

    sha256: str = ""
    encoding: Encoding = Encoding("utf-8", 1.0, "utf-8")
    title: str = ""
    subtitle: str = ""
    kicker: str = ""  # the section or topic that stands above a title
    authors: tuple[str, ...] = ()
    source_url: str = ""
    language: str = ""  # BCP 47, e.g. zh-Hans
    date: str = ""  # ISO 8601, as exact as known: 2021, 2021-03 or 2021-03-09
    front_matter: str = ""  # the YAML block as written, fences included
    extra: tuple[tuple[str, FrontValue], ...] = ()  # front matter fields that are not named above
    profile: str = ""  # the site profile that the settings chose; empty: the host of `source_url` decides
    profile_digest: str = ""  # of its content: books and records depend on it


@dataclass(frozen=True, slots=True)
class Note:
    """A warning, as data. `invariant` names the invariant that the step would have broken, if any."""

    step: str
    message: str
    invariant: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An address in a document: as written, and what is known of it.

    `kind` is source, paper, code, talk, dataset, social, image, site or, for what is no web address, other.
    """

    written: str
    url: str  # absolute and canonical
    text: str  # what a reader sees of it
    kind: str
    line: int  # where it stands, from 1
    column: int = 1  # in characters, from 1
    heading: str = ""  # the text of the heading it stands under
    identifiers: tuple[str, ...] = ()  # scheme:value, e.g. arxiv:1703.00522
    base: str = ""  # what it was resolved against, if it is relative
    notes: tuple[str, ...] = ()  # what is wrong with it, e.g. unsafe
    title: str = ""  # what a reader sees when pointing at it


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line of a document, from 1."""

    path: PurePosixPath
    line: int


@dataclass(frozen=True, slots=True)
class SharedPassage:
    """A paragraph that other documents have as well, letter for letter: its line, its letters, and the first of them.

    `more` tells that there are more than those named.
    """

    line: int
    letters: int
    places: tuple[DocumentLine, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class SimilarDocument:
    """A document that is similar to another and kept as well: its path, how the two differ, the share that is equal."""

    path: PurePosixPath
    why: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Document:
    """A text with what is known of it. `text` is valid Unicode: it holds no lone surrogate."""

    path: PurePosixPath
    text: str
    meta: Metadata = Metadata()
    links: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def inferred(self) -> bool:
        """Whether letters were inferred: what the archive says of them matters."""
        return any(change.alternatives for change in self.changes)

    def edited(self, changes: Iterable[Change]) -> Document:
        """Return the document with `changes` made: non-overlapping, in order, spans in characters of this text."""
        made = tuple(change for change in changes if change.before != change.after)
        return replace(self, text=apply(self.text, made), changes=self.changes + made)

    def text_after(self, steps: Collection[str]) -> str:
        """Return the text as `steps`, the first that it went through, left it: what later ones changed is undone."""
        text = self.text
        for step, changes in groupby(reversed(self.changes), lambda change: change.step):
            if step not in steps:
                text = apply(text, inverse(list(changes)[::-1]))
        return text

    def noted(self, step: str, message: str) -> Document:
        """Return the document with one more note."""
        return replace(self, notes=(*self.notes, Note(step, message)))


class SkipDocument(Exception):  # noqa: N818 - not an error of ours: the document's own condition
    """A document cannot go on: binary, undecodable, over a limit. The message says what, why, and what to do."""


class RetryLater(SkipDocument):
    """A document cannot be read now, for a reason that may pass: a disk error, too many open files, it was changing."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What a step keeps: `holds(before, after)` is False where it was broken."""

    name: str
    holds: Callable[[Document, Document], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """A named pure function from document to document, and what it promises."""

    name: str
    run: Callable[..., Document]
    invariants: tuple[Invariant, ...] = ()
    version: int = 1  # raise it when the step's output changes: results of older versions are made again

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.run.__doc__ or "").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The document went through every step. Others that are kept have its `passages` too, or are `similar` to it."""

    document: Document
    passages: tuple[SharedPassage, ...] = ()
    similar: tuple[SimilarDocument, ...] = ()

    @property
    def path(self) -> PurePosixPath:
        """The path of the source below raw/."""
        return self.document.path


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The document is the same as the document at `of`, or an older version of it; `why` is the reason.

    `similarity` is the share of the text that is the same, from 0 to 1.
    """

    document: Document
    of: PurePosixPath
    why: str
    similarity: float = 1.0

    @property
    def path(self) -> PurePosixPath:
        """The path of the source below raw/."""
        return self.document.path


BUG_REPORT_HINT = "this is our mistake, please report it with the file"


Cause = Literal["document", "environment", "bug"]
"""Who is at fault. Only what the document causes is remembered; after the other two, the next run tries again."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The document is set aside at `step` for `reason`; `trace` shows where the code failed, if that is the cause."""

    path: PurePosixPath
    step: str
    reason: str
    cause: Cause = "document"
    trace: str = ""

    @property
    def lasting(self) -> bool:
        """Whether the next run would find the same, so that it need not try. What cannot be read costs nothing."""
        return self.cause == "document" and self.step != "read"


Outcome = Cleaned | Duplicate | Skipped


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended: counts of outcomes, and the files that changed or, with --check, would change.

    The outcomes themselves are in clean/report.jsonl: a report's size does not grow with the archive.
    """

    cleaned: int
    duplicates: int
    skipped: tuple[Skipped, ...]
    rolled_back: int  # documents for which a step was undone because it broke a promise
    failed_books: tuple[str, ...]  # why books of several posts could not be made
    incomplete: int  # documents whose books do not show all of them; report.jsonl says what is missing
    written: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]  # copies of files of clean/ that somebody had edited, before they were written again
    check: bool = False
    strict: bool = False

    @property
    def found(self) -> int:
        """How many sources came in: the sum of the three ways to end."""
        return self.cleaned + self.duplicates + len(self.skipped)

    @property
    def exit_code(self) -> int:
        """0 done, 1 --check found something to do, 4 finished with documents set aside (or, strictly, steps undone)."""
        if self.check and (self.written or self.removed):
            return 1
        return 4 if self.skipped or self.failed_books or (self.strict and self.rolled_back) else 0
