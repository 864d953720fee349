"""Stored comparisons -> the documents that are similar to one, and are kept although they are similar."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from pipeline.document import SimilarDocument

MOST_LISTED_SIMILAR = 5  # documents; of a series the most similar ones
SIMILAR_QUERY = """
SELECT members.path, pairs.why, pairs.similarity FROM members AS this
JOIN pairs ON pairs.one = this.id OR pairs.other = this.id
JOIN members ON members.id = CASE WHEN pairs.one = this.id THEN pairs.other ELSE pairs.one END
WHERE this.path = ? AND pairs.why <> '' ORDER BY pairs.similarity DESC, members.path, pairs.same, pairs.by
"""


def find_similar_documents(
    db: sqlite3.Connection, path: PurePosixPath, kept: Callable[[PurePosixPath], bool]
) -> Iterator[SimilarDocument]:
    """Yield the documents that are most similar to the one at `path`, the most similar first.

    `kept` returns whether another document counts: duplicates do not.
    """
    seen: set[PurePosixPath] = set()
    for name, why, similarity in db.execute(SIMILAR_QUERY, (str(path),)):
        other = PurePosixPath(name)
        if other not in seen and kept(other):
            seen.add(other)
            yield SimilarDocument(other, why, similarity)
            if len(seen) == MOST_LISTED_SIMILAR:
                return
