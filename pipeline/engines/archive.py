"""raw/ -> clean/ and out/: one run over a whole archive, doing only what changed since the last."""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.document import OUR_MISTAKE, Quarantined, RunReport
from pipeline.engines import outputs, worker
from pipeline.engines.binder import COMMIT_EVERY, Tell
from pipeline.engines.pool import Lost, each, jobs
from pipeline.evidence.archive import MOST, NOTHING, archive_of, packed, unpacked
from pipeline.flow import REPAIRED, signature
from pipeline.read.folder import scan
from pipeline.settings import Settings, SettingsError
from pipeline.unique.families import families
from pipeline.unique.index import Index
from pipeline.write.atomic import write
from pipeline.write.packed import digest
from pipeline.write.shelf import Shelf
from pipeline.write.state import State


class Locked(Exception):  # noqa: N818 - a condition, not a fault
    """Another run works on the same clean/; the message says which."""


def run(
    settings: Settings, *, check: bool = False, strict: bool = False, tell: Tell = lambda _stage, _name: None
) -> RunReport:
    """Bring clean/ and out/ up to date with raw/ and return how it went; with `check`, only tell what would be done.

    `tell(stage, name)` is called as each document is taken up. Raises SettingsError where the folders cannot be used
    so, Locked where another run is at it, OSError where clean/ or out/ cannot be written.
    """
    raw, clean, out = Path(settings.raw), Path(settings.clean), Path(settings.out)
    _apart(raw, clean, out)
    with locked(clean, check=check):
        _usable(out, check=check)
        state = State(clean / ".state.sqlite", digest(signature(settings)), trial=check)
        try:
            shelf = Shelf(state, clean, out, check=check)
            _Run(settings, state, shelf, tell).go()
            return outputs.report_of(state, shelf, check=check, strict=strict)
        except sqlite3.OperationalError as error:
            raise OSError(errno.EIO, str(error), str(clean / ".state.sqlite")) from error
        finally:
            state.close()


def _apart(raw: Path, clean: Path, out: Path) -> None:
    """Refuse folders that would let a run write into what it reads."""
    if not raw.is_dir():
        message = f"raw: there is no folder `{raw}`; name the one your posts are in"
        raise SettingsError(message)
    for name, folder in (("clean", clean), ("out", out)):
        if folder.resolve().is_relative_to(raw.resolve()):
            message = f"{name}: `{folder}` lies in `{raw}`, which is never written; name another folder"
            raise SettingsError(message)
        if raw.resolve().is_relative_to(folder.resolve()):
            message = f"{name}: `{raw}` lies in `{folder}`, whose files are derived; name another folder"
            raise SettingsError(message)
    if clean.resolve().is_relative_to(out.resolve()) or out.resolve().is_relative_to(clean.resolve()):
        message = f"out: `{out}` and `{clean}` lie in one another; name two folders side by side"
        raise SettingsError(message)


def _usable(folder: Path, *, check: bool) -> None:
    """Raise OSError, before any work, where outputs cannot be written to `folder`; a check writes nothing there."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(folder))
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def locked(clean: Path, *, check: bool) -> Iterator[None]:
    """Hold the lock of clean/, for it and for what is derived from it. A check writes nothing and needs none."""
    if check:
        yield
        return
    clean.mkdir(parents=True, exist_ok=True)
    file = clean / ".lock"
    try:
        with FileLock(file, timeout=0):
            file.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
            yield
    except Timeout as error:
        message = f"another run works on {clean}: {file.read_text('utf-8')}; wait for it or stop it"
        raise Locked(message) from error


class _Run:
    """One run: what it was asked, and where its results go."""

    def __init__(self, settings: Settings, state: State, shelf: Shelf, tell: Tell) -> None:
        self.settings, self.state, self.shelf, self.tell = settings, state, shelf, tell

    def go(self) -> None:
        """Look at every source; if any changed, or any output is not as it was left, make what is not fresh."""
        assets = self.look()
        self.infer()
        choices = [getattr(self.settings, name) for name in outputs.CHOICES]
        made = digest(self.state.flow, self.state.digests(), assets, choices, outputs.VERSIONS)
        if self.state.fact("made") == made and self.shelf.intact():
            return
        self.relate()
        outputs.Writer(self.settings, self.state, self.shelf, self.tell).write_all(made)
        self.shelf.clear()
        self.state.learn("made", made)
        self.state.learn("run", str(self.state.run))

    def look(self) -> str:
        """Clean every source that changed and forget those that are gone; return a digest of the ignored files."""
        assets: list[str] = []
        self.keep_each(self.changed(assets), "clean")
        self.state.forget_unseen()
        self.state.commit()
        return digest(assets)

    def keep_each(self, tasks: Iterable[worker.Task], stage: str) -> None:
        """Clean the sources of `tasks` and keep what became of each."""
        limit = self.settings.max_seconds
        for at, (task, result) in enumerate(each(worker.clean, tasks, jobs(self.settings), limit)):
            self.tell(stage, str(task.found.path))
            if isinstance(result, Lost):
                aside = Quarantined(task.found.path, "clean", str(result), bug=str(result).endswith(OUR_MISTAKE))
                self.state.put(task.found, "", aside, None)
            elif result.outcome is None:
                self.state.keep(task.found)
            else:
                self.state.put(task.found, result.sha256, result.outcome, result.fingerprint, task.evidence)
            if at % COMMIT_EVERY == 0:
                self.state.commit()

    def infer(self) -> None:
        """Clean again the sources whose letters were inferred from other evidence than what the rest now says."""
        if not self.state.count("inferred"):
            return
        texts, evidence = self.sound()
        stale = self.state.inferred(evidence)
        if not stale:
            return
        kept = Path(self.settings.clean, ".evidence")
        archive = archive_of(texts, unpacked(kept.read_bytes()) if kept.exists() else NOTHING)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "evidence") if self.shelf.check else kept
            write(file.parent, file, packed(archive))
            tasks = (worker.Task(self.settings, found, archive=file, evidence=evidence) for found in stale)
            self.keep_each(tasks, "infer")
        self.state.commit()

    def sound(self) -> tuple[dict[str, str], str]:
        """Return the texts that lost nothing, up to MOST characters of them, and a digest of all these.

        They are as their authors left them, as a damaged copy is: what later steps make of Markdown is undone.
        """
        texts: dict[str, str] = {}
        known, size = [], 0
        for one, document in self.state.sound():
            if size + len(document.text) <= MOST:
                path = str(document.path)
                texts[path] = document.text_after(REPAIRED)
                size += len(texts[path])
                known.append((path, one))
        return texts, digest(known)

    def changed(self, assets: list[str]) -> Iterator[worker.Task]:
        """Yield the sources that may have changed since the last run; add what is ignored to `assets`."""
        for found in scan(Path(self.settings.raw), self.settings.ignore):
            if found.ignored:
                assets.append(f"{found.path} {found.stamp}")
                continue
            stamp, sha256 = self.state.known(found.path)
            if stamp and stamp == found.stamp:
                self.state.keep(found)
            else:
                yield worker.Task(self.settings, found, sha256)

    def relate(self) -> None:
        """Find out which documents repeat which, comparing those that are new since the last run."""
        self.state.print_anew()
        index = Index(self.state.db, self.state.document)
        index.update(*self.state.unindexed())
        self.state.relate(families(index))
        self.state.commit()
