"""Undamaged documents of an archive -> statistics: n-gram counts, and signatures that find duplicates.

The statistics help to repair damaged documents. They are updated incrementally: counts of new and changed documents are
added, counts of deleted ones are subtracted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Keys
from pipeline.language.ngram_keys import MULTIPLIER, codes_of, salted_keys
from pipeline.language.ngrams import ORDER, Floats

VERSION = 1  # increase it when the contents change
MOST_ARCHIVE_CHARACTERS = 4_000_000  # characters of the archive to count: they take 4 s, each further post 0.2 s
FILTER_BITS = 22  # of a key, which index the filter that skips most look-ups of unknown n-grams
ARCHIVE_SHINGLE_LENGTH = 8  # characters; two unrelated texts rarely share so long a string
SIGNATURE_SHINGLES = 256  # shingles that a document's signature holds: those with the smallest hashes (Broder, 1997)
DUPLICATE_FRACTION = 0.25  # fraction of a signature that a damaged copy shares, with one character in eight wrong


REPEATED_SHINGLES = 4  # how often the shingles of a text may repeat on average


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: a function may remember its result for one
class ArchiveStatistics:
    """N-gram counts of an archive; the text and the MinHash signature of each document, by path.

    `known` is a filter: False where no n-gram's key ends in these FILTER_BITS bits.
    """

    keys: Keys
    counts: Floats
    total: float
    texts: Mapping[str, str] = field(default_factory=dict)
    sketches: Mapping[str, Keys] = field(default_factory=dict)
    known: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1 << FILTER_BITS, bool))

    def lookup(self, hashes: Keys, order: int, limit: Floats) -> Floats:
        """Return the counts of n-grams of length `order` by their rolling hashes; 0 where `limit` is 0."""
        counts = np.zeros(limit.shape, np.float32)
        if not len(self.keys):
            return counts
        wanted = np.nonzero(limit)
        keys = salted_keys(hashes[wanted], order, 0)
        maybe = np.flatnonzero(self.known[keys & np.uint64((1 << FILTER_BITS) - 1)])
        place = np.minimum(np.searchsorted(self.keys, keys[maybe]), len(self.keys) - 1)
        found = np.zeros(len(keys), np.float32)
        found[maybe] = np.where(self.keys[place] == keys[maybe], self.counts[place], 0)
        counts[wanted] = found
        return counts

    def sound_duplicate(self, text: str) -> tuple[str, str] | None:
        """Return path and text of the document most similar to `text`; None if none is a duplicate of it."""
        own = distinct_shingles(text)
        shares = {path: _fraction_shared(own, sketch) for path, sketch in self.sketches.items()}
        path = max(shares, key=lambda path: (shares[path], path), default="")
        return (path, self.texts[path]) if path and shares[path] >= DUPLICATE_FRACTION else None


def with_duplicates(archive: ArchiveStatistics, texts: Mapping[str, str]) -> ArchiveStatistics:
    """Return statistics that also find duplicates among `texts`, by path; these are not counted."""
    sketches = {path: smallest_shingles(text, SIGNATURE_SHINGLES) for path, text in texts.items()}
    return replace(archive, texts={**archive.texts, **texts}, sketches={**archive.sketches, **sketches})


NO_STATISTICS = ArchiveStatistics(np.zeros(0, np.uint64), np.zeros(0, np.float32), 0.0)


def statistics_of(texts: Mapping[str, str], before: ArchiveStatistics = NO_STATISTICS) -> ArchiveStatistics:
    """Return the statistics of `texts`, by path; texts that `before` holds unchanged are not counted again."""
    new = {path: text for path, text in sorted(texts.items()) if before.texts.get(path) != text}
    gone = [text for path, text in before.texts.items() if texts.get(path) != text]
    counted = [(before.keys, before.counts), _signed_ngram_counts(new.values(), 1), _signed_ngram_counts(gone, -1)]
    keys, places = np.unique(np.concatenate([keys for keys, _ in counted]), return_inverse=True)
    counts = np.bincount(places, np.concatenate([counts for _, counts in counted]), len(keys)).astype(np.float32)
    sketches = {path: np.sort(distinct_shingles(text))[:SIGNATURE_SHINGLES] for path, text in new.items()}
    kept = {path: sketch for path, sketch in before.sketches.items() if path in texts and path not in new}
    return _with_filter(
        keys[counts > 0], counts[counts > 0], dict(sorted(texts.items())), dict(sorted({**kept, **sketches}.items()))
    )


def _with_filter(keys: Keys, counts: Floats, texts: dict[str, str], sketches: dict[str, Keys]) -> ArchiveStatistics:
    known = np.zeros(1 << FILTER_BITS, bool)
    known[keys & np.uint64((1 << FILTER_BITS) - 1)] = True
    return ArchiveStatistics(keys, counts, float(sum(map(len, texts.values()))), texts, sketches, known)


def _signed_ngram_counts(texts: Iterable[str], times: int) -> tuple[Keys, Floats]:
    keys, counts = ngram_counts("\x00".join(f" {text} " for text in texts))
    return keys, counts * times


class _PackedStatistics(msgspec.Struct):
    """Statistics as they are stored: arrays as bytes, and the version of the code that made them."""

    version: int
    texts: dict[str, str]
    keys: bytes
    counts: bytes
    sketches: dict[str, bytes]


def pack_statistics(archive: ArchiveStatistics) -> bytes:
    """Return statistics as bytes to store: a SHA-256 digest, then MessagePack."""
    sketches = {path: sketch.tobytes() for path, sketch in archive.sketches.items()}
    row = _PackedStatistics(VERSION, dict(archive.texts), archive.keys.tobytes(), archive.counts.tobytes(), sketches)
    data = msgspec.msgpack.encode(row)
    return hashlib.sha256(data).digest() + data


def unpack_statistics(data: bytes) -> ArchiveStatistics:
    """Return the statistics that `pack_statistics` stored; none if the version differs or the bytes are damaged."""
    size = hashlib.sha256().digest_size
    if hashlib.sha256(data[size:]).digest() != data[:size]:
        return NO_STATISTICS
    try:
        row = msgspec.msgpack.decode(data[size:], type=_PackedStatistics)
    except msgspec.MsgspecError:
        return NO_STATISTICS
    if row.version != VERSION:
        return NO_STATISTICS
    sketches = {path: np.frombuffer(sketch, np.uint64) for path, sketch in row.sketches.items()}
    return _with_filter(np.frombuffer(row.keys, np.uint64), np.frombuffer(row.counts, np.float32), row.texts, sketches)


def ngram_counts(text: str) -> tuple[Keys, Floats]:
    """Return the mixed keys of the n-grams of `text`, sorted, and their counts; no n-gram contains U+0000."""
    codes = codes_of(text)
    last = np.maximum.accumulate(np.where(codes == 0, np.arange(len(codes)), -1))
    rolling = np.zeros(len(codes), np.uint64)
    every = []
    for order in range(1, ORDER + 1):
        rolling = np.concatenate([[np.uint64(0)], rolling[:-1]]) * MULTIPLIER + codes
        every.append(salted_keys(rolling[np.arange(len(codes)) - last >= order], order, 0))
    keys, counts = np.unique(np.concatenate(every), return_counts=True)
    return keys, counts.astype(np.float32)


def smallest_shingles(text: str, number: int) -> Keys:
    """Return the smallest distinct hashes of `distinct_shingles`, sorted: at most `number`, fewer where some repeat."""
    hashes = _shingle_hashes(text)
    several = REPEATED_SHINGLES * number
    return np.unique(np.partition(hashes, several)[:several] if len(hashes) > several else hashes)[:number]


def distinct_shingles(text: str) -> Keys:
    """Return the distinct hashes of runs of `ARCHIVE_SHINGLE_LENGTH` characters in `text` without white space."""
    return np.unique(_shingle_hashes(text))


def _shingle_hashes(text: str) -> Keys:
    codes = codes_of("".join(text.split()))
    rolling = np.zeros(max(len(codes) - ARCHIVE_SHINGLE_LENGTH + 1, 0), np.uint64)
    for at in range(ARCHIVE_SHINGLE_LENGTH):
        rolling *= MULTIPLIER
        rolling += codes[at : at + len(rolling)]
    return salted_keys(rolling, 0, 0)


def _fraction_shared(own: Keys, sketch: Keys) -> float:
    return float(np.isin(sketch, own, assume_unique=True).mean()) if len(sketch) else 0.0
