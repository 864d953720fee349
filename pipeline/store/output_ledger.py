"""Planned outputs -> files: missing and outdated files are written, files that are no longer planned are removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipeline.read.folder import source_stamp
from pipeline.store.archive_state import ArchiveState
from pipeline.store.atomic import PARTIAL_FOLDER, atomic_file, remove_partial_files, write_group
from pipeline.store.output_list import OutputList, is_safe_output_name, name_for_edit, sha256_of_file
from pipeline.store.output_rows import OutputPlace, OutputRow, OutputRows

CLEAN_ROOT = "."  # the root folder clean/, as the state names it
FILES_PER_GROUP = 128  # files that are written together: their folders are synced once
BYTES_PER_GROUP = 8_000_000  # bytes
MOST_GROWTH = 1.5  # of a list, until it is written again
CHECKED_LINKS = " checked"  # at the end of the key of a record that another command completed


def file_stamp(path: Path | str) -> str:
    """Return the stamp of a file (size and times); empty if it does not exist."""
    try:
        return source_stamp(os.stat(path))  # noqa: PTH116 - a Path takes as long as the call
    except (OSError, ValueError):
        return ""


class OutputLedger:
    """The files of clean/ and out/. With `check`, nothing is written: `written` and `removed` list what would change.

    A file of out/ that somebody edited is written again. A text in clean/ that somebody edited is first saved under
    another name, which `edited` lists. An output belongs to a document, its `owner`, or to none.
    """

    def __init__(self, state: ArchiveState, clean: Path, out: Path, *, check: bool = False) -> None:
        """Manage the files that `state` or the lists in both folders name as ours, and no others."""
        self.state, self.check = state, check
        self.rows = OutputRows(state.db)
        self.roots = {CLEAN_ROOT: clean, os.path.relpath(out, clean): out}
        self.prefixes = {root: "" if str(folder) == "." else f"{folder}/" for root, folder in self.roots.items()}
        self.ledgers = {root: OutputList(folder) for root, folder in self.roots.items()}
        self.planned: set[OutputPlace] = set()
        self.written: list[str] = []
        self.removed: list[str] = []
        self.edited: list[str] = []
        self._waiting: list[tuple[Path, OutputRow, bytes]] = []
        self._waiting_bytes = 0
        self.sweep()
        stamps = {root: file_stamp(one.file) for root, one in self.ledgers.items()}
        self.trusted = {root for root, stamp in stamps.items() if stamp and stamp == state.fact(f"ledger {root}")}
        if not state.fact("made"):
            for root, ledger in self.ledgers.items():  # the state was lost or a run was killed
                self.rows.recall(root, ledger.lines())

    def fresh(self, path: Path, key: str) -> bool:
        """Plan `path`; return whether it is up to date: made from `key` and unchanged, or known to fail with `key`.

        With an empty key it is never up to date.
        """
        place = self.place(path)
        self.planned.add(place)
        row = self.rows.row(place)
        return bool(row and key and row.key == key and (row.problem or self._untouched(place, row)))

    def put(self, path: Path, key: str, data: bytes, owner: str = "") -> None:
        """Write `data` to `path`, planned under `key`; `flush` makes sure that the file is written."""
        self._waiting.append((path, OutputRow(owner, key, "", "", ""), data))
        self._waiting_bytes += len(data)
        if len(self._waiting) >= FILES_PER_GROUP or self._waiting_bytes >= BYTES_PER_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write the files that wait."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        digests: dict[Path, str] = {}
        for path, _, _ in waiting if self.check else ():
            self._save_edit(path)
        for root, folder in () if self.check else self.roots.items():
            files = [(path, data) for path, _, data in waiting if self.place(path)[0] == root]
            if files:
                write_group(folder, files, self._before(digests))
        for path, row, _ in waiting:
            self._record(path, row._replace(sha256=digests.get(path, "")))

    @contextmanager
    def replacing(self, path: Path, key: str, owner: str = "") -> Iterator[BinaryIO]:
        """Open a file that replaces `path`, planned under `key`, when the block ends without an exception."""
        digests: dict[Path, str] = {}
        before = self._before(digests)
        if self.check:
            self._save_edit(path)
            with Path(os.devnull).open("wb") as nowhere:
                yield nowhere
        else:
            with atomic_file(self.roots[self.place(path)[0]], path, lambda digest: before(path, digest)) as file:
                yield file
        self._record(path, OutputRow(owner, key, "", digests.get(path, ""), ""))

    @contextmanager
    def completing(self, path: Path) -> Iterator[BinaryIO]:
        """Open a file that replaces the record at `path` until the archive changes, when the block ends."""
        row = self.rows.row(self.place(path))
        with self.replacing(path, (row.key.removesuffix(CHECKED_LINKS) if row else "") + CHECKED_LINKS) as file:
            yield file

    def fail(self, path: Path, key: str, problem: str, owner: str = "") -> None:
        """Store why `path` cannot be made from `key`, and remove the old file."""
        place = self.place(path)
        self._unlink(place)
        self.planned.add(place)
        row = OutputRow(owner, key, "", "", problem)
        if self.rows.row(place) != row:
            self.rows.record(place, row)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for temporary files, which the next run cleans up after a kill; a check uses the system's."""
        if self.check:
            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder)
        else:
            yield self.roots[CLEAN_ROOT] / PARTIAL_FOLDER

    def clear(self, out: Path, owners: Iterable[str] | None, wanted: Callable[[bool, str], bool]) -> None:
        """Remove the files of some documents, and of none, that this run did not plan; None means of all documents.

        `wanted(below_out, name)` says which files may be removed.
        """
        self.flush()
        of_out, _ = self.place(out / "x")
        listed = None if owners is None else [*owners, ""]
        for root in self.roots:
            for name in self.rows.names(root, listed):
                if (root, name) not in self.planned and wanted(root == of_out, name):
                    self._unlink((root, name))
                    self.rows.delete((root, name))

    def renew_ledgers(self) -> None:
        """Write each list again that somebody else changed, that is missing, or that has many outdated lines."""
        for root, ledger in () if self.check else self.ledgers.items():
            size = int(self.state.fact(f"size of ledger {root}") or 0)
            if root not in self.trusted or ledger.size() > MOST_GROWTH * size:
                ledger.renew(self.rows.written(root))
                self.state.learn(f"size of ledger {root}", str(ledger.size()))
            self.state.learn(f"ledger {root}", file_stamp(ledger.file))

    def sweep(self) -> None:
        """Remove the temporary files of interrupted writes."""
        if not self.check:
            for folder in self.roots.values():
                remove_partial_files(folder)

    def disturbed(self) -> list[str]:
        """Return the owners of the files that are not as they were written; "" for files of no document."""
        places = [
            (root, name)
            for root, prefix in self.prefixes.items()
            for name, stamp in self.rows.stamps(root)
            if file_stamp(prefix + name) != stamp
        ]
        rows = ((place, self.rows.row(place)) for place in places)
        return [row.owner for place, row in rows if row and not self._untouched(place, row)]

    def _untouched(self, place: OutputPlace, row: OutputRow) -> bool:
        """Return whether a file is as it was written; if only its times differ, store the new ones."""
        path = self.prefixes[place[0]] + place[1]
        now = file_stamp(path)
        if not now or now == row.stamp:
            return bool(now)
        if sha256_of_file(Path(path)) != row.sha256:
            return False
        self.rows.restamp(place, now)
        return True

    def _unlink(self, place: OutputPlace) -> None:
        """Remove a file that we wrote; never one outside its folder, nor a listed one with other bytes."""
        root, name = place
        folder, path = self.roots[root], self.roots[root] / name
        inside = is_safe_output_name(name) and path.parent.resolve().is_relative_to(folder.resolve())
        if not inside or not path.is_file():
            return
        row = self.rows.row(place)
        if row and not row.key and (name, sha256_of_file(path)) not in self.ledgers[root].known:
            return
        self.removed.append(self._shown(place))
        self._save_edit(path)
        if self.check:
            return
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()

    def _before(self, digests: dict[Path, str]) -> Callable[[Path, str], None]:
        """Return what happens before a file is renamed into place: an edit is saved, the file is listed."""

        def before(path: Path, digest: str) -> None:
            root, name = self.place(path)
            self._save_edit(path, digest)
            self.ledgers[root].add(name, digest)
            digests[path] = digest

        return before

    def _save_edit(self, path: Path, new: str = "") -> None:
        """Rename a text in clean/ that somebody edited, so that the edit is not lost.

        `new` is the SHA-256 of the bytes that will replace it; a file that has them already is not an edit.
        """
        root, name = self.place(path)
        if root != CLEAN_ROOT or path.suffix != ".md" or not path.is_file():
            return
        row = self.rows.row((root, name))
        if row and row.stamp == file_stamp(path):
            return
        digest = sha256_of_file(path)
        if digest == new or (row and row.sha256 == digest) or (name, digest) in self.ledgers[root].known:
            return
        free = name_for_edit(path, digest)
        self.edited.append(PurePosixPath(name).with_name(free.name).as_posix())
        if not self.check:
            path.replace(free)

    def _record(self, path: Path, row: OutputRow) -> None:
        """Store the row of a file that was written, and plan it."""
        place = self.place(path)
        self.planned.add(place)
        self.rows.record(place, row._replace(stamp=file_stamp(path)))
        self.written.append(self._shown(place))

    def place(self, path: Path) -> OutputPlace:
        """Return the root folder of a path, as the state names it, and the name below it."""
        text = str(path)
        root = max(
            (root for root, prefix in self.prefixes.items() if text.startswith(prefix)),
            key=lambda root: len(self.prefixes[root]),
        )
        return root, text[len(self.prefixes[root]) :]

    def _shown(self, place: OutputPlace) -> str:
        """Return a file's path relative to clean/."""
        return place[1] if place[0] == CLEAN_ROOT else f"{place[0]}/{place[1]}"
