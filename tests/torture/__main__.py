"""Try many faults, and print the rows of the table in docs/benchmarks.md; exit with 1 if any check failed.

Arguments choose rows by name, or by the start of a name (`second_pass`). EXAMPLES is the number of histories and
scales the numbers of the other rows.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests import test_faults, test_histories
from tests.conftest import SHARED
from tests.damage import DAMAGES, chance_of
from tests.disturbed import lacuna, outputs
from tests.fault import AUDITED, ERRORS, KILL, OPERATIONS, PROFILED, Fault
from tests.seesaw import Seesaw
from tests.torture import second_pass

HISTORIES = int(os.environ.get("EXAMPLES", "500"))
AT_ONCE = 5  # histories per seed: the first failure ends them
Trial = partial[object]
CALLS = ("pwrite64", "fsync", "fdatasync", "openat", "rename", "unlink", "mkdir")
LIMITS = ("-n {0}", "-f {0}", "-v {0}0000", "-t 1", "-t 2", "-u {0}")
KINDS = ("md", "text", "yaml", "html", "xml")


def histories(_folder: Path) -> Iterator[Trial]:
    """Random histories of up to 15 steps."""
    for seed in range(HISTORIES // AT_ONCE):
        yield partial(test_histories.look, AT_ONCE, 15, seed)


def kills_inside(folder: Path) -> Iterator[Trial]:
    """Kills between two operations of the main process."""
    seesaw, chance = Seesaw(folder), chance_of(1)
    for _ in range(HISTORIES // 5):
        fault = Fault(chance.choice(OPERATIONS), chance.randrange(1, 60), KILL)
        yield partial(test_faults.inject, seesaw, fault)


def kills_outside(folder: Path) -> Iterator[Trial]:
    """Kills of the main process, or of its whole process group, with books; a third of them in the first run."""
    seesaw, chance = Seesaw(folder, editions=True), chance_of(2)
    for at in range(HISTORIES // 5):
        lines, group = chance.randrange(16), bool(at % 2)
        yield partial(test_faults.kill, seesaw, lines, group=group, first=at % 3 == 0)


def errors(folder: Path) -> Iterator[Trial]:
    """ENOSPC, EIO and EMFILE in an operation on a file or of SQLite."""
    seesaw, chance = Seesaw(folder), chance_of(3)
    for at in range(HISTORIES // 5):
        operation = (AUDITED + PROFILED)[at % len(OPERATIONS)]
        fault = Fault(operation, chance.randrange(1, 40), chance.choice(ERRORS))
        yield partial(test_faults.inject, seesaw, fault)


def system_calls(folder: Path) -> Iterator[Trial]:
    """The same errors in system calls of the main process, injected by strace."""
    seesaw, chance = Seesaw(folder), chance_of(4)
    for at in range(HISTORIES // 10):
        call, error, nth = CALLS[at % len(CALLS)], chance.choice(ERRORS), chance.randrange(1, 30)
        yield partial(test_faults.traced, seesaw, call, error, nth)


def full_disks(folder: Path) -> Iterator[Trial]:
    """A nearly full file system under clean/, out/ or TMPDIR, with books."""
    seesaw, chance = Seesaw(folder, editions=True), chance_of(5)
    for at in range(HISTORIES // 20):
        which, kilobytes = ("clean", "out", "TMPDIR")[at % 3], 4 * chance.randrange(1, 60)
        yield partial(test_faults.full_disk, seesaw, which, kilobytes)


def limits(folder: Path) -> Iterator[Trial]:
    """Shell limits: open files, file size, memory, CPU time, processes; with books."""
    seesaw, chance = Seesaw(folder, editions=True), chance_of(6)
    for at in range(HISTORIES // 20):
        limit = LIMITS[at % len(LIMITS)].format(chance.randrange(12, 120))
        yield partial(test_faults.limited, seesaw, limit)


def damages(folder: Path) -> Iterator[Trial]:
    """Damage to the state, its digest, the ledger, the statistics and the lock."""
    seesaw, chance = Seesaw(folder), chance_of(7)
    for at in range(HISTORIES // 5):
        kind = sorted(DAMAGES)[at % len(DAMAGES)] if at % 2 else "a bit is flipped"
        how = {"flip": bool(at % 3), "sealed": chance.random() < 0.7}
        yield partial(test_faults.damage, seesaw, kind, chance, **how)


def hostile_posts(folder: Path) -> Iterator[Trial]:
    """Hostile Markdown, HTML, YAML, XML, text and bytes of 1 kB, with books."""
    if not SHARED.is_dir():
        return
    sys.path.append(str(SHARED / "eval"))
    cases = importlib.import_module("adversarial")
    posts = {f"{kind}-{name}.md": make(1000) for name, (kind, make) in cases.C.items() if kind in KINDS}
    posts |= {
        f"grows-{name}.md": make(10 if kind in {"yaml", "xml"} else 25) for name, (kind, make) in cases.EXPO.items()
    }
    posts |= {f"bytes-{name}.md": data for name, data in cases.BYTES.items()}
    raw = folder / "raw"
    raw.mkdir(parents=True)
    for name, data in posts.items():
        (raw / name).write_bytes(data)
    ended = lacuna(folder, "run")
    aside = {line.split()[1].rstrip(":"): line for line in ended.out.splitlines() if line.startswith("skipped: ")}
    made = outputs(folder)
    for name in posts:
        yield partial(well_ended, name, aside.get(name, ""), made, ended.err)


def well_ended(name: str, aside: str, made: dict[str, bytes], err: str) -> None:
    """Assert that a hostile post has its books, or is skipped with a separate reason."""
    assert "Traceback" not in err, err
    assert "our mistake" not in aside, aside
    post = name.removesuffix(".md")
    repeated = f'"path":"{name}","outcome":"duplicate"'.encode() in made["clean/report.jsonl"].replace(b" ", b"")
    assert aside or repeated or {f"clean/{post}.md", f"out/posts/{post}.epub", f"out/posts/{post}.pdf"} <= made.keys()
    assert b"root:x:0" not in b"".join(data for file, data in made.items() if post in file)


def second_pass_steps(_folder: Path) -> Iterator[Trial]:
    """Random Markdown: a second pass of each step that writes Markdown changes nothing."""
    for seed in range(HISTORIES * 20):
        yield partial(second_pass.steps_are_stable, seed)


def second_pass_normalize(_folder: Path) -> Iterator[Trial]:
    """Random Markdown: a second pass of `lacuna normalize` changes nothing."""
    for seed in range(HISTORIES * 20):
        yield partial(second_pass.normalize_is_stable, seed)


def second_pass_flow(_folder: Path) -> Iterator[Trial]:
    """Random Markdown: a run on the clean file changes nothing."""
    for seed in range(HISTORIES * 4):
        yield partial(second_pass.flow_is_stable, seed)


def second_pass_repair(_folder: Path) -> Iterator[Trial]:
    """Random Markdown with mojibake: a second pass of `lacuna repair` changes nothing."""
    for seed in range(HISTORIES * 4):
        yield partial(second_pass.repair_is_stable, seed)


def opaque_regions(_folder: Path) -> Iterator[Trial]:
    """Opaque regions in random text stay byte for byte."""
    for seed in range(HISTORIES * 20):
        yield partial(second_pass.opaque_regions_stay, seed)


ROWS = (
    *(histories, kills_inside, kills_outside, errors, system_calls, full_disks, limits, damages, hostile_posts),
    *(second_pass_steps, second_pass_normalize, second_pass_flow, second_pass_repair, opaque_regions),
)


def held(trial: Trial) -> bool | None:
    """Return whether a trial passed, None if it could not be made; print why it failed."""
    try:
        trial()
    except pytest.skip.Exception as reason:
        sys.stderr.write(f"skipped: {reason}\n")
        return None
    except Exception:  # noqa: BLE001 - each failure is counted
        sys.stderr.write(f"\n{trial.args[1:]} {trial.keywords}\n")
        traceback.print_exc(limit=-4)
        return False
    return True


def main() -> None:
    """Run the trials that the arguments name, or all, and print their rows."""
    failed = False
    for row in ROWS:
        if len(sys.argv) > 1 and not row.__name__.startswith(tuple(sys.argv[1:])):
            continue
        with tempfile.TemporaryDirectory(prefix="torture-") as folder:
            ends = [held(trial) for trial in row(Path(folder) / "archive")]
        times = AT_ONCE if row is histories else 1
        tried, good = times * (len(ends) - ends.count(None)), times * ends.count(True)
        sys.stdout.write(f"| {row.__doc__[:-1]} | {tried} | {good} |\n")
        sys.stdout.flush()
        failed |= False in ends
    sys.exit(failed)


if __name__ == "__main__":
    main()
