"""Document -> its fingerprint: what duplicates are found by, and how good a copy it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

import numpy as np

from pipeline.document import REPLACEMENT, Document
from pipeline.duplicates.damaged_copies import is_mojibake, skeleton_signature
from pipeline.duplicates.minhash import (
    BAND_VALUES,
    MINHASH_ALGORITHM,
    PERMUTATIONS,
    band_keys,
    minhash_signature,
    shingle_hashes,
)
from pipeline.duplicates.shared_passages import passage_rows
from pipeline.duplicates.source_urls import page_key, url_recency
from pipeline.duplicates.word_normalization import (
    SHORT_TEXT_CHARACTERS,
    SPACE_CODE,
    normalized_code_points,
    text_digest,
    without_url_queries,
    words_from_code_points,
)
from pipeline.steps.dates import date_in

VERSION = f"5, {MINHASH_ALGORITHM}"  # stored with the fingerprints; fingerprints of another version are computed again


_ASCII_BYTES = bytes(range(128))
UPDATE_KEYS = ("updated", "lastmod", "last_modified", "modified", "revised", "update")  # in front matter


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
    date: str  # of the last change: ISO 8601, as precise as known; empty if not known


def fingerprint(document: Document) -> Fingerprint:
    """Return the fingerprint of `document`."""
    text = without_url_queries(document.text)
    points = normalized_code_points(text)
    words, grams = words_from_code_points(points), shingle_hashes(points[points > SPACE_CODE])
    repairs = sum(change.step == "repair" for change in document.changes)
    still_mojibake = is_mojibake(document.text)
    lost = document.text.count(REPLACEMENT) + sum(bool(change.alternatives) for change in document.changes)
    damaged = bool(repairs or lost or still_mojibake)
    unrepaired = document.text_after(()) if damaged else ""
    minhash = np.concatenate([minhash_signature(grams), skeleton_signature(text)])
    keys = band_keys(minhash)[0 if len(words) >= SHORT_TEXT_CHARACTERS else PERMUTATIONS // BAND_VALUES :]
    return Fingerprint(
        document.path,
        document.meta.sha256,
        text_digest(
            document.text, words, document.meta.title, document.meta.language, unrepaired, source_text(document)
        ),
        keys.tobytes(),
        minhash.astype(np.uint8).tobytes(),
        passage_rows(points, grams).tobytes(),
        page_key(document.meta.source_url),
        damaged,
        (len(document.text) if still_mojibake else lost, repairs, -url_recency(document.meta.source_url)),
        last_change(document),
    )


def source_text(document: Document) -> str:
    """Return the text as found, if cleaning changed characters outside ASCII; else an empty string."""
    if all(change.before.isascii() and change.after.isascii() for change in document.changes):
        return ""
    found = document.text_after(())
    same = _non_ascii_bytes(found) == _non_ascii_bytes(document.text)
    return "" if same else found


def _non_ascii_bytes(text: str) -> bytes:
    """Return the characters outside ASCII of a text in UTF-8."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII_BYTES)


def last_change(document: Document) -> str:
    """Return the date of a document's last change, else its date, in ISO 8601; empty if neither is known."""
    fields = dict(document.meta.extra)
    dates = [date_in(str(fields[key])) for key in UPDATE_KEYS if isinstance(fields.get(key), str | date)]
    return max([document.meta.date, *dates])
