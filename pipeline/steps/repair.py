"""Repair mojibake: see `pipeline.mojibake`."""

from __future__ import annotations

from pipeline.document import REPLACEMENT, Document, Step
from pipeline.invariants import CODE_STAYS
from pipeline.language.archive_statistics import NO_STATISTICS, ArchiveStatistics
from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE
from pipeline.mojibake.passes import mojibake_changes
from pipeline.mojibake.strategies import RepairEvidence


def repair_mojibake(
    document: Document, *, min_confidence: float = MIN_CONFIDENCE, archive: ArchiveStatistics = NO_STATISTICS
) -> Document:
    """Fix mojibake line by line; characters with missing bytes are reconstructed or marked U+FFFD; code stays."""
    document = document.edited(mojibake_changes(document.text, RepairEvidence(min_confidence, archive)))
    uncertain = [change for change in document.changes if change.alternatives]
    if not uncertain:
        return document
    marked = sum(REPLACEMENT in change.after for change in uncertain)
    rest = f", {marked} of them uncertain and marked U+FFFD" if marked else ""
    plural = "s" * (len(uncertain) > 1)
    return document.noted("repair", f"reconstructed {len(uncertain)} character{plural} with missing bytes{rest}")


STEP = Step("repair", repair_mojibake, (CODE_STAYS,), version=14)
