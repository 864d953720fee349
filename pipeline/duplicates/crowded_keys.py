"""Keys that very many texts share: each text is compared with the first of them only, so that the cost is linear.

Posts made from one template share keys by the thousand: comparing all with all would take hours. Copies that are more
similar than the template share other keys too, which few texts have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

import numpy as np

from pipeline.duplicates.index_tables import BY_SIMILARITY

MOST_TEXTS_PER_KEY = 32  # the fullest key of 700 posts of ../shared/corpus has 18
Pair = tuple[int, int]  # the numbers of two texts


class CrowdedKeys:
    """The keys with more than MOST_TEXTS_PER_KEY texts, each with the digest of the last of its first texts.

    The first texts are those with the smallest digests: they depend only on the documents.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `INDEX_SCHEMA`, and the table `fresh` of the keys to be compared."""
        self.db = db
        self.last: dict[int, bytes] = dict(db.execute("SELECT key, last FROM crowded"))

    def pairs_after_removal(self, keys: Collection[int]) -> list[Pair]:
        """Return the pairs to compare because texts with some keys are gone: others are the first ones now."""
        found: list[Pair] = []
        for key in sorted(self.last.keys() & keys):
            texts, before = self._texts(key), self.last[key]
            if len(texts) <= MOST_TEXTS_PER_KEY:
                del self.last[key]
                self.db.execute("DELETE FROM crowded WHERE key = ?", (key,))
                found += combinations((number for _, number in texts), 2)
            else:
                self._store(key, texts)
                new = {number for digest, number in texts[:MOST_TEXTS_PER_KEY] if digest > before}
                found += _pairs_of(new, texts)
        return found

    def pairs_after_adding(self, fresh: set[int]) -> list[Pair]:
        """Return the pairs to compare because the texts `fresh` are new; forget the results that no longer count."""
        query = "SELECT key FROM keys WHERE key IN (SELECT key FROM fresh) GROUP BY key HAVING count(*) > ?"
        found: set[Pair] = set()
        for (key,) in self.db.execute(query, (MOST_TEXTS_PER_KEY,)).fetchall():
            texts, before = self._texts(key), self.last.get(key)
            self._store(key, texts)
            first = {number for _, number in texts[:MOST_TEXTS_PER_KEY]}
            found.update(_pairs_of(first & fresh, texts))
            found.update(_pairs_of(first, [text for text in texts if text[1] in fresh]))
            if self.last[key] != before:
                self._forget_results(key)
        return sorted(found)

    def _texts(self, key: int) -> list[tuple[bytes, int]]:
        """Return the digests and numbers of the texts with a key, in order."""
        query = "SELECT text, id FROM keys JOIN texts USING (id) WHERE key = ? ORDER BY text"
        return self.db.execute(query, (key,)).fetchall()

    def _store(self, key: int, texts: list[tuple[bytes, int]]) -> None:
        self.last[key] = texts[MOST_TEXTS_PER_KEY - 1][0]
        self.db.execute("INSERT OR REPLACE INTO crowded VALUES (?, ?)", (key, self.last[key]))

    def _forget_results(self, key: int) -> None:
        """Delete the results of comparisons by a key that would not be made any more."""
        below = "(SELECT id FROM keys WHERE key = ?)"
        query = f"SELECT one, other FROM pairs WHERE by = ? AND one IN {below} AND other IN {below}"  # noqa: S608 - ours
        gone = [pair for pair in self.db.execute(query, (BY_SIMILARITY, key, key)).fetchall() if not self._meet(*pair)]
        self.db.executemany(f"DELETE FROM pairs WHERE one = ? AND other = ? AND by = '{BY_SIMILARITY}'", gone)  # noqa: S608 - ours

    def _meet(self, one: int, other: int) -> bool:
        """Return whether two texts are compared because of a key that they share."""
        query = "SELECT text, keys FROM texts WHERE id IN (?, ?)"
        rows = self.db.execute(query, (one, other)).fetchall()
        shared = set.intersection(*(set(np.frombuffer(keys, np.int64).tolist()) for _, keys in rows))
        first = min(digest for digest, _ in rows)
        return any(key not in self.last or first <= self.last[key] for key in shared)


def _pairs_of(numbers: Iterable[int], texts: Collection[tuple[bytes, int]]) -> Iterator[Pair]:
    """Yield the pairs of each of `numbers` with each of `texts`, the larger number first."""
    for one in numbers:
        for _, other in texts:
            if one != other:
                yield max(one, other), min(one, other)
