"""Planned outputs -> files: missing and outdated files are written, files that are no longer planned are removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from pipeline.read.folder import source_stamp
from pipeline.store.archive_state import ArchiveState
from pipeline.store.atomic import PARTIAL_FOLDER, atomic_file, remove_partial_files
from pipeline.store.output_list import OutputList, is_safe_output_name, sha256_of_file

CLEAN_ROOT = "."  # the root folder clean/, as the state names it


def file_stamp(path: Path) -> str:
    """Return the stamp of a file (size and times); empty if it does not exist."""
    try:
        return source_stamp(path.stat())
    except (OSError, ValueError):
        return ""


class _OutputRow(NamedTuple):
    """The row of an output in the state."""

    key: str
    stamp: str
    sha256: str
    problem: str


class OutputLedger:
    """The files of clean/ and out/. With `check`, nothing is written: `written` and `removed` list what would change.

    A file of out/ that somebody edited is written again. A text in clean/ that somebody edited is first saved under
    another name, which `edited` lists.
    """

    def __init__(self, state: ArchiveState, clean: Path, out: Path, *, check: bool = False) -> None:
        """Manage the files that `state` or the lists in both folders name as ours, and no others."""
        self.state, self.check = state, check
        self.roots = {CLEAN_ROOT: clean, os.path.relpath(out, clean): out}
        self.ledgers = {root: OutputList(folder) for root, folder in self.roots.items()}
        self.written: list[str] = []
        self.removed: list[str] = []
        self.edited: list[str] = []
        self.sweep()
        if not state.fact("made"):
            self._recall()

    def fresh(self, path: Path, key: str) -> bool:
        """Plan `path`; return whether it is up to date: made from `key` and unchanged, or known to fail with `key`.

        With an empty key it is never up to date.
        """
        row = self._row(path)
        if row is None or not key or row.key != key or not (row.problem or self._untouched(path, row)):
            return False
        self.keep(path)
        return True

    def problem(self, path: Path) -> str:
        """Return why `path` could not be made at the last attempt; empty if it could."""
        row = self._row(path)
        return row.problem if row else ""

    def problems(self, out: Path, places: tuple[str, ...]) -> list[str]:
        """Return the distinct problems of files below `out` whose names start with one of `places`."""
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
        """Open a file that replaces `path`, planned under `key`, when the block ends without an exception."""
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
            with atomic_file(self.roots[root], path, before) as file:
                yield file
        self._record(path, _OutputRow(key, file_stamp(path), "".join(digests), ""))
        self.written.append(self._shown(root, name))

    @contextmanager
    def replacing_again(self, path: Path) -> Iterator[BinaryIO]:
        """Open a file that replaces `path` when the block ends without an exception; its key stays the same."""
        row = self._row(path)
        with self.replacing(path, row.key if row else "") as file:
            yield file

    def fail(self, path: Path, key: str, problem: str) -> None:
        """Store why `path` cannot be made from `key`, and remove the old file."""
        self._unlink(*self._place(path))
        self._record(path, _OutputRow(key, "", "", problem))

    def keep(self, path: Path) -> None:
        """Plan `path` unchanged, if it exists."""
        query = "UPDATE outputs SET run = ? WHERE root = ? AND name = ?"
        self.state.db.execute(query, (self.state.run, *self._place(path)))

    def keep_all(self, out: Path, places: tuple[str, ...]) -> None:
        """Plan every file below `out` whose name starts with one of `places`, unchanged."""
        root, _ = self._place(out / "x")
        names = self.state.db.execute("SELECT name FROM outputs WHERE root = ?", (root,)).fetchall()
        for (name,) in names:
            if name.startswith(places):
                self.keep(out / name)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for temporary files, which the next run cleans up after a kill; a check uses the system's."""
        if self.check:
            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder)
        else:
            yield self.roots[CLEAN_ROOT] / PARTIAL_FOLDER

    def clear(self) -> None:
        """Remove the files that this run did not plan."""
        for root in self.roots:
            query = "SELECT name FROM outputs WHERE root = ? AND run <> ?"
            for (name,) in self.state.db.execute(query, (root, self.state.run)).fetchall():
                self._unlink(root, name)
                self.state.db.execute("DELETE FROM outputs WHERE root = ? AND name = ?", (root, name))

    def renew_ledgers(self) -> None:
        """Write each list again that changed since it was last written, or is missing."""
        for root, ledger in () if self.check else self.ledgers.items():
            fact, now = f"ledger {root}", file_stamp(ledger.file)
            if not now or now != self.state.fact(fact):
                query = "SELECT name, sha256 FROM outputs WHERE root = ? AND problem = '' ORDER BY name"
                ledger.renew(self.state.db.execute(query, (root,)))
                self.state.learn(fact, file_stamp(ledger.file))

    def sweep(self) -> None:
        """Remove the temporary files of interrupted writes."""
        if not self.check:
            for folder in self.roots.values():
                remove_partial_files(folder)

    def intact(self) -> bool:
        """Return whether every file is as it was written."""
        return all(
            self._untouched(self.roots[root] / name, _OutputRow("", known, digest, ""))
            for root in self.roots
            for name, known, digest in self.state.db.execute(
                "SELECT name, stamp, sha256 FROM outputs WHERE problem = '' AND root = ?", (root,)
            )
        )

    def _untouched(self, path: Path, row: _OutputRow) -> bool:
        """Return whether a file is as it was written; if only its times differ, store the new ones."""
        now = file_stamp(path)
        if now == row.stamp:
            return bool(now)
        if not now or sha256_of_file(path) != row.sha256:
            return False
        query = "UPDATE outputs SET stamp = ? WHERE root = ? AND name = ?"
        self.state.db.execute(query, (now, *self._place(path)))
        return True

    def _recall(self) -> None:
        """Add the files in the lists that the state does not know, because it was lost or a run was killed."""
        for root, ledger in self.ledgers.items():
            rows = ((root, name, "", "", digest, "", 0) for name, digest in ledger.lines())
            self.state.db.executemany("INSERT OR IGNORE INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _unlink(self, root: str, name: str) -> None:
        """Remove a file that we wrote; never one outside its folder, nor a listed one with other bytes."""
        folder = self.roots[root]
        path = folder / name
        if (
            not is_safe_output_name(name)
            or not path.parent.resolve().is_relative_to(folder.resolve())
            or not path.is_file()
        ):
            return
        row = self._row(path)
        if row and not row.key and (name, sha256_of_file(path)) not in self.ledgers[root].known:
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
        """Rename a text in clean/ that somebody edited, so that the edit is not lost.

        `new` is the SHA-256 of the bytes that will replace it; a file that has them already is no edit.
        """
        root, name = self._place(path)
        row = self._row(path)
        if root != CLEAN_ROOT or path.suffix != ".md" or not path.is_file() or (row and row.stamp == file_stamp(path)):
            return
        digest = sha256_of_file(path)
        if digest == new or (row and row.sha256 == digest) or (name, digest) in self.ledgers[root].known:
            return
        names = (path.with_name(f"{path.stem}.edited{f'-{at}' if at > 1 else ''}.md") for at in count(1))
        free = next(one for one in names if not one.exists() or sha256_of_file(one) == digest)
        self.edited.append(PurePosixPath(name).with_name(free.name).as_posix())
        if not self.check:
            path.replace(free)

    def _record(self, path: Path, row: _OutputRow) -> None:
        values = (*self._place(path), *row, self.state.run)
        self.state.db.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def _row(self, path: Path) -> _OutputRow | None:
        query = "SELECT key, stamp, sha256, problem FROM outputs WHERE root = ? AND name = ?"
        row = self.state.db.execute(query, self._place(path)).fetchone()
        return _OutputRow(*row) if row else None

    def _place(self, path: Path) -> tuple[str, str]:
        """Return the root folder of a path, as the state names it, and the name below it."""
        root = next(root for root, folder in self.roots.items() if path.is_relative_to(folder))
        return root, path.relative_to(self.roots[root]).as_posix()

    def _shown(self, root: str, name: str) -> str:
        """Return a file's path relative to clean/."""
        return name if root == CLEAN_ROOT else f"{root}/{name}"
