"""Planned outputs -> files: written where they are not as planned, removed where nothing plans them any more."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from pipeline.read.folder import stamp
from pipeline.store.atomic import PARTIAL, replacing, sweep
from pipeline.store.database import Database
from pipeline.store.output_list import OutputList, digest_of, is_safe

IN_CLEAN = "."  # the root of what is in clean/, as the state names it


def stamp_of(path: Path) -> str:
    """Return the stamp of a file, empty if there is none."""
    try:
        return stamp(path.stat())
    except (OSError, ValueError):
        return ""


class _Row(NamedTuple):
    """What the state knows of an output."""

    key: str
    stamp: str
    sha256: str
    problem: str


class OutputLedger:
    """The files of clean/ and out/. With `check`, nothing is written: `written` and `removed` tell what would be.

    Files of out/ that somebody edited are written again. Text in clean/ that somebody edited is kept beside, and
    `edited` lists it.
    """

    def __init__(self, state: Database, clean: Path, out: Path, *, check: bool = False) -> None:
        """Take charge of the files that `state` says were written, and the lists in both folders; of no others."""
        self.state, self.check = state, check
        self.roots = {IN_CLEAN: clean, os.path.relpath(out, clean): out}
        self.ledgers = {root: OutputList(folder) for root, folder in self.roots.items()}
        self.written: list[str] = []
        self.removed: list[str] = []
        self.edited: list[str] = []
        self.sweep()
        if not state.fact("made"):
            self._recall()

    def fresh(self, path: Path, key: str) -> bool:
        """Plan `path`; return whether it is there, made from `key` and not changed since, or is known to fail.

        An empty key is never fresh.
        """
        row = self._row(path)
        if row is None or not key or row.key != key or not (row.problem or self._untouched(path, row)):
            return False
        self.keep(path)
        return True

    def problem(self, path: Path) -> str:
        """Return why `path` could not be made when it was last tried; empty if it could."""
        row = self._row(path)
        return row.problem if row else ""

    def problems(self, out: Path, places: tuple[str, ...]) -> list[str]:
        """Return why files below `out` whose names begin like one of `places` could not be made, each once."""
        root, _ = self._place(out / "x")
        query = "SELECT name, problem FROM outputs WHERE problem <> '' AND root = ? ORDER BY name"
        rows = self.state.db.execute(query, (root,))
        return list(dict.fromkeys(problem for name, problem in rows if name.startswith(places)))

    def put(self, path: Path, key: str, data: bytes) -> None:
        """Write `data` to `path`, planned under `key`."""
        with self.replacing(path, key) as file:
            file.write(data)

    @contextmanager
    def replacing(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Open a file that takes the place of `path`, planned under `key`, when the block ends well."""
        root, name = self._place(path)
        digests: list[str] = []

        def before(digest: str) -> None:
            self._save_edit(path, digest)
            self.ledgers[root].add(name, digest)
            digests.append(digest)

        if self.check:
            self._save_edit(path)
            yield BytesIO()
        else:
            with replacing(self.roots[root], path, before) as file:
                yield file
        self._record(path, _Row(key, stamp_of(path), "".join(digests), ""))
        self.written.append(self._shown(root, name))

    @contextmanager
    def replacing_again(self, path: Path) -> Iterator[BinaryIO]:
        """Open a file that takes the place of `path` when the block ends well, and stays planned as that was."""
        row = self._row(path)
        with self.replacing(path, row.key if row else "") as file:
            yield file

    def fail(self, path: Path, key: str, problem: str) -> None:
        """Keep that `path` cannot be made from `key`, and why; an older file of that name goes."""
        self._unlink(*self._place(path))
        self._record(path, _Row(key, "", "", problem))

    def keep(self, path: Path) -> None:
        """Plan `path` as it is, if there is one."""
        query = "UPDATE outputs SET run = ? WHERE root = ? AND name = ?"
        self.state.db.execute(query, (self.state.run, *self._place(path)))

    def keep_all(self, out: Path, places: tuple[str, ...]) -> None:
        """Plan every file below `out` whose name begins like one of `places` as it is."""
        root, _ = self._place(out / "x")
        names = self.state.db.execute("SELECT name FROM outputs WHERE root = ?", (root,)).fetchall()
        for (name,) in names:
            if name.startswith(places):
                self.keep(out / name)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder for temporary files: where the next run finds them after a kill; elsewhere for a check."""
        if self.check:
            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder)
        else:
            yield self.roots[IN_CLEAN] / PARTIAL

    def clear(self) -> None:
        """Remove the files that no plan of this run named."""
        for root in self.roots:
            query = "SELECT name FROM outputs WHERE root = ? AND run <> ?"
            for (name,) in self.state.db.execute(query, (root, self.state.run)).fetchall():
                self._unlink(root, name)
                self.state.db.execute("DELETE FROM outputs WHERE root = ? AND name = ?", (root, name))

    def renew_ledgers(self) -> None:
        """Write each list again that is not as it was last written: files were added to it, or somebody lost it."""
        for root, ledger in () if self.check else self.ledgers.items():
            fact, now = f"ledger {root}", stamp_of(ledger.file)
            if not now or now != self.state.fact(fact):
                query = "SELECT name, sha256 FROM outputs WHERE root = ? AND problem = '' ORDER BY name"
                ledger.renew(self.state.db.execute(query, (root,)))
                self.state.learn(fact, stamp_of(ledger.file))

    def sweep(self) -> None:
        """Remove what interrupted writes left."""
        if not self.check:
            for folder in self.roots.values():
                sweep(folder)

    def intact(self) -> bool:
        """Tell whether every file is as it was written."""
        return all(
            self._untouched(self.roots[root] / name, _Row("", known, digest, ""))
            for root in self.roots
            for name, known, digest in self.state.db.execute(
                "SELECT name, stamp, sha256 FROM outputs WHERE problem = '' AND root = ?", (root,)
            )
        )

    def _untouched(self, path: Path, row: _Row) -> bool:
        """Tell whether a file is as it was written; where only its times are others, keep these."""
        now = stamp_of(path)
        if now == row.stamp:
            return bool(now)
        if not now or digest_of(path) != row.sha256:
            return False
        query = "UPDATE outputs SET stamp = ? WHERE root = ? AND name = ?"
        self.state.db.execute(query, (now, *self._place(path)))
        return True

    def _recall(self) -> None:
        """Take in what the lists say was written and the state does not know: it was lost, or a run was killed."""
        for root, ledger in self.ledgers.items():
            rows = ((root, name, "", "", digest, "", 0) for name, digest in ledger.lines())
            self.state.db.executemany("INSERT OR IGNORE INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _unlink(self, root: str, name: str) -> None:
        """Remove a file that we wrote; never one outside its folder, nor one that only a list calls ours."""
        folder = self.roots[root]
        path = folder / name
        if not is_safe(name) or not path.parent.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            return
        row = self._row(path)
        if row and not row.key and (name, digest_of(path)) not in self.ledgers[root].known:
            return
        self.removed.append(self._shown(root, name))
        self._save_edit(path)
        if self.check:
            return
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()

    def _save_edit(self, path: Path, new: str = "") -> None:
        """Move aside a text in clean/ that is not as we wrote it, nor as it is to be: what somebody wrote is not lost.

        `new` is the SHA-256 of what is about to take its place.
        """
        root, name = self._place(path)
        row = self._row(path)
        if root != IN_CLEAN or path.suffix != ".md" or not path.is_file() or (row and row.stamp == stamp_of(path)):
            return
        digest = digest_of(path)
        if digest == new or (row and row.sha256 == digest) or (name, digest) in self.ledgers[root].known:
            return
        names = (path.with_name(f"{path.stem}.edited{f'-{at}' if at > 1 else ''}.md") for at in count(1))
        free = next(one for one in names if not one.exists() or digest_of(one) == digest)
        self.edited.append(PurePosixPath(name).with_name(free.name).as_posix())
        if not self.check:
            path.replace(free)

    def _record(self, path: Path, row: _Row) -> None:
        values = (*self._place(path), *row, self.state.run)
        self.state.db.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def _row(self, path: Path) -> _Row | None:
        query = "SELECT key, stamp, sha256, problem FROM outputs WHERE root = ? AND name = ?"
        row = self.state.db.execute(query, self._place(path)).fetchone()
        return _Row(*row) if row else None

    def _place(self, path: Path) -> tuple[str, str]:
        """Return the root of a path, as the state names it, and its name below that."""
        root = next(root for root, folder in self.roots.items() if path.is_relative_to(folder))
        return root, path.relative_to(self.roots[root]).as_posix()

    def _shown(self, root: str, name: str) -> str:
        """Return a file's path relative to clean/, for the report."""
        return name if root == IN_CLEAN else f"{root}/{name}"
