"""Document -> what it is compared by, and how good a copy it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from pipeline.document import GAP, Document
from pipeline.duplicates.damaged_copies import skeleton_signature, unreadable
from pipeline.duplicates.minhash import ALGORITHM, BAND, PERMUTATIONS, bands, shingles, signature
from pipeline.duplicates.shared_passages import paragraphs
from pipeline.duplicates.source_urls import newer, same_page
from pipeline.duplicates.word_normalization import FEW, SPACE, digest, joined, letters, unasked

VERSION = f"4, {ALGORITHM}"  # stored beside fingerprints; those of another version are made again


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether two documents may say the same, and what tells which is the better copy."""

    path: PurePosixPath
    sha256: str  # of the source's bytes
    text: bytes  # SHA-256 of all that a comparison of the text rests on
    keys: bytes  # 64-bit words: two texts that share one may be alike
    sketch: bytes  # the lowest byte of each of the 128 values of the signature, and of the 32 of the skeleton's
    passages: bytes  # 64-bit words: hash, line and letters of each paragraph that is long enough
    page: str  # what is equal for the addresses of one page; empty if not known
    damaged: bool  # whether it was repaired, or ought to be
    rank: tuple[int, int, int]  # the lower the better: unread or lost letters, repairs, form of the address


def fingerprint(document: Document) -> Fingerprint:
    """Return what `document` is compared by."""
    text = unasked(document.text)
    points = letters(text)
    separate, grams = joined(points), shingles(points[points > SPACE])
    repairs = sum(change.step == "repair" for change in document.changes)
    unread = unreadable(document.text)
    lost = document.text.count(GAP) + sum(bool(change.alternatives) for change in document.changes)
    damaged = bool(repairs or lost or unread)
    sketch = np.concatenate([signature(grams), skeleton_signature(text)])
    keys = bands(sketch)[0 if len(separate) >= FEW else PERMUTATIONS // BAND :]
    return Fingerprint(
        document.path,
        document.meta.sha256,
        digest(document.text, separate, document.text_after(()) if damaged else ""),
        keys.tobytes(),
        sketch.astype(np.uint8).tobytes(),
        paragraphs(points, grams).tobytes(),
        same_page(document.meta.source_url),
        damaged,
        (len(document.text) if unread else lost, repairs, -newer(document.meta.source_url)),
    )
