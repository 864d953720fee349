"""After random edits, settings, faults and kills, a run without a fault gives the outputs of a fresh run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.disturbed import healthy, lacuna, snapshot
from tests.fault import ERRORS, KILL, OPERATIONS, Fault
from tests.posts import POSTS, png

EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
STEPS = 8 if EXAMPLES <= 25 else 15
MARK = hashlib.sha256(b"a.md").hexdigest()[:8]
NAMES = (
    "a.md",
    "b.md",
    "a.txt",
    "A.md",
    f"a-{MARK}.md",
    "a.edited.md",
    "x.txt",
    "x.md",
    "x.md/y.md",
    "sub/a.md",
    "日記.md",
)
PLACES = ("my pic.png", "sub/my pic.png", "p.png")
CHOICES: tuple[tuple[str, object], ...] = (
    *(("title", title) for title in ("Collected posts", "海边 & Harbour")),
    *(("ignore", globs) for globs in (["*.png"], ["*.png", "a.*"])),
    *(("editions", wanted) for wanted in (True, False)),
    *(("edition", tables) for tables in ([], [{"title": "The sea", "tag": "sea"}], [{"title": "None", "tag": "no"}])),
    *(("page", page) for page in ("a5", "reader")),
    *(("formats", formats) for formats in ([], ["azw3"])),
    *(("out", folder) for folder in ("out", "books")),
)
FLAGS = ((), (), ("--no-editions",), ("--jobs", "1"), ("--strict",), ("--page", "a4"))
nth = some.integers(0, 1000)


class Histories(RuleBasedStateMachine):
    """An archive with a random history, and a fresh run to compare it with."""

    def __init__(self) -> None:
        """Start with an empty raw/."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="history-"))
        self.raw = self.folder / "raw"
        self.raw.mkdir()
        self.settings: dict[str, object] = {"ignore": ["*.png"]}
        self.edits: set[bytes] = set()
        self.wrong = False

    @initialize(posts=some.dictionaries(some.sampled_from(NAMES), some.sampled_from(sorted(POSTS)), max_size=4))
    def begin(self, posts: dict[str, str]) -> None:
        """Write some posts and run."""
        for name, post in posts.items():
            self.write(name, post)
        self.choose(("editions", False))
        self.run(())

    @rule(name=some.sampled_from(NAMES), post=some.sampled_from(sorted(POSTS)))
    def write(self, name: str, post: str) -> None:
        """Add or replace a post; remove a file or folder of the same name."""
        data = POSTS[post]
        self._place(name).write_bytes(data if isinstance(data, bytes) else data.encode())

    @rule(name=some.sampled_from(PLACES), colour=some.integers(0, 1))
    def picture(self, name: str, colour: int) -> None:
        """Add or change an image."""
        self._place(name).write_bytes(png((255 * colour, 0, 0)))

    @rule(at=nth, what=some.sampled_from(("add a line", "touch", "delete", "delete its folder")))
    def alter(self, at: int, what: str) -> None:
        """Change one of the files in raw/."""
        if path := self._pick(at, "raw"):
            if what == "add a line":
                path.write_bytes(path.read_bytes() + b"\nOne more line.\n")
            elif what == "touch":
                os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
            elif what == "delete" or path.parent == self.raw:
                path.unlink()
            else:
                shutil.rmtree(path.parent)

    @rule(at=nth, name=some.sampled_from(NAMES))
    def rename(self, at: int, name: str) -> None:
        """Rename a file in raw/."""
        if path := self._pick(at, "raw"):
            data = path.read_bytes()
            path.unlink()
            self._place(name).write_bytes(data)

    @rule(choice=some.sampled_from(CHOICES))
    def choose(self, choice: tuple[str, object]) -> None:
        """Change a setting."""
        self.settings |= [choice]
        lines = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in self.settings.items()
            if key != "edition"
        ]
        for table in self.settings.get("edition", []):
            lines += ["[[edition]]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
        (self.folder / "pipeline.toml").write_text("\n".join([*lines, ""]), "utf-8")

    @rule(at=nth, what=some.sampled_from(("delete", "touch", "edit", "edit")))
    def output(self, at: int, what: str) -> None:
        """Delete or change an output of a run."""
        if path := self._pick(at, "clean", "out", "books"):
            if what == "delete":
                path.unlink()
            elif what == "touch":
                os.utime(path)
            else:
                data = path.read_bytes() + f"edited {len(self.edits)}\n".encode()
                path.write_bytes(data)
                if path.suffix == ".md":
                    self.edits.add(data)

    @rule()
    def check(self) -> None:
        """A check writes nothing."""
        before = snapshot(self.folder)
        ended = lacuna(self.folder, "run", "--check")
        assert ended.code in {0, 1, 4}, ended
        assert snapshot(self.folder) == before

    @rule(flags=some.sampled_from(FLAGS))
    def run(self, flags: tuple[str, ...]) -> None:
        """A run without a fault gives the outputs of a fresh run, and a second run has nothing to do."""
        self.wrong = True
        healthy(self.folder, *flags, edits=self.edits)
        self.wrong = False

    @rule(operation=some.sampled_from(OPERATIONS), at=some.integers(1, 80))
    def kill(self, operation: str, at: int) -> None:
        """Kill a run."""
        self._disturb(Fault(operation, at, KILL), {0, 4, -9})

    @rule(operation=some.sampled_from(OPERATIONS), at=some.integers(1, 80), error=some.sampled_from(ERRORS))
    def fail(self, operation: str, at: int, error: str) -> None:
        """Let a run meet a machine error."""
        self._disturb(Fault(operation, at, error), {0, 3, 4})

    def teardown(self) -> None:
        """After any history, the next run without a fault gives the outputs of a fresh run."""
        try:
            if not self.wrong:
                self.run(())
        finally:
            shutil.rmtree(self.folder)

    def _disturb(self, fault: Fault, codes: set[int]) -> None:
        self.wrong = True
        before = snapshot(self.raw)
        ended = lacuna(self.folder, "run", fault=fault)
        unread = ended.code == 2 and "pipeline.toml cannot be read" in ended.err
        assert ended.code in codes or unread, ended
        assert "Traceback" not in ended.err, ended.err
        assert "our mistake" not in ended.out, ended.out
        assert snapshot(self.raw) == before
        self.wrong = False

    def _place(self, name: str) -> Path:
        """Return where to write a file in raw/, after removing what is in the way."""
        path = self.raw / name
        for parent in path.parents:
            if parent.is_file():
                parent.unlink()
        if path.is_dir():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _pick(self, at: int, *folders: str) -> Path | None:
        """Return one of the files in some folders."""
        files = [
            path
            for folder in folders
            for path in sorted((self.folder / folder).rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        ]
        return files[at % len(files)] if files else None


def look(examples: int, steps: int, start: int = 0) -> None:
    """Try `examples` random histories of up to `steps` steps; print a failing one as a script."""
    run_state_machine_as_test(
        seed(start)(Histories),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_history_equals_a_fresh_run():
    """After any sequence of changes, faults and runs, a run leaves exactly the outputs of a run on an empty folder."""
    look(EXAMPLES, STEPS)
