"""Outcome -> its row in the state."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.citations.cited_works import works_of
from pipeline.citations.post_index import names_looked_up, names_of_post
from pipeline.decisions.decision import kind_key, pair_key
from pipeline.decisions.open_item import is_open, open_items_of
from pipeline.decisions.place_index import text_filter
from pipeline.decisions.places import inputs_of_steps
from pipeline.document import Cause, Cleaned, Document, Skipped
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.flow import CHARACTER_STEPS
from pipeline.language.archive_statistics import smallest_shingles
from pipeline.read.kinds import FileKind
from pipeline.read.pictures import image_references
from pipeline.store.decision_tables import NO_DECISION_ROWS, DecisionRows
from pipeline.store.packing import pack
from pipeline.urls.canonical import canonical_url

SKETCH_SHINGLES = 16  # of a document: a copy with one character in eight wrong has a third of them
PROBE_SHINGLES = 64  # of a damaged document: the smallest shingles of its copies are among them
NO_POSTS = {FileKind.DRAFT, FileKind.LEFT_OUT, FileKind.LISTING}  # what a document that is read can be
ROW_VERSION = 6  # raise it when rows of the same document change


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """The outcome of a source as the state stores it. The worker makes it, so that errors are the document's."""

    kind: str
    outcome: bytes
    sha256: str = ""  # of the source; empty if it must be read again
    lasting: bool = True  # whether the next run can skip the source if it is unchanged
    cause: Cause = "document"  # why it is skipped
    fingerprint: bytes | None = None
    rolled_back: bool = False  # whether a step was rolled back
    inferred: bool = False  # whether characters were inferred
    pictures: tuple[str, ...] = ()
    title: str = ""
    url: str = ""  # canonical source URL
    homes: tuple[str, ...] = ()  # the names that links may call it by
    wants: tuple[str, ...] = ()  # the names that its links look up
    length: int = 0  # characters
    language: str = ""  # BCP 47; empty if unknown
    short: bool = False  # whether it is too short to know its language
    shingles: bytes = b""  # 64-bit integers that find damaged copies of it; where it is damaged, more: its duplicates
    works: bytes = b""  # the works that it cites; empty if there are none
    decisions: DecisionRows = NO_DECISION_ROWS


def document_row(outcome: Cleaned | Skipped, sha256: str = "", *, from_archive: bool = False) -> DocumentRow:
    """Return the row for an outcome. What is not a post has the kind of drafts, and its own as its title.

    `from_archive` says whether the statistics of the archive were used.

    Raises ValueError, TypeError or OverflowError for what MessagePack cannot hold.
    """
    if isinstance(outcome, Skipped):
        kind, why = (FileKind.DRAFT, outcome.step) if outcome.step in NO_POSTS else ("skipped", "")
        sha256 = sha256 if outcome.lasting else ""
        return DocumentRow(kind, pack(outcome), sha256, outcome.lasting, outcome.cause, title=why)
    document = outcome.document
    works, url = works_of(document), canonical_url(document.meta.source_url)
    return DocumentRow(
        "cleaned",
        pack(document),
        sha256,
        fingerprint=pack(fingerprint(document)),
        rolled_back=any(note.invariant for note in document.notes),
        inferred=document.inferred,
        pictures=tuple(image_references(document)),
        title=document.meta.title,
        url=url,
        homes=names_of_post(document, url),
        wants=names_looked_up(document),
        works=pack(works) if works else b"",
        length=len(document.text),
        language=document.meta.language,
        short=document.meta.short,
        shingles=smallest_shingles(
            document.text_after(CHARACTER_STEPS), PROBE_SHINGLES if document.inferred else SKETCH_SHINGLES
        ).tobytes(),
        decisions=_decision_rows(document, from_archive=from_archive),
    )


def _decision_rows(document: Document, *, from_archive: bool) -> DecisionRows:
    items = open_items_of(document, from_archive=from_archive)
    rules = {
        key
        for change in document.changes
        if is_open(change)
        for key in (pair_key(change.step, change.before, change.after), kind_key(change.step, change.reason))
    }
    listed = {}
    for item in reversed(items):
        _, pair, kind = item.keys
        listed[item.id] = (item.id, item.confidence, item.line, pair, kind, pack(item))
    return DecisionRows(
        (*listed.values(),), (*sorted(rules),), document.obeyed, text_filter(*inputs_of_steps(document))
    )
