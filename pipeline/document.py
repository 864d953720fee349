"""The data model: Source and Document, what a step is, the outcome of a document, the report of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Literal

from pipeline.changes import Change, apply, passes, undone

REPLACEMENT = "\ufffd"  # replaces lost characters that cannot be reconstructed
FrontValue = Any  # a value of YAML: str, int, float, bool, None, and lists and dicts of these


@dataclass(frozen=True, slots=True)
class Source:
    """A file of raw/, or a part of one with many documents: its path below raw/ and its bytes.

    `fields` are front matter that a table next to the file has for it.
    """

    path: PurePosixPath
    data: bytes
    part: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The SHA-256 of all that was read: the bytes, and the fields if there are any."""
        fields = repr(sorted(self.fields.items())) if self.fields else ""
        return hashlib.sha256(self.data + fields.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class CodecCandidate:
    """A Python codec that may be the right one for some bytes, with its probability, from 0 to 1."""

    codec: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a source was decoded; `evidence` is the rule: bom, declared, utf-8, validity, statistics or damaged."""

    codec: str
    confidence: float
    evidence: str
    alternatives: tuple[CodecCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """Metadata of a document. An empty string or tuple means that it is unknown."""

    sha256: str = ""
    encoding: Encoding = Encoding("utf-8", 1.0, "utf-8")
    title: str = ""
    subtitle: str = ""
    kicker: str = ""  # the section or topic above a title
    authors: tuple[str, ...] = ()
    source_url: str = ""
    language: str = ""  # BCP 47, e.g. zh-Hans
    short: bool = False  # too short to know its language: that of the archive is likely
    date: str = ""  # ISO 8601, as precise as known: 2021, 2021-03 or 2021-03-09
    front_matter: str = ""  # the block as written, with its fences
    extra: tuple[tuple[str, FrontValue], ...] = ()  # other fields of the front matter
    profile: str = ""  # the site profile that the settings chose; empty: the host of `source_url` decides
    profile_digest: str = ""  # of its content: books and records depend on it


@dataclass(frozen=True, slots=True)
class Note:
    """A warning about a document. `invariant` names the invariant for which the step was rolled back, if it was."""

    step: str
    message: str
    invariant: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image of a document."""

    written: str
    url: str  # absolute and canonical
    text: str  # the link text, or the alternative text of an image
    kind: str  # source, paper, code, talk, dataset, social, image, site, or other: not a web URL
    line: int  # from 1
    column: int = 1  # in characters, from 1
    heading: str = ""  # the text of the heading above it
    identifiers: tuple[str, ...] = ()  # scheme:value, e.g. arxiv:1703.00522
    base: str = ""  # the URL that a relative link was resolved against
    notes: tuple[str, ...] = ()  # problems, e.g. unsafe
    title: str = ""  # the title attribute


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line of a document; lines count from 1."""

    path: PurePosixPath
    line: int


@dataclass(frozen=True, slots=True)
class SharedPassage:
    """A paragraph that other documents also contain: its line, its length in characters, the first places elsewhere."""

    line: int
    letters: int
    places: tuple[DocumentLine, ...]
    more: bool = False  # whether there are places that are not listed


@dataclass(frozen=True, slots=True)
class SimilarDocument:
    """A document that is similar to another and kept as well: its path, how the two differ, the share that is equal."""

    path: PurePosixPath
    why: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Document:
    """A text, its metadata, and all changes so far. `text` is valid Unicode, without lone surrogates."""

    path: PurePosixPath
    text: str
    meta: Metadata = Metadata()
    links: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    obeyed: tuple[str, ...] = ()  # the keys of the decisions of a person that it obeys

    @property
    def inferred(self) -> bool:
        """Whether characters were reconstructed: then the result depends on the archive."""
        return any(change.alternatives for change in self.changes)

    def edited(self, changes: Iterable[Change]) -> Document:
        """Return the document with `changes` applied: in order, not overlapping, spans in this text."""
        made = tuple(change for change in changes if change.before != change.after)
        return replace(self, text=apply(self.text, made), changes=self.changes + made) if made else self

    def text_after(self, steps: Collection[str]) -> str:
        """Return the text after `steps`, the names of the first steps: the changes of all later steps are undone."""
        text = self.text
        for changes in reversed(passes(self.changes)):
            if changes[0].step not in steps:
                text = undone(text, changes)
        return text

    def noted(self, step: str, message: str) -> Document:
        """Return the document with a note added."""
        return replace(self, notes=(*self.notes, Note(step, message)))


class SkipDocument(Exception):  # noqa: N818 - not an error in the code
    """A document cannot be processed: binary, undecodable, over a limit. The message says why, and what to do."""


class ListPage(SkipDocument):
    """A document is not a post: a program wrote it as a list of files or of pages. The message says which program."""


class RetryLater(SkipDocument):
    """A document cannot be read now, but perhaps later: a disk error, too many open files, a file being written."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A property that a step preserves: `holds(before, after)` is False if the step violated it."""

    name: str
    holds: Callable[[Document, Document], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """A named pure function from Document to Document, and its invariants."""

    name: str
    run: Callable[..., Document]  # keyword arguments are options; one named `archive` gets the archive's statistics
    invariants: tuple[Invariant, ...] = ()
    version: int = 1  # raise it when the output changes: older results are regenerated
    decided: Literal["", "text", "metadata"] = ""  # what a person may decide in its result

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.run.__doc__ or "").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Processed:
    """A document that passed every step."""

    document: Document

    @property
    def path(self) -> PurePosixPath:
        """The path of the source below raw/."""
        return self.document.path


@dataclass(frozen=True, slots=True)
class Cleaned(Processed):
    """The document is kept. Other kept documents have its `passages` too, or are `similar` to it."""

    passages: tuple[SharedPassage, ...] = ()
    similar: tuple[SimilarDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate(Processed):
    """The document is the same as the one at `of`, or an older version of it; `why` is the reason."""

    of: PurePosixPath
    why: str
    similarity: float = 1.0


Cause = Literal["document", "environment", "bug"]
"""Why a document was skipped. Only the cause `document` is remembered; after the others, the next run tries again."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The document was skipped at `step` for `reason`. `trace` is the traceback of a bug."""

    path: PurePosixPath
    step: str
    reason: str
    cause: Cause = "document"
    trace: str = ""

    @property
    def lasting(self) -> bool:
        """Whether the next run would end the same and need not try. Reading always is tried: it is cheap."""
        return self.cause == "document" and self.step != "read"


Outcome = Cleaned | Duplicate | Skipped
