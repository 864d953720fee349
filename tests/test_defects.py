"""The classes of defects in the sample archive, each with a quote, and the result of a run on it."""

from __future__ import annotations

import runpy

import pytest

from tests.conftest import ROOT

COUNTS = runpy.run_path(str(ROOT / "benchmarks" / "defects.py"))
CLASSES, clean = COUNTS["CLASSES"], COUNTS["clean"]
FRONT = "---\nlanguage: zh-Hans\nsource: https://towardsdatascience.com/a/b\n---\n"
QUOTED = [pytest.param(one, id=one["id"]) for one in CLASSES if "quote" in one]


@pytest.mark.parametrize("one", QUOTED)
def test_a_quote_becomes_what_its_class_says(one: dict):
    """The flow repairs a quote from the sample, or keeps it with a note, as its class says."""
    assert any(one["quote"] in text for text in COUNTS["texts"]())
    cleaned = clean(FRONT + one["quote"], COUNTS["Settings"]())
    assert cleaned.text == one["becomes"] + "\n"
    assert clean(FRONT + cleaned.text, COUNTS["Settings"]()).text == cleaned.text
    if one["fate"] == "full":
        assert clean(FRONT + one["quote"], COUNTS["FULL"]).text == one["in_full"] + "\n"
    if one["fate"] == "doubtful":
        assert "doubts" in [note.step for note in cleaned.notes]
    if one["fate"] == "marked":
        assert [link.notes for link in cleaned.links] == [("shortened",)]
    if one["fate"] == "metadata":
        assert (cleaned.meta.kicker, cleaned.meta.subtitle) == (one["kicker"], one["subtitle"])


def test_every_class_is_counted():
    """The counts in the sample, before and after a run, are those of the cases and of docs/benchmarks.md."""
    kept = ("found", "left", "left_in_full", "left_in_records")
    pinned = {one["id"]: {name: one[name] for name in kept if name in one} for one in CLASSES}
    assert len(pinned) == 56
    counted = COUNTS["measured"]()
    assert counted == pinned
    assert COUNTS["table"](counted) in (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
