"""The tables of decisions in the state: what is open in each document, which decisions it obeys, which changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pipeline.decisions.decision import Decision
from pipeline.decisions.item_tables import TABLES_OF_DOCUMENT
from pipeline.store.sample_tables import replace_rows


@dataclass(frozen=True, slots=True)
class DecisionRows:
    """What the state stores about the decisions on a document.

    `items` are open: id, confidence, line, pair, kind, packed OpenItem. `rules` are the keys of their pairs and kinds.
    `obeyed` are the keys of the decisions that the document obeys. `bits` is the filter of its text.
    """

    items: tuple[tuple[str, float, int, str, str, bytes], ...] = ()
    rules: tuple[str, ...] = ()
    obeyed: tuple[str, ...] = ()
    bits: bytes = b""


NO_DECISION_ROWS = DecisionRows()


class DecisionTables:
    """The tables of decisions, in the state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def put(self, path: str, rows: DecisionRows) -> None:
        """Store the rows of a document."""
        replace_rows(self.db, "open_items", path, [(path, *item) for item in rows.items])
        replace_rows(self.db, "rule_keys", path, [(key, path) for key in rows.rules])
        replace_rows(self.db, "applied", path, [(key, path) for key in rows.obeyed])
        replace_rows(self.db, "text_filters", path, [(path, rows.bits)] if rows.bits else [])

    def forget(self, path: str) -> None:
        """Delete the rows of a document that is gone."""
        for table in TABLES_OF_DOCUMENT:
            self.db.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608 - ours

    def learn(self, decisions: Mapping[str, Decision]) -> list[Decision]:
        """Store the decisions that count; return those that are new, changed or withdrawn since the last run."""
        new = {key: msgspec.json.encode(one) for key, one in decisions.items()}
        old = dict(self.db.execute("SELECT key, decision FROM decisions").fetchall())
        changed = [key for key in sorted(new.keys() | old) if new.get(key) != old.get(key)]
        for key in changed:
            self.db.execute("DELETE FROM decisions WHERE key = ?", (key,))
            if key in new:
                self.db.execute("INSERT INTO decisions VALUES (?, ?)", (key, new[key]))
        versions = [packed for key in changed for packed in (old.get(key), new.get(key)) if packed]
        return [msgspec.json.decode(packed, type=Decision) for packed in versions]

    def filters(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and text filter of each document that has a text."""
        yield from self.db.execute("SELECT path, bits FROM text_filters ORDER BY path").fetchall()

    def with_keys(self, keys: Iterable[str]) -> set[str]:
        """Return the documents that have the pairs or kinds with these keys, or obey the decisions with them."""
        paths: set[str] = set()
        for key in keys:
            query = "SELECT path FROM rule_keys WHERE key = ?1 UNION SELECT path FROM applied WHERE key = ?1"
            paths.update(path for (path,) in self.db.execute(query, (key,)))
        return paths

    def named(self, decisions: Sequence[Decision]) -> dict[str, list[str]]:
        """Return by key the documents that decisions name: with the same path or bytes; the same path first."""
        wanted: dict[str, list[Decision]] = {}
        for one in decisions:
            for name in {one.document, one.sha256} - {""}:
                wanted.setdefault(name, []).append(one)
        found: dict[str, list[str]] = {}
        if not wanted:
            return found
        for path, sha256 in self.db.execute("SELECT path, sha256 FROM documents ORDER BY path"):
            for one in wanted.get(path, ()):
                found.setdefault(one.key, []).insert(0, path)
            for one in wanted.get(sha256, ()):
                if path != one.document:
                    found.setdefault(one.key, []).append(path)
        return found

    def keep(self, found: Mapping[str, tuple[str, int]]) -> set[str]:
        """Store the documents to keep of their duplicates: path and rank by key; return the paths that changed."""
        new = {(key, *one) for key, one in found.items()}
        old = set(self.db.execute("SELECT key, path, place FROM kept"))
        if old != new:  # a statement without rows would count as writing, too
            self.db.executemany("DELETE FROM kept WHERE key = ?", ((key,) for key, _, _ in old - new))
            self.db.executemany("INSERT INTO kept VALUES (?, ?, ?)", sorted(new - old))
        return {path for _, path, _ in old ^ new}

    def kept(self) -> dict[str, int]:
        """Return the documents to keep of their duplicates, by path, with their ranks."""
        return dict(self.db.execute("SELECT path, min(place) FROM kept GROUP BY path").fetchall())

    def counts(self) -> tuple[int, int]:
        """Return how many decisions documents obey, and how many items are open."""
        obeyed = self.db.execute(
            "SELECT count(*) FROM (SELECT key FROM applied UNION SELECT key FROM kept)"
        ).fetchone()[0]
        return int(obeyed), int(self.db.execute("SELECT count(*) FROM open_items").fetchone()[0])

    def outdated(self) -> list[Decision]:
        """Return the decisions that no document obeys; rules about pairs and kinds wait for new posts."""
        obeyed = "SELECT key FROM applied UNION SELECT key FROM kept"
        query = f"SELECT decision FROM decisions WHERE key NOT IN ({obeyed}) ORDER BY key"  # noqa: S608 - ours
        found = [msgspec.json.decode(packed, type=Decision) for (packed,) in self.db.execute(query)]
        return [one for one in found if one.scope == "here"]
