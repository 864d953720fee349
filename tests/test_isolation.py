"""One document's trouble is its own: plugins that fail in every way, and the runner that bears it."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, command

PLUGIN = '''
import os, time
from dataclasses import replace
from pipeline import Document, Step
from pipeline.invariants import SAME_WORDS

def trouble(document: Document, *, kind: str) -> Document:
    """Make trouble with one document."""
    if not document.path.name.startswith("003"):
        return document
    if kind == "fails":
        raise KeyError("a mistake")
    if kind == "hangs":
        while True:
            pass
    if kind == "dies":
        os._exit(9)
    if kind == "loses words":
        return replace(document, text="other words")
    if kind == "runs deep":
        return trouble(document, kind=kind)
    if kind == "wants memory":
        return document if bytearray(8 * 2**30) else document
    return document

STEP = Step("trouble", trouble, (SAME_WORDS,))
'''


@pytest.fixture
def troubled(tmp_path: Path):
    """Run the first parts of the sample's posts, one of them a copy, with a step that makes trouble with file 003."""
    archive = tmp_path
    (archive / "raw").mkdir()
    texts = {file.name[:3]: file.read_text("utf-8")[:1_500] for file in (ROOT / "raw").glob("*.txt")}
    for name, text in (texts | {"002": texts["000"]}).items():
        (archive / "raw" / f"{name}.md").write_text(text, "utf-8")
    site = archive / "site"
    info = site / "trouble-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "trouble.py").write_text(PLUGIN, "utf-8")
    (info / "entry_points.txt").write_text("[pipeline.steps]\ntrouble = trouble:STEP\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trouble\nVersion: 1.0\n", "utf-8")

    def run(kind: str, *flags: str):
        settings = f'plugins = ["trouble"]\nmax_seconds = 8\neditions = false\n[steps.trouble]\nkind = "{kind}"\n'
        (archive / "pipeline.toml").write_text(settings, "utf-8")
        environment = {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
        ran = command("run", *flags, cwd=archive, env=environment)
        lines = (archive / "clean" / "report.jsonl").read_bytes().splitlines()
        told = {record["path"][:3]: record for record in map(json.loads, lines)}
        return ran, told

    return run


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fails", "KeyError: 'a mistake'; this is our mistake"),
        ("runs deep", "RecursionError"),
        ("wants memory", "needs more than 4 GB of memory"),
        ("hangs", "takes more than max_seconds = 8 s of CPU time"),
        ("dies", "its process died"),
    ],
)
def test_a_step_that_fails_sets_one_document_aside(troubled, kind: str, reason: str):
    """The document is set aside with what happened, the other four end as ever, and the exit code is 4."""
    ran, told = troubled(kind)
    assert ran.returncode == 4
    assert told["003"]["outcome"] == "skipped"
    assert reason in told["003"]["reason"]
    assert [told[path]["outcome"] for path in ("000", "001", "002", "004")] == [
        "cleaned",
        "cleaned",
        "duplicate",
        "cleaned",
    ]
    if kind == "fails":
        assert told["003"]["cause"] == "bug"
        assert told["003"]["step"] == "trouble"
        assert "Traceback" in told["003"]["trace"]


def test_a_broken_promise_undoes_the_step(troubled):
    """The step's result is thrown away for that document, a note says so, and only --strict minds."""
    ran, told = troubled("loses words")
    assert ran.returncode == 0
    assert told["003"]["outcome"] == "cleaned"
    assert [note["invariant"] for note in told["003"]["notes"] if note["invariant"]] == ["explained"]
    strict, _ = troubled("loses words", "--strict")
    assert strict.returncode == 4


def test_what_was_mended_is_done_again(troubled):
    """A step that no longer fails brings its document back; nothing of the failure stays."""
    troubled("fails")
    ran, told = troubled("is gone")
    assert ran.returncode == 0
    assert told["003"]["outcome"] == "cleaned"


@pytest.mark.skipif(not hasattr(os, "forkpty"), reason="needs a terminal of its own")
def test_on_a_terminal_progress_is_one_line(archive: Path):
    """On a terminal a run shows a moving line and ends with the same last line as elsewhere."""
    shown = bytearray()

    def keep(terminal: int) -> bytes:
        data = os.read(terminal, 1024)
        shown.extend(data)
        return data

    here = Path.cwd()
    os.chdir(archive)
    try:
        status = pty.spawn([sys.executable, "-m", "pipeline", "run", "--no-editions"], keep, lambda _: b"")
    finally:
        os.chdir(here)
    assert os.waitstatus_to_exitcode(status) == 0
    text = shown.decode("utf-8", "replace")
    assert "5 posts: 4 cleaned, 1 duplicate, 0 skipped" in text
    assert "Traceback" not in text
