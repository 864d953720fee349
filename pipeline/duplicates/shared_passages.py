"""Text -> hashes of its paragraphs; documents -> the paragraphs they share without being duplicates."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from pipeline.document import DocumentLine, SharedPassage
from pipeline.duplicates.index_tables import MOST_LISTED_PLACES
from pipeline.duplicates.minhash import MINHASH_SHINGLE, Hashes
from pipeline.duplicates.word_normalization import NEWLINE_CODE, SPACE_CODE, CodePoints

LEAST_PASSAGE_BYTES = (
    120  # bytes of UTF-8 without spaces and punctuation: about 20 English words or 40 Chinese characters
)
UTF8_LAST_CODE_POINTS = (0x7F, 0x7FF, 0xFFFF)  # the last code points that take one, two and three bytes

PassageRows = npt.NDArray[np.int64]  # shape (paragraphs, 3): hash, line (from 1), characters


def passage_rows(points: CodePoints, shingles: Hashes) -> PassageRows:
    """Return the paragraphs of at least LEAST bytes, in order.

    A line without word characters ends a paragraph, so a quoted paragraph has the same hash. `shingles` are the hashes
    of all word characters; a paragraph's hash is the sum of its shingles.
    """
    in_words = points > SPACE_CODE
    size = in_words.astype(np.uint8)  # in UTF-8
    for last in UTF8_LAST_CODE_POINTS:
        size += points > last
    starts = np.flatnonzero(points == NEWLINE_CODE)
    each = (np.add.reduceat(of, starts, dtype=np.int64).tolist() for of in (in_words, size))
    rows = []
    first = start = end = total = 0
    for line, (characters, sizes) in enumerate((*zip(*each, strict=True), (0, 0)), 1):
        if characters:
            first, start = (first, start) if total else (line, end)
            end, total = end + characters, total + sizes
        else:
            if total >= LEAST_PASSAGE_BYTES:
                rows.append((start, first, end - start))
            total = 0
    made = np.array(rows, np.int64).reshape(-1, 3)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(shingles)])  # modulo 2 ** 64, as their differences
    begins, ends = made[:, 0], made[:, 0] + made[:, 2] - MINHASH_SHINGLE + 1
    made[:, 0] = (sums[ends] - sums[begins]).view(np.int64)
    return made


def unpack_passages(rows: bytes) -> list[tuple[int, int, int]]:
    """Return hash, line and length of each paragraph, from the bytes of what `passage_rows` returned."""
    return [(value, line, length) for value, line, length in np.frombuffer(rows, np.int64).reshape(-1, 3).tolist()]


def find_shared_passages(
    db: sqlite3.Connection, path: PurePosixPath, kept: Callable[[PurePosixPath], bool]
) -> Iterator[SharedPassage]:
    """Yield the paragraphs of a document that other documents also have, character for character, in order.

    `kept` returns whether another document counts: duplicates do not, they share every paragraph.
    """
    row = db.execute("SELECT passages FROM members WHERE path = ?", (str(path),)).fetchone()
    own = unpack_passages(row[0]) if row else []
    query = (
        "SELECT value FROM json_each(?) "
        "WHERE EXISTS (SELECT 1 FROM passages WHERE passages.hash = value AND passages.path <> ?)"
    )
    elsewhere = {value for (value,) in db.execute(query, (str([value for value, _, _ in own]), str(path)))}
    query = "SELECT path, line FROM passages WHERE hash = ? AND path <> ? ORDER BY path"
    for value, line, length in own:
        if value not in elsewhere:
            continue
        places: list[DocumentLine] = []
        for other, at in db.execute(query, (value, str(path))):
            if len(places) > MOST_LISTED_PLACES:
                break
            if kept(PurePosixPath(other)):
                places.append(DocumentLine(PurePosixPath(other), at))
        if places:
            yield SharedPassage(line, length, tuple(places[:MOST_LISTED_PLACES]), more=len(places) > MOST_LISTED_PLACES)
