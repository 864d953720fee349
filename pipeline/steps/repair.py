"""Repair mojibake: see `pipeline.mojibake`."""

from __future__ import annotations

from pipeline.document import GAP, Document, Step
from pipeline.invariants import CODE_STAYS
from pipeline.language.archive_statistics import NOTHING, Archive
from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE
from pipeline.mojibake.passes import repairs
from pipeline.mojibake.strategies import Evidence


def repair(document: Document, *, min_confidence: float = MIN_CONFIDENCE, archive: Archive = NOTHING) -> Document:
    """Fix mojibake line by line; characters with missing bytes are reconstructed or marked U+FFFD; code stays."""
    document = document.edited(repairs(document.text, Evidence(min_confidence, archive)))
    uncertain = [change for change in document.changes if change.alternatives]
    if not uncertain:
        return document
    marked = sum(GAP in change.after for change in uncertain)
    rest = f", {marked} of them uncertain and marked U+FFFD" if marked else ""
    plural = "s" * (len(uncertain) > 1)
    return document.noted("repair", f"reconstructed {len(uncertain)} character{plural} with missing bytes{rest}")


STEP = Step("repair", repair, (CODE_STAYS,), version=12)
