"""Document -> its fingerprint: what duplicates are found by, and how good a copy it is."""

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

VERSION = f"4, {ALGORITHM}"  # stored with the fingerprints; fingerprints of another version are computed again


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What shows whether two documents may be duplicates, and which of the two is the better copy."""

    path: PurePosixPath
    sha256: str  # of the source's bytes
    text: bytes  # SHA-256 of everything that a comparison of the text uses
    keys: bytes  # 64-bit LSH keys: two texts that share one are candidates
    minhash: bytes  # the lowest byte of each MinHash value: 128 of the words, 32 of the skeleton
    passages: bytes  # 64-bit integers: hash, line and length of each paragraph that is long enough
    page: str  # equal for all URLs of one page; empty if the URL is not known
    damaged: bool  # whether it was repaired, or needs repair
    rank: tuple[int, int, int]  # lower is better: lost characters, repairs, recency of the URL's form (negated)


def fingerprint(document: Document) -> Fingerprint:
    """Return the fingerprint of `document`."""
    text = unasked(document.text)
    points = letters(text)
    words, grams = joined(points), shingles(points[points > SPACE])
    repairs = sum(change.step == "repair" for change in document.changes)
    still_mojibake = unreadable(document.text)
    lost = document.text.count(GAP) + sum(bool(change.alternatives) for change in document.changes)
    damaged = bool(repairs or lost or still_mojibake)
    minhash = np.concatenate([signature(grams), skeleton_signature(text)])
    keys = bands(minhash)[0 if len(words) >= FEW else PERMUTATIONS // BAND :]
    return Fingerprint(
        document.path,
        document.meta.sha256,
        digest(document.text, words, document.text_after(()) if damaged else ""),
        keys.tobytes(),
        minhash.astype(np.uint8).tobytes(),
        paragraphs(points, grams).tobytes(),
        same_page(document.meta.source_url),
        damaged,
        (len(document.text) if still_mojibake else lost, repairs, -newer(document.meta.source_url)),
    )
