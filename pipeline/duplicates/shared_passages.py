"""Text -> its paragraphs, each as a number; documents -> the paragraphs that they share without being copies."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from pipeline.document import DocumentLine, SharedPassage
from pipeline.duplicates.minhash import SHINGLE, Hashes
from pipeline.duplicates.word_normalization import NEWLINE, SPACE, Letters

LEAST = 120  # bytes of UTF-8, letters alone: some twenty English words, forty Chinese characters
NAMED = 5  # places; a paragraph that stands in more is what a series begins or ends with
WIDTHS = (0x7F, 0x7FF, 0xFFFF)  # the last code points of one, two and three bytes

Rows = npt.NDArray[np.int64]  # shape (paragraphs, 3): hash, line from 1, letters


def paragraphs(points: Letters, shingles: Hashes) -> Rows:
    """Return the paragraphs that are long enough to be told from others by their letters, in order.

    A line without a letter ends a paragraph, so that one in a quotation is the same. `shingles` are those of the
    letters: a paragraph's hash is the sum of its own.
    """
    told = points > SPACE
    size = told.astype(np.uint8)  # in UTF-8
    for last in WIDTHS:
        size += points > last
    starts = np.flatnonzero(points == NEWLINE)
    each = (np.add.reduceat(of, starts, dtype=np.int64).tolist() for of in (told, size))
    rows = []
    first = start = end = total = 0
    for line, (letters, sizes) in enumerate((*zip(*each, strict=True), (0, 0)), 1):
        if letters:
            first, start = (first, start) if total else (line, end)
            end, total = end + letters, total + sizes
        else:
            if total >= LEAST:
                rows.append((int(shingles[start : end - SHINGLE + 1].sum().view(np.int64)), first, end - start))
            total = 0
    return np.array(rows, np.int64).reshape(-1, 3)


def unpacked(rows: bytes) -> list[tuple[int, int, int]]:
    """Return hash, line and letters of each paragraph that `paragraphs` found, from its bytes."""
    return [(value, line, letters) for value, line, letters in np.frombuffer(rows, np.int64).reshape(-1, 3).tolist()]


def shared(
    db: sqlite3.Connection, path: PurePosixPath, kept: Callable[[PurePosixPath], bool]
) -> Iterator[SharedPassage]:
    """Yield the paragraphs of a document that others have as well, letter for letter, in order.

    `kept` tells the documents that count: what repeats another has all its paragraphs.
    """
    row = db.execute("SELECT passages FROM members WHERE path = ?", (str(path),)).fetchone()
    query = "SELECT path, line FROM passages WHERE hash = ? AND path <> ? ORDER BY path"
    for value, line, letters in unpacked(row[0]) if row else ():
        places: list[DocumentLine] = []
        for other, at in db.execute(query, (value, str(path))):
            if len(places) > NAMED:
                break
            if kept(PurePosixPath(other)):
                places.append(DocumentLine(PurePosixPath(other), at))
        if places:
            yield SharedPassage(line, letters, tuple(places[:NAMED]), more=len(places) > NAMED)
