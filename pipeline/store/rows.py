"""Outcome -> its row in the state."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.document import Cause, Cleaned, Skipped
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.read.kinds import FileKind
from pipeline.read.pictures import image_references
from pipeline.store.packing import pack


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


def document_row(outcome: Cleaned | Skipped, sha256: str = "") -> DocumentRow:
    """Return the row for an outcome; a draft has a separate kind.

    Raises ValueError, TypeError or OverflowError for what MessagePack cannot hold.
    """
    if isinstance(outcome, Skipped):
        kind = FileKind.DRAFT if outcome.step == FileKind.DRAFT else "skipped"
        return DocumentRow(kind, pack(outcome), sha256 if outcome.lasting else "", outcome.lasting, outcome.cause)
    document = outcome.document
    return DocumentRow(
        "cleaned",
        pack(document),
        sha256,
        fingerprint=pack(fingerprint(document)),
        rolled_back=any(note.invariant for note in document.notes),
        inferred=document.inferred,
        pictures=tuple(image_references(document)),
    )
