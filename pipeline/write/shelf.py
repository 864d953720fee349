"""Planned outputs -> files: written where they are not as planned, removed where nothing plans them any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pipeline.read.folder import stamp
from pipeline.write.atomic import replacing, sweep
from pipeline.write.state import State


def stamp_of(path: Path) -> str:
    """Return the stamp of a file, empty if there is none."""
    try:
        return stamp(path.stat())
    except OSError:
        return ""


class Shelf:
    """The files of clean/ and out/. With `check`, nothing is written: `written` and `removed` tell what would be."""

    def __init__(self, state: State, clean: Path, out: Path, *, check: bool = False) -> None:
        """Take charge of the files that `state` says were written; of no others."""
        self.state, self.clean, self.out, self.check = state, clean, out, check
        self.written: list[str] = []
        self.removed: list[str] = []
        self.sweep()

    def fresh(self, path: Path, key: str) -> bool:
        """Plan `path`; return whether it stands there, made from `key` and untouched since, or is known to fail."""
        row = self._row(path)
        if row is None or row[0] != key or (not row[2] and row[1] != stamp_of(path)):
            return False
        self.keep(path)
        return True

    def problem(self, path: Path) -> str:
        """Return why `path` could not be made when it was last tried; empty if it could."""
        row = self._row(path)
        return row[2] if row else ""

    def problems(self, *places: str) -> Iterator[str]:
        """Yield why a file of out/ whose path there begins like one of `places` could not be made in this run."""
        starts = tuple(f"{self._name(self.out)}{os.sep}{place}" for place in places)
        query = "SELECT path, problem FROM outputs WHERE problem <> '' AND run = ? ORDER BY path"
        for name, problem in self.state.db.execute(query, (self.state.run,)):
            if name.startswith(starts):
                yield problem

    def put(self, path: Path, key: str, data: bytes) -> None:
        """Write `data` to `path`, planned under `key`."""
        with self.replacing(path, key) as file:
            file.write(data)

    @contextmanager
    def replacing(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Open a file that takes the place of `path`, planned under `key`, when the block ends well."""
        if self.check:
            yield BytesIO()
        else:
            with replacing(self._root(path), path) as file:
                yield file
        self._record(path, key, stamp_of(path), "")
        self.written.append(self._name(path))

    @contextmanager
    def replacing_again(self, path: Path) -> Iterator[BinaryIO]:
        """Open a file that takes the place of `path` when the block ends well, and stays planned as that was."""
        row = self._row(path)
        with self.replacing(path, row[0] if row else "") as file:
            yield file

    def fail(self, path: Path, key: str, problem: str) -> None:
        """Keep that `path` cannot be made from `key`, and why; an older file of that name goes."""
        self._unlink(self._name(path))
        self._record(path, key, "", problem)

    def keep(self, path: Path) -> None:
        """Plan `path` as it stands, if it does."""
        self.state.db.execute("UPDATE outputs SET run = ? WHERE path = ?", (self.state.run, self._name(path)))

    def clear(self) -> None:
        """Remove the files that no plan of this run named, and the folders where files grew."""
        rows = self.state.db.execute("SELECT path FROM outputs WHERE run <> ?", (self.state.run,)).fetchall()
        for (name,) in rows:
            self._unlink(name)
            self.state.db.execute("DELETE FROM outputs WHERE path = ?", (name,))
        self.sweep()

    def sweep(self) -> None:
        """Remove what interrupted writes left."""
        if not self.check:
            sweep(self.clean)
            sweep(self.out)

    def intact(self) -> bool:
        """Tell whether every file stands as it was written."""
        rows = self.state.db.execute("SELECT path, stamp FROM outputs WHERE problem = ''")
        return all(stamp_of(self.clean / name) == known for name, known in rows)

    def _unlink(self, name: str) -> None:
        path = self.clean / name
        if not path.exists():
            return
        self.removed.append(name)
        if self.check:
            return
        path.unlink()
        for folder in (path.parent, *path.parent.parents):
            if folder.resolve() in {self.clean.resolve(), self.out.resolve()} or any(folder.iterdir()):
                break
            folder.rmdir()

    def _record(self, path: Path, key: str, known: str, problem: str) -> None:
        row = (self._name(path), key, known, problem, self.state.run)
        self.state.db.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?)", row)

    def _row(self, path: Path) -> tuple[str, str, str] | None:
        query = "SELECT key, stamp, problem FROM outputs WHERE path = ?"
        row: tuple[str, str, str] | None = self.state.db.execute(query, (self._name(path),)).fetchone()
        return row

    def _name(self, path: Path) -> str:
        return os.path.relpath(path, self.clean)

    def _root(self, path: Path) -> Path:
        return self.clean if path.is_relative_to(self.clean) else self.out
