"""Measure how a run grows with the archive: CPU time and memory for N small posts, and for small changes to them.

    python benchmarks/scale.py 1000 10000 50000 [--keep FOLDER [--changes-only]]

Each post has about 680 bytes: sentences of ../shared/corpus (without it tests/corpus), drawn at random with a fixed
seed, a link and a title. One post in a hundred is an exact copy of another, two are near-copies. The command is
`lacuna run --no-editions`, in a new process each time. Prints CPU seconds (user and system, of the whole process tree),
and the largest memory of the main process and of any process. A sub-reaper counts the processes that outlive their
parent, such as the fork server.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
BYTES = 680  # of a post
PER_FOLDER = 1_000  # posts
LEAST_SENTENCES = 20  # of a language
COPIES, EXACT_COPIES = 0.03, 0.01  # shares of the posts
COPIED_POSTS = 1_000  # that copies are made of
SENTENCE = re.compile(r"[^.。!?！？\n#>*|\[\]`]{20,}[.。!?！？]")


def sentences() -> list[list[str]]:
    """Return the sentences of the corpus by language; few would make all posts similar."""
    shared, own = ROOT.parent / "shared" / "corpus", ROOT / "tests" / "corpus" / "texts"
    folders = sorted((shared if shared.is_dir() else own).iterdir())
    found = [[s.strip() for file in sorted(folder.glob("*.md")) for s in SENTENCE.findall(file.read_text("utf-8"))]
             for folder in folders if folder.is_dir()]  # fmt: skip
    return [one for one in found if len(one) >= LEAST_SENTENCES]


def posts(number: int) -> Iterator[str]:
    """Yield the texts of the posts."""
    chance = random.Random(27)
    languages, made = sentences(), list[str]()
    for at in range(number):
        kind = chance.random()
        if made and kind < COPIES:
            text = chance.choice(made)
            if kind >= EXACT_COPIES:
                words = text.split(" ")
                del words[chance.randrange(len(words) // 2, len(words))]
                text = " ".join(words)
            yield text
            continue
        drawn, text = chance.choice(languages), ""
        year, month = 2005 + chance.randrange(20), 1 + chance.randrange(12)
        title = f"{chance.choice(drawn)[:24].strip()} {at}"
        while len(text.encode()) < BYTES - 150:
            some = " ".join(f"{chance.choice(drawn)}" for _ in range(2))
            text += f"{chance.randrange(10**6)} {some}\n\n"
        link = f"[{chance.choice(drawn)[:12].strip()}](https://example.org/{chance.randrange(number)}/)"
        whole = f'---\ntitle: "{title}"\ndate: {year}-{month:02}-01\n---\n\n{text}{link}\n'
        if len(made) < COPIED_POSTS:
            made.append(whole)
        yield whole


def write_posts(raw: Path, number: int) -> None:
    """Write the posts below `raw`, PER_FOLDER in a folder."""
    for at, text in enumerate(posts(number)):
        file = raw / f"{at // PER_FOLDER:04}" / f"post-{at:07}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def run(folder: Path, *options: str) -> tuple[float, float, float]:
    """Run once; return CPU seconds, and the largest memory of the main process and of any process in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-P", "-m", "pipeline", "run", "--no-editions", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)  # noqa: S603
        main = largest = 0
        while True:
            try:
                ended, code, used = os.wait4(-1, 0)
            except ChildProcessError:
                break
            largest = max(largest, used.ru_maxrss)
            if ended == process.pid:
                main = used.ru_maxrss
                if os.waitstatus_to_exitcode(code) not in {0, 4}:
                    raise SystemExit((folder / "log").read_text("utf-8")[-3000:])
        process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, main / 1024, largest / 1024


def show(name: str, number: int, used: tuple[float, float, float], idle: float = 0.0) -> None:
    """Print one measurement."""
    seconds, main, largest = used
    each = f"{1000 * seconds / number:7.2f} ms a post" if name == "first run" else f"{seconds - idle:+7.2f} s to idle"
    print(
        f"{number:>7} {name:<16} {seconds:8.2f} s {each:>20}  main {main:5.0f} MB, largest {largest:5.0f} MB",
        flush=True,
    )


def measure_changes(folder: Path, number: int) -> None:
    """Measure runs without a change, and with one changed, added and removed post."""
    idle = run(folder)
    show("nothing changed", number, idle)
    post = folder / "raw" / "0000" / f"post-{number // 2 % PER_FOLDER:07}.md"
    post.write_text(post.read_text("utf-8") + "\nOne more paragraph about nothing in particular.\n", "utf-8")
    show("one changed", number, run(folder), idle[0])
    added = folder / "raw" / "0000" / "post-added.md"
    added.write_text(
        "# An added post\n\nIts text has few words, but they are its alone: quill, heron, brass.\n", "utf-8"
    )
    show("one added", number, run(folder), idle[0])
    added.unlink()
    show("one removed", number, run(folder), idle[0])


def measure(number: int, keep: Path | None) -> None:
    """Measure an archive of `number` posts."""
    folder = Path(tempfile.mkdtemp(prefix="scale-")) if keep is None else keep / str(number)
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    write_posts(folder / "raw", number)
    try:
        show("first run", number, run(folder))
        measure_changes(folder, number)
        files = sorted(one for top in ("clean", "out") for one in (folder / top).rglob("*") if one.is_file())
        state = sum(one.stat().st_size for one in files if one.name.startswith(".state"))
        largest = max((one for one in files if not one.name.startswith(".")), key=lambda one: one.stat().st_size)
        size = largest.stat().st_size / 2**20
        print(f"{number:>7} state {state / 1024 / number:.1f} kB a post; largest output {largest.name} {size:.1f} MB")
    finally:
        if keep is None:
            shutil.rmtree(folder)


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="+", type=int, metavar="N", help="posts")
    parser.add_argument("--keep", type=Path, help="folder for the archives, which are kept there")
    parser.add_argument(
        "--changes-only", action="store_true", help="measure changes to the archives in the kept folder"
    )
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in given.numbers:
        if given.changes_only:
            measure_changes(given.keep / str(number), number)
        else:
            measure(number, given.keep)


if __name__ == "__main__":
    main()
