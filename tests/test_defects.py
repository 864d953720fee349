"""The classes of defects of real archived posts: each with a real quote, and what a run leaves of it."""

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
    """A quote of the sample comes out of the whole flow as its author meant it, or as it was, and told."""
    assert any(one["quote"] in text for text in COUNTS["texts"]())
    made = clean(FRONT + one["quote"], COUNTS["Settings"]())
    assert made.text == one["becomes"] + "\n"
    assert clean(FRONT + made.text, COUNTS["Settings"]()).text == made.text
    if one["fate"] == "full":
        assert clean(FRONT + one["quote"], COUNTS["FULL"]).text == one["in_full"] + "\n"
    if one["fate"] == "doubtful":
        assert "doubts" in [note.step for note in made.notes]
    if one["fate"] == "marked":
        assert [link.notes for link in made.links] == [("shortened",)]
    if one["fate"] == "metadata":
        assert (made.meta.kicker, made.meta.subtitle) == (one["kicker"], one["subtitle"])


def test_every_class_is_counted():
    """The counts of the sample, before and after, are those pinned, and the table of docs/benchmarks.md shows them."""
    kept = ("found", "left", "left_in_full", "left_in_records")
    pinned = {one["id"]: {name: one[name] for name in kept if name in one} for one in CLASSES}
    assert len(pinned) == 56
    counted = COUNTS["measured"]()
    assert counted == pinned
    assert COUNTS["table"](counted) in (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
