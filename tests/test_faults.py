"""After kills, full disks, errors, limits or damaged files, the next run gives the outputs of a fresh run."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from random import Random

import pytest

from tests.damage import DAMAGES, LOCK, chance_of, folder, unseal
from tests.disturbed import Ended, differences, lacuna, outputs
from tests.fault import ERRORS, KILL, OPERATIONS, Fault
from tests.posts import POSTS, png
from tests.seesaw import Seesaw

RUN = (sys.executable, "-m", "pipeline", "run", "--verbose")
KILLED = {-signal.SIGKILL, 128 + signal.SIGKILL}


@pytest.fixture(scope="module")
def seesaw(tmp_path_factory: pytest.TempPathFactory) -> Seesaw:
    """An archive without books."""
    return Seesaw(tmp_path_factory.mktemp("seesaw"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Seesaw:
    """An archive with books."""
    return Seesaw(tmp_path_factory.mktemp("library"), editions=True)


def assert_clear_message(ended: Ended) -> None:
    """Assert that a run with a fault reports it in one line that names the file, and reports no bug of ours."""
    assert "Traceback" not in ended.err, ended.err
    assert "our mistake" not in ended.out, ended.out
    messages = [line for line in ended.err.splitlines() if line.startswith("lacuna: ")]
    unread = ended.code == 2 and "pipeline.toml cannot be read" in ended.err
    assert ended.code in {0, 3, 4} or unread, ended
    assert len(messages) == (ended.code in {2, 3}), ended
    for message in messages:
        assert re.search(r"\b(clean|out|raw|pipeline\.toml|TMPDIR|processes|memory)\b", message), message
        assert ".partial/tmp" not in message, message
        assert "the system" not in message, message


def inject(seesaw: Seesaw, fault: Fault) -> Ended:
    """Run with a fault, and check the message and the outputs."""
    with seesaw.disturbed():
        ended = lacuna(seesaw.folder, "run", fault=fault)
        if fault.effect != KILL:
            assert_clear_message(ended)
    return ended


def command(
    seesaw: Seesaw, arguments: tuple[str, ...] = RUN, lines: int = 0, *, group: bool = False, kill: bool = False
) -> Ended:
    """Run a command in a separate session; with `kill`, kill it or its process group after some lines of progress."""
    environment = {**os.environ, "TMPDIR": str(temporary(seesaw))}
    with subprocess.Popen(
        arguments,
        cwd=seesaw.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stderr
        seen = [process.stderr.readline() for _ in range(lines)]
        if kill:
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Ended(process.returncode, out, "".join(seen) + err)


def temporary(seesaw: Seesaw) -> Path:
    """Return the folder for a run's temporary files."""
    place = seesaw.folder.parent / f"{seesaw.folder.name}-tmp"
    place.mkdir(exist_ok=True)
    return place


def kill(seesaw: Seesaw, lines: int, *, group: bool, first: bool) -> Ended:
    """Kill a first or later run; assert that every file is old or new, and that no lock is held."""
    with seesaw.disturbed():
        if first:
            seesaw.forget()
        ended = command(seesaw, lines=lines, group=group, kill=True)
        assert ended.code in KILLED | {0, 4}
    return ended


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """Mount something on `place` while the block runs. Skips the test where mounting is not allowed."""
    place.mkdir(exist_ok=True)
    ran = subprocess.run(["mount", *options, str(place)], capture_output=True, check=False)  # noqa: S607
    if ran.returncode:
        pytest.skip("mounting needs root and Linux")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607


def full_disk(seesaw: Seesaw, which: str, kilobytes: int) -> Ended:
    """Run with a nearly full disk: clean/, out/ or the folder for temporary files on a small file system."""
    place = temporary(seesaw) if which == "TMPDIR" else seesaw.folder / which
    copy = seesaw.folder.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    if which == "TMPDIR":  # starts empty
        copy.mkdir()
    else:
        shutil.copytree(place, copy)
    with seesaw.disturbed(), mounted(place, "-t", "tmpfs", "-o", "size=64m", "none"):
        shutil.copytree(copy, place, dirs_exist_ok=True)
        used = sum(max(4096, path.stat().st_size + 4095) // 4096 * 4 for path in place.rglob("*"))
        size = f"remount,size={used + kilobytes}k"
        subprocess.run(["mount", "-o", size, str(place)], check=True)  # noqa: S607
        ended = command(seesaw) if which == "TMPDIR" else lacuna(seesaw.folder, "run")
        assert_clear_message(ended)
        if which != "TMPDIR":
            shutil.copytree(place, copy, dirs_exist_ok=True)
    return ended


def limited(seesaw: Seesaw, limit: str) -> Ended:
    """Run under a limit of the shell's `ulimit`."""
    with seesaw.disturbed():
        ended = command(seesaw, ("sh", "-c", f'ulimit {limit} && exec "$@"', "sh", *RUN))
        if ended.code not in {-signal.SIGXCPU, -signal.SIGKILL}:
            assert_clear_message(ended)
    return ended


def traced(seesaw: Seesaw, call: str, error: str, nth: int) -> Ended:
    """Let the n-th system call of a kind in the main process fail. Skips the test where strace cannot run."""
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs strace and the right to trace")
    options = (strace, "-qq", "-o", os.devnull, "-e", "signal=none", "-e", f"trace={call}")
    paths = [f"-P{seesaw.folder / name}" for name in ("raw", "raw/a.md", "clean", "clean/.state.sqlite", "clean/.lock")]
    paths += [f"-P{seesaw.folder / name}" for name in ("clean/.state.sqlite-journal", "clean/.outputs", "out/.outputs")]
    with seesaw.disturbed():
        ended = command(
            seesaw,
            (*options, *(paths if call == "openat" else ()), "-e", f"inject={call}:error={error}:when={nth}", *RUN),
        )
        assert_clear_message(ended)
    return ended


def damage(seesaw: Seesaw, kind: str, chance: Random, *, flip: bool, sealed: bool) -> Ended:
    """Damage the files that the last run kept; assert that the next run repairs them and prints at most one line."""
    seesaw.recover()
    clean = seesaw.folder / "clean"
    DAMAGES[kind](clean, chance)
    if not sealed:
        unseal(clean, kind)
    if flip:
        seesaw.flip()
    ended = seesaw.settle()
    assert ended.err.count("every post is cleaned again") <= 1, ended
    return ended


KILLS = (("open", 9), ("write", 2), ("execute", 40), ("os.rename", 3), ("fsync", 4))


@pytest.mark.parametrize("fault", [Fault(*point, KILL) for point in KILLS], ids=lambda one: one.operation)
def test_a_kill_between_two_operations(seesaw: Seesaw, fault: Fault):
    """After a kill at any operation, every file is old or new, and the next run gives the outputs of a fresh one."""
    assert inject(seesaw, fault).code == -signal.SIGKILL


@pytest.mark.parametrize(("lines", "group", "first"), [(1, False, True), (9, True, True), (4, True, False)])
def test_a_kill_from_outside(library: Seesaw, *, lines: int, group: bool, first: bool):
    """The same if the main process is killed, with or without its workers; no lock and no temporary file stays."""
    assert kill(library, lines, group=group, first=first).code in KILLED
    left = {path.name.partition("-")[0] for path in temporary(library).iterdir()}
    assert left <= {"pymp"}  # of multiprocessing; the operating system cleans its folder


@pytest.mark.parametrize(("operation", "error"), list(zip(OPERATIONS, cycle(ERRORS), strict=False)))
def test_an_error_of_the_machine(seesaw: Seesaw, operation: str, error: str):
    """An error in any operation on a file ends the run with one line, or has no effect."""
    inject(seesaw, Fault(operation, 3, error))


def test_a_full_disk(library: Seesaw):
    """A full disk under clean/, out/ or the temporary files ends the run with one line."""
    for which, kilobytes in (("clean", 16), ("out", 24), ("TMPDIR", 8)):
        full_disk(library, which, kilobytes)


@pytest.mark.parametrize("limit", ["-n 20", "-f 16", "-v 400000", "-t 1"])
def test_limits_of_the_shell(library: Seesaw, limit: str):
    """Limits on open files, file size, memory and CPU time end the run with one line, and skip no post for good."""
    limited(library, limit)


@pytest.mark.parametrize(
    ("call", "error", "nth"), [("pwrite64", "ENOSPC", 9), ("fsync", "EIO", 2), ("openat", "EMFILE", 6)]
)
def test_a_system_call_that_fails(seesaw: Seesaw, call: str, error: str, nth: int):
    """Errors in system calls of SQLite and of the C library also end the run with one line."""
    traced(seesaw, call, error, nth)


@pytest.mark.parametrize("name", ["clean", "out", "raw"])
def test_read_only_folders(seesaw: Seesaw, name: str):
    """A read-only clean/ or out/ ends the run with one line that names it; raw/ may be read-only."""
    place = seesaw.folder / name
    seesaw.flip()
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)  # noqa: S607
        ended = lacuna(seesaw.folder, "run")
        assert_clear_message(ended)
        assert ended.code == (4 if name == "raw" else 3)
    seesaw.settle()


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_state(seesaw: Seesaw, kind: str):
    """The next run repairs damage to the files that a run keeps, and reports it in one line."""
    chance = chance_of(kind)
    damage(seesaw, kind, chance, flip=False, sealed=True)
    damage(seesaw, kind, chance, flip=True, sealed=False)


def test_a_folder_in_the_place_of_the_lock(seesaw: Seesaw):
    """One line reports a folder in the place of the lock file."""
    folder(seesaw.folder / "clean", chance_of(0), LOCK)
    ended = lacuna(seesaw.folder, "run")
    assert (ended.code, "Traceback" in ended.err) == (3, False)
    assert LOCK in ended.err
    (seesaw.folder / "clean" / LOCK).rmdir()
    seesaw.settle()


def test_two_runs_at_once(seesaw: Seesaw):
    """Of two runs that start together one works; the other finds the archive locked, or has nothing to do."""
    with seesaw.disturbed():
        both = [subprocess.Popen(RUN, cwd=seesaw.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]
        codes = sorted((one.communicate()[1], one.returncode)[1] for one in both)
    assert codes in ([4, 4], [4, 75])


def test_a_link_that_takes_the_place_of_a_post(tmp_path: Path):
    """A file or folder that becomes a link out of raw/ during a run is not followed."""
    raw, secret = tmp_path / "raw", tmp_path / "secret"
    secret.mkdir()
    (secret / "z.md").write_text("# A secret\n\nNobody may read this.\n", "utf-8")
    for at in range(60):
        raw.joinpath(f"{at:03}.md").parent.mkdir(exist_ok=True)
        raw.joinpath(f"{at:03}.md").write_text(f"# {at}\n\n" + POSTS["harbour"] * 9 + f"{at}\n" * at, "utf-8")
    (raw / "y").mkdir()
    for name in ("y/z.md", "z.md"):
        (raw / name).write_text("# A post\n\nAnybody may read this.\n", "utf-8")
    arguments = (*RUN, "--no-editions", "--jobs", "1")
    with subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        process.stderr.readline()
        (tmp_path / "link").symlink_to(secret / "z.md")
        (tmp_path / "link").replace(raw / "z.md")
        (raw / "y").rename(tmp_path / "y")
        (raw / "y").symlink_to(secret)
        process.stderr.read()
    assert process.returncode in {0, 4}
    assert not [name for name, data in outputs(tmp_path).items() if b"Nobody may read" in data]


def test_posts_that_cost_much(tmp_path: Path):
    """An image that is shown often, a very long title, letters with many marks: books stay within the usual limits."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "pic.png").write_bytes(png((9, 9, 9), 2000))
    (raw / "picture.md").write_text("# Pictures\n\n" + "![](pic.png)\n\n" * 60, "utf-8")
    (raw / "title.md").write_text("---\ntitle: " + "A title that does not end " * 2000 + "\n---\n\nText.\n", "utf-8")
    (raw / "marks.md").write_text("# Marks\n\n" + ("a" + "\u0301" * 400) * 24 + "\n", "utf-8")
    ended = lacuna(tmp_path, "run")
    assert "Traceback" not in ended.err, ended.err
    assert ended.code == 0, ended
    written = [name for name in outputs(tmp_path) if not name.startswith("out/opds/")]
    assert len(written) == 3 + 3 + 3 * 2 + 2 + 4


def deep(raw: Path) -> None:
    """Add hostile names and folders: 1,500 nested folders, names that are not UTF-8, a folder named like a post."""
    here = os.open(raw, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("x.md", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    bad = Path(os.fsdecode(os.fsencode(raw) + b"/d\xff"))
    bad.mkdir()
    (bad / "x.md").write_text("# A post\n\nIn a folder with a bad name.\n", "utf-8")
    (bad / "x.png").write_bytes(png((0, 0, 0)))
    (raw / "x.txt").write_text("# A post\n\nText.\n", "utf-8")
    (raw / "x.md").mkdir()
    (raw / "x.md" / "y.md").write_text("# A post\n\nIn a folder like a post.\n", "utf-8")


@pytest.fixture
def deep_path() -> Iterator[Path]:
    """A folder that `rm` deletes afterwards: Python's own function fails 1,000 folders down."""
    path = Path(tempfile.mkdtemp())
    yield path
    subprocess.run(["rm", "-rf", str(path)], check=True)  # noqa: S607


def test_a_hostile_tree(deep_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever is in raw/, a run ends and lists the skipped files; a second run gives the outputs of a fresh one."""
    monkeypatch.syspath_prepend(shared / "eval")
    make: Callable[[Path], object] = importlib.import_module("adversarial").hostile_tree
    ended = {}
    for name, runs in (("once", 1), ("twice", 2)):
        raw = deep_path / name / "raw"
        make(raw)
        deep(raw)
        os.truncate(raw / "sparse.md", 20 * 2**20)
        (deep_path / name / "pipeline.toml").write_text("editions = false\n", "utf-8")
        for _ in range(runs):
            ended[name] = lacuna(deep_path / name, "run")
            assert_clear_message(ended[name])
            assert ended[name].code == 4
    assert ended["twice"].summary == ended["once"].summary
    assert differences(outputs(deep_path / "twice"), outputs(deep_path / "once")) == []
