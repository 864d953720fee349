"""The tables of links between documents: the names of documents, the names that links look up, the edges."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.store.packing import name_hash

if TYPE_CHECKING:
    from pipeline.citations.post_graph import Edge

_CLEANED = "kind = 'cleaned'"
_LISTED = f"{_CLEANED} AND problem IS NULL"  # documents that links may lead to
_IN_GRAPH = f"{_LISTED} AND duplicate_of IS NULL"
_HAS_EDGE = (
    "EXISTS (SELECT 1 FROM edges WHERE edges.path = documents.path AND +kind = 'post') "  # + means: no index of kinds
    "OR EXISTS (SELECT 1 FROM edges WHERE kind = 'post' AND target = documents.path)"
)


class LinkTables:
    """The links of an archive, in its state database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work in `db`, which has the tables of `schema`."""
        self.db = db

    def put(self, path: str, homes: Iterable[str], wants: Iterable[str]) -> None:
        """Store the names of a document, and the names that its links look up; write only what changed."""
        names, looked_up = sorted(set(homes)), sorted({name_hash(name) for name in wants})
        old = self.db.execute("SELECT name FROM homes WHERE path = ? ORDER BY name", (path,)).fetchall()
        if [name for (name,) in old] != names:
            self.db.execute("DELETE FROM homes WHERE path = ?", (path,))
            self.db.executemany("INSERT INTO homes VALUES (?, ?, ?)", ((one, path, name_hash(one)) for one in names))
        old = self.db.execute("SELECT hash FROM wants WHERE path = ? ORDER BY hash", (path,)).fetchall()
        if [hashed for (hashed,) in old] != looked_up:
            self.db.execute("DELETE FROM wants WHERE path = ?", (path,))
            self.db.executemany("INSERT INTO wants VALUES (?, ?)", ((hashed, path) for hashed in looked_up))

    def home(self, name: str) -> PurePosixPath | None:
        """Return the path of the kept document that a name leads to; a name of two documents belongs to the first."""
        return self._first_home(name, _LISTED)

    def home_before_books(self, name: str) -> PurePosixPath | None:
        """Return the same, even if the books of that document failed: while books are made, this is not known."""
        return self._first_home(name, _CLEANED)

    def _first_home(self, name: str, condition: str) -> PurePosixPath | None:
        query = (
            "SELECT coalesce(duplicate_of, documents.path) FROM homes JOIN documents USING (path) "  # noqa: S608 - ours
            f"WHERE homes.name = ? AND {condition} ORDER BY homes.path LIMIT 1"
        )
        row = self.db.execute(query, (name,)).fetchone()
        return PurePosixPath(row[0]) if row else None

    def url(self, path: PurePosixPath) -> str:
        """Return the canonical source URL of a document; empty if it is not known."""
        row = self.db.execute("SELECT url FROM documents WHERE path = ?", (str(path),)).fetchone()
        return str(row[0]) if row else ""

    def put_edges(self, path: str, edges: Sequence[Edge]) -> set[str]:
        """Store the edges of a document; return the posts that start or cease to be the target of one."""
        query = "SELECT at, kind, target, times FROM edges WHERE path = ? ORDER BY at"
        old = self.db.execute(query, (path,)).fetchall()
        new = [(at, edge.kind, edge.to, edge.times) for at, edge in enumerate(edges)]
        if old != new:
            self.db.execute("DELETE FROM edges WHERE path = ?", (path,))
            self.db.executemany("INSERT INTO edges VALUES (?, ?, ?, ?, ?)", ((path, *row) for row in new))
        before, after = ({target for _, kind, target, _ in rows if kind == "post"} for rows in (old, new))
        return before ^ after

    def edges(self, path: str) -> Iterator[Edge]:
        """Yield the edges of the document at `path`, in order."""
        from pipeline.citations.post_graph import Edge  # noqa: PLC0415 - a run without changes does not need it

        query = "SELECT target, kind, times FROM edges WHERE path = ? ORDER BY at"
        for target, kind, times in self.db.execute(query, (path,)):
            yield Edge(PurePosixPath(path), target, kind, times)

    def node(self, path: str) -> tuple[str, str, bool] | None:
        """Return title, URL, and whether it has no edges to other posts, of a document in the graph; else None."""
        query = f"SELECT title, url, {_HAS_EDGE} FROM documents WHERE path = ? AND {_IN_GRAPH}"  # noqa: S608 - ours
        row = self.db.execute(query, (path,)).fetchone()
        return (row[0], row[1], not row[2]) if row else None

    def orphans(self, most: int) -> tuple[list[str], int]:
        """Return the first `most` documents of the graph without edges to other posts, and the number of all."""
        some = f"FROM documents WHERE {_IN_GRAPH} AND NOT ({_HAS_EDGE})"
        first = self.db.execute(f"SELECT path {some} ORDER BY path LIMIT ?", (most,))
        number = self.db.execute(f"SELECT count(*) {some}").fetchone()[0]
        return [path for (path,) in first], int(number)

    def sites(self) -> Iterator[str]:
        """Yield the hosts that posts link to, in alphabetical order."""
        for (host,) in self.db.execute("SELECT DISTINCT target FROM edges WHERE kind = 'site' ORDER BY target"):
            yield host

    def shared_sites(self, most: int) -> list[tuple[str, int]]:
        """Return the hosts that most posts link to, with the number of these posts, if there are several."""
        query = (
            "SELECT target, count(*) AS posts FROM edges WHERE kind = 'site' GROUP BY target "
            "HAVING posts > 1 ORDER BY posts DESC, target LIMIT ?"
        )
        return [(host, count) for host, count in self.db.execute(query, (most,))]
