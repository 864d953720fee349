"""What the sound documents of an archive say: their n-grams, and which of them is a twin of a damaged one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.evidence.ngrams import MULTIPLIER, ORDER, Floats, codes_of, salted
from pipeline.evidence.table import Keys

MOST = 4_000_000  # characters of an archive that help to infer letters; so many take a second and 250 MB
FILTER_BITS = 22
SHINGLE = 8  # characters; so long a string is hardly ever in two texts by chance
SKETCH = 256  # shingles kept of a document, those of the smallest hashes (Broder, 1997)
TWIN = 0.25  # share of them that a damaged copy, one letter in eight still wrong, has in common with its twin


@dataclass(frozen=True, slots=True)
class Archive:
    """Counts of the n-grams of an archive, sketches of its documents, and their texts by path."""

    keys: Keys
    counts: Floats
    total: float
    texts: Mapping[str, str] = field(default_factory=dict)
    sketches: Mapping[str, Keys] = field(default_factory=dict)
    known: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1 << FILTER_BITS, bool))

    def look(self, hashes: Keys, order: int, limit: Floats) -> Floats:
        """Return the counts of the n-grams of `order`, 0 where `limit` is."""
        counts = np.zeros(limit.shape, np.float32)
        if not len(self.keys):
            return counts
        asked = np.nonzero(limit)
        keys = salted(hashes[asked], order, 0)
        maybe = np.flatnonzero(self.known[keys & np.uint64((1 << FILTER_BITS) - 1)])
        place = np.minimum(np.searchsorted(self.keys, keys[maybe]), len(self.keys) - 1)
        found = np.zeros(len(keys), np.float32)
        found[maybe] = np.where(self.keys[place] == keys[maybe], self.counts[place], 0)
        counts[asked] = found
        return counts

    def twin_of(self, text: str) -> tuple[str, str] | None:
        """Return path and text of the document most like `text`, if one is its twin."""
        own = shingles(text)
        shares = {path: _common(own, sketch) for path, sketch in self.sketches.items()}
        path = max(shares, key=lambda path: (shares[path], path), default="")
        return (path, self.texts[path]) if path and shares[path] >= TWIN else None


NOTHING = Archive(np.zeros(0, np.uint64), np.zeros(0, np.float32), 0.0)


def archive_of(texts: Mapping[str, str]) -> Archive:
    """Return the archive of `texts`, by path."""
    if not texts:
        return NOTHING
    keys, counts = ngrams("\x00".join(f" {text} " for _, text in sorted(texts.items())))
    known = np.zeros(1 << FILTER_BITS, bool)
    known[keys & np.uint64((1 << FILTER_BITS) - 1)] = True
    sketches = {path: np.sort(shingles(text))[:SKETCH] for path, text in texts.items()}
    total = float(sum(map(len, texts.values())))
    return Archive(keys, counts, total, dict(texts), sketches, known)


def ngrams(text: str) -> tuple[Keys, Floats]:
    """Return the mixed keys of the n-grams of `text`, sorted, and their counts; none reaches across a NUL."""
    codes = codes_of(text)
    last = np.maximum.accumulate(np.where(codes == 0, np.arange(len(codes)), -1))
    rolling = np.zeros(len(codes), np.uint64)
    every = []
    for order in range(1, ORDER + 1):
        rolling = np.concatenate([[np.uint64(0)], rolling[:-1]]) * MULTIPLIER + codes
        every.append(salted(rolling[np.arange(len(codes)) - last >= order], order, 0))
    keys, counts = np.unique(np.concatenate(every), return_counts=True)
    return keys, counts.astype(np.float32)


def shingles(text: str) -> Keys:
    """Return the distinct mixed hashes of the runs of SHINGLE characters in `text`, white space aside."""
    codes = codes_of("".join(text.split()))
    rolling = np.zeros(max(len(codes) - SHINGLE + 1, 0), np.uint64)
    for at in range(SHINGLE):
        rolling = rolling * MULTIPLIER + codes[at : at + len(rolling)]
    return np.unique(salted(rolling, 0, 0))


def _common(own: Keys, sketch: Keys) -> float:
    return float(np.isin(sketch, own, assume_unique=True).mean()) if len(sketch) else 0.0
