"""An outcome -> the row that the state keeps of it, made in the process that cleaned the document."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.document import Cause, Cleaned, Skipped
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.read.pictures import pictures_of
from pipeline.store.packing import pack


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a source, as the state keeps it: made in the process that cleaned it, so that it fails there."""

    kind: str
    outcome: bytes
    sha256: str = ""  # of the source; empty if it was not read
    lasting: bool = True  # whether the next run need not try again
    cause: Cause = "document"  # of its being set aside
    fingerprint: bytes | None = None
    undone: bool = False
    inferred: bool = False
    pictures: tuple[str, ...] = ()


def row_of(outcome: Cleaned | Skipped, sha256: str = "") -> Row:
    """Return the row for an outcome. Raises ValueError, TypeError or OverflowError for what MessagePack cannot hold."""
    if isinstance(outcome, Skipped):
        return Row("skipped", pack(outcome), sha256 if outcome.lasting else "", outcome.lasting, outcome.cause)
    document = outcome.document
    return Row(
        "cleaned",
        pack(document),
        sha256,
        fingerprint=pack(fingerprint(document)),
        undone=any(note.invariant for note in document.notes),
        inferred=document.inferred,
        pictures=tuple(pictures_of(document)),
    )
