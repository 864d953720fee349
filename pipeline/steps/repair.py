"""Repair mojibake: see `pipeline.mojibake`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.document import REPLACEMENT, Document, Step
from pipeline.invariants import CODE_STAYS

if TYPE_CHECKING:
    from pipeline.language.archive_statistics import ArchiveStatistics


def repair_mojibake(
    document: Document, *, min_confidence: float | None = None, archive: ArchiveStatistics | None = None
) -> Document:
    """Fix mojibake line by line; characters with missing bytes are reconstructed or marked U+FFFD; code stays."""
    from pipeline.mojibake.marks.repair_marks import MARK_REASON  # noqa: PLC0415
    from pipeline.mojibake.passes import mojibake_changes  # noqa: PLC0415 - loads the model, which Markdown needs not
    from pipeline.mojibake.strategies import RepairEvidence  # noqa: PLC0415

    default = RepairEvidence()
    evidence = RepairEvidence(
        default.min_confidence if min_confidence is None else min_confidence, archive or default.archive
    )
    document = document.edited(mojibake_changes(document.text, evidence))
    restored = [change for change in document.changes if MARK_REASON in change.reason]
    if restored:
        plural = "s" * (len(restored) > 1)
        return document.noted("repair", f"restored {len(restored)} lost character{plural} of which a mark was left")
    uncertain = [change for change in document.changes if change.alternatives]
    if not uncertain:
        return document
    marked = sum(REPLACEMENT in change.after for change in uncertain)
    rest = f", {marked} of them uncertain and marked U+FFFD" if marked else ""
    plural = "s" * (len(uncertain) > 1)
    return document.noted("repair", f"reconstructed {len(uncertain)} character{plural} with missing bytes{rest}")


STEP = Step("repair", repair_mojibake, (CODE_STAYS,), version=25, decided="text")
