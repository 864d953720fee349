"""Hostile Markdown, text and front matter: each post is cleaned, or skipped with a reason."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from pipeline import FLOW, Document, Source
from pipeline.citations.cited_works import works_of
from pipeline.document import Skipped
from pipeline.run.follow import follow_all
from tests.conftest import ROOT

SIZE = 4_000  # what CI has time for; benchmarks/adversarial.py takes a megabyte
KINDS = ("md", "text", "yaml", "html")


def test_hostile_texts_end_well(shared: Path, monkeypatch: pytest.MonkeyPatch):
    """No case hangs, fails or recurses endlessly, however deeply it is nested, repeated or left open."""
    monkeypatch.syspath_prepend(shared / "eval")
    cases = importlib.import_module("adversarial").C
    for name, (kind, make) in cases.items():
        if kind in KINDS:
            outcome = follow_all(Source(PurePosixPath(f"{name}.md"), make(SIZE)), FLOW)
            assert not isinstance(outcome, Skipped) or outcome.cause != "bug", f"{name}: {outcome.reason}"


@pytest.mark.parametrize("line", ["---\n", "│ ┌─\n", "@a\n", "- \n"])
def test_looking_for_works_takes_one_pass(line: str):
    """A text of a hundred thousand lines without a letter is looked through once, not again from each line."""
    assert works_of(Document(PurePosixPath("a.md"), line * 100_000)) == []


def test_many_references_to_a_long_url_are_skipped():
    """A post whose links would take 300 MB, because it refers to a long URL often, is skipped with a reason."""
    text = f"{'[a] ' * 10_000}\n\n[a]: https://e.org/{'b' * 30_000}\n"
    outcome = follow_all(Source(PurePosixPath("a.md"), text.encode()), FLOW)
    assert isinstance(outcome, Skipped)
    assert "split the document" in outcome.reason


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no CPU time")
def test_no_pattern_or_step_goes_through_all_ways_to_match():
    """Repeated pieces that fail to match at their end take no exponential time in a pattern, a step no cubic time."""
    command = [sys.executable, "-m", "tests.pattern_attacks"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.splitlines()[-1:] + ran.stderr.splitlines()[-5:]
