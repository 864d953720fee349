"""Run the command line with a fault at a chosen moment, and compare its outputs with those of a fresh run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.conftest import tree
from tests.fault import Fault
from tests.forked import Call, call

EDITED = re.compile(r"\.edited(-\d+)?\.md\b")  # a clean file that a user edited, saved before it is replaced
BOOKS = ("archive.", "posts/", "editions/", "opds/")  # in out/: `--no-editions` does not touch them


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, negative if a signal ended it, and its output."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> list[str]:
        """The lines that depend only on raw/ and the settings: without written files and saved edits."""
        lines = [line for line in self.out.splitlines() if not EDITED.search(line)]
        return [re.sub(r"; \d+ files? (to write|written), \d+ (to remove|removed)", "", line) for line in lines]


def lacuna(folder: Path, *arguments: str, fault: Fault | None = None, temporary: Path | None = None) -> Ended:
    """Run the command line in `folder`, in a separate process, with temporary files in `temporary`."""
    environment = {**os.environ, "NO_COLOR": "1"} | ({"TMPDIR": str(temporary)} if temporary else {})
    prepare = partial(fault.arm, folder) if fault else None
    code, out, err = call(Call(arguments, folder, environment, prepare=prepare))
    return Ended(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Return everything below `folder`, with hidden files: kind, times, and bytes or link target."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (state.st_mode, state.st_mtime_ns if content else 0, content)
    return found


def outputs(folder: Path, *flags: str) -> dict[str, bytes]:
    """Return the files of clean/ and of the output folder in the settings, without books that `flags` exclude."""
    settings = folder / "pipeline.toml"
    out = tomllib.loads(settings.read_text("utf-8")).get("out", "out") if settings.exists() else "out"
    left = BOOKS if "--no-editions" in flags else ()
    made = {f"clean/{name}": data for name, data in tree(folder / "clean").items()}
    return made | {f"{out}/{name}": data for name, data in tree(folder / out).items() if not name.startswith(left)}


_FRESH: dict[str, tuple[Ended, dict[str, bytes]]] = {}


def fresh(folder: Path, *flags: str) -> tuple[Ended, dict[str, bytes]]:
    """Return the result and the outputs of a run with the same raw/ and settings in a new folder."""
    raw = {name: (mode, content) for name, (mode, _, content) in snapshot(folder / "raw").items()}
    settings = folder / "pipeline.toml"
    given = settings.read_bytes() if settings.exists() else b""
    key = hashlib.sha256(repr((raw, given, flags)).encode()).hexdigest()
    if key not in _FRESH:
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(folder / "raw", Path(place, "raw"), symlinks=True)
            Path(place, "pipeline.toml").write_bytes(given)
            _FRESH[key] = lacuna(Path(place), "run", *flags), outputs(Path(place), *flags)
    return _FRESH[key]


def differences(
    there: dict[str, bytes], wanted: dict[str, bytes], edits: AbstractSet[bytes] = frozenset()
) -> list[str]:
    """Return a description of each difference from the expected outputs; saved user edits are expected too."""
    saved = {name for name in there.keys() - wanted.keys() if EDITED.search(name) and there[name] in edits}
    return [
        *(f"missing: {name}" for name in sorted(wanted.keys() - there.keys())),
        *(f"extra: {name} ({there[name][:60]!r})" for name in sorted(there.keys() - wanted.keys() - saved)),
        *(
            f"differs: {name}{_where(there[name], wanted[name])}"
            for name in sorted(there.keys() & wanted.keys())
            if there[name] != wanted[name]
        ),
        *(f"lost edit: {text!r}" for text in sorted(edits - {there[name] for name in saved})),
    ]


def _where(there: bytes, wanted: bytes) -> str:
    at = next((at for at, (one, other) in enumerate(zip(there, wanted, strict=False)) if one != other), -1)
    return f" at byte {at}: {there[max(0, at - 20) : at + 40]!r}, wanted {wanted[max(0, at - 20) : at + 40]!r}"


def healthy(folder: Path, *flags: str, edits: AbstractSet[bytes] = frozenset()) -> Ended:
    """Run without a fault; assert that the outputs equal those of a fresh run, and that raw/ has not changed."""
    before = snapshot(folder / "raw")
    ended = lacuna(folder, "run", *flags)
    expected, wanted = fresh(folder, *flags)
    assert "Traceback" not in ended.err, ended.err
    found = differences(outputs(folder, *flags), wanted, edits)
    assert not found, "\n".join([str(ended), "but clean/ and out/ are not those of a fresh run", *found])
    assert (ended.code, ended.summary) == (expected.code, expected.summary), f"{ended}\nbut a fresh run: {expected}"
    assert snapshot(folder / "raw") == before, "raw/ was written"
    assert not list(folder.rglob(".partial")), "there is a .partial"
    return ended
