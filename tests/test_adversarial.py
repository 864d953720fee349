"""Hostile Markdown, text and front matter: every one ends cleaned or skipped with a reason."""

from __future__ import annotations

import importlib
from pathlib import Path, PurePosixPath

import pytest

from pipeline import FLOW, Source
from pipeline.document import Skipped
from pipeline.run.worker import follow_all

SIZE = 4_000  # bytes: what CI can afford of each; benchmarks/adversarial.py takes a megabyte
KINDS = ("md", "text", "yaml", "html")


def test_hostile_texts_end_well(shared: Path, monkeypatch: pytest.MonkeyPatch):
    """No case hangs, fails or recurses without end, however it is nested, repeated or left open."""
    monkeypatch.syspath_prepend(shared / "eval")
    cases = importlib.import_module("adversarial").C
    for name, (kind, make) in cases.items():
        if kind in KINDS:
            outcome = follow_all(Source(PurePosixPath(f"{name}.md"), make(SIZE)), FLOW)
            assert not isinstance(outcome, Skipped) or outcome.cause != "bug", f"{name}: {outcome.reason}"


def test_a_long_address_that_is_referred_to_often_is_set_aside():
    """What a text of 80 kB says of its links, 300 MB, is not told."""
    text = f"{'[a] ' * 10_000}\n\n[a]: https://e.org/{'b' * 30_000}\n"
    outcome = follow_all(Source(PurePosixPath("a.md"), text.encode()), FLOW)
    assert isinstance(outcome, Skipped)
    assert "split the document" in outcome.reason
