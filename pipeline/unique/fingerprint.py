"""Document -> what it is compared by: its words, its address, its MinHash signature, and how damaged it is."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from rensa import RMinHash

from pipeline.addresses.canonical import canonical
from pipeline.document import Document

PERMUTATIONS = 128
SEED = 1
SHINGLE = 3  # characters
FEW = 40  # letters


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether two documents say the same; `damage` counts repairs and letters lost for good."""

    path: PurePosixPath
    words: str  # SHA-256 of the letters and digits, case folded
    source_url: str
    signature: bytes  # 128 MinHash values over the character 3-grams, 32 bits each, little-endian
    damage: int


def fingerprint(document: Document) -> Fingerprint:
    """Return what `document` is compared by."""
    text = words(document.text)
    sketch = RMinHash(PERMUTATIONS, SEED)
    sketch.update(sorted(shingles(text)))
    repairs = sum(change.step == "repair" for change in document.changes)
    return Fingerprint(
        document.path,
        hashlib.sha256(text.encode()).hexdigest(),
        canonical(document.meta.source_url),
        struct.pack(f"<{PERMUTATIONS}I", *sketch.digest()),
        repairs + document.text.count("\ufffd"),
    )


def words(text: str) -> str:
    """Return the letters and digits of `text`, case folded, addresses left out: what makes two copies one text.

    Where there are too few of them to tell texts apart, it is the whole text, white space folded.
    """
    letters = re.sub(r"[\W_]+", "", re.sub(r"https?://\S+", "", text)).casefold()
    return letters if len(letters) >= FEW else " ".join(text.split())


def shingles(words_: str) -> set[str]:
    """Return the runs of three characters, as one set; a shorter text is its own single run."""
    return {words_[at : at + SHINGLE] for at in range(max(1, len(words_) - SHINGLE + 1))}


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity of two texts' shingles, from 0 to 1."""
    first, second = shingles(words(one)), shingles(words(other))
    return len(first & second) / len(first | second)
