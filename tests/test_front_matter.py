"""Front matter of every kind is read and removed from the text; what only looks like front matter stays."""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Document, normalize
from pipeline.document import Cleaned, Source
from pipeline.flow import FLOW
from pipeline.markdown.front_matter import front_matter_of
from pipeline.run.follow import follow_all
from pipeline.steps.describe import describe
from tests.conftest import ROOT

CASES = tomllib.loads((ROOT / "tests" / "cases" / "front_matter.toml").read_text("utf-8"))["case"]
HOSTILE = {
    "nested TOML": "+++\na = " + "[" * 5000 + "]" * 5000 + "\n+++\n",
    "nested JSON": ";;;\n" + '{"a":' * 5000 + "1" + "}" * 5000 + "\n;;;\n",
    "a nested object": '{"title": ' + "[" * 20_000 + "\n",
    "a long number": "+++\na = " + "9" * 16_000 + "\n+++\n",
    "a long number in JSON": '---json\n{"a": ' + "9" * 16_000 + "}\n---\n",
    "long TOML": '+++\na = "' + "x" * 20_000 + '"\n+++\n',
    "many fences": "---\n" * 50_000,
    "many fields": "title: a\n" * 50_000,
    "dotted keys": "+++\n" + ".".join("a" * 1 for _ in range(4000)) + " = 1\n+++\n",
    "infinity": ';;;\n{"title": NaN, "date": Infinity}\n;;;\n',
    "a title block": "% a\n" * 20_000,
    "blank lines": "\n" * 200_000 + "---\n",
}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["label"]) for case in CASES])
def test_front_matter_is_found(case):
    """The block and its fields are those of the case; a text without front matter keeps all of it."""
    block, body = case.get("block", ""), case["body"]
    document = describe(Document(PurePosixPath("a.md"), block + body))
    assert document.text == body
    assert document.meta.front_matter == block
    found = front_matter_of(block + body)
    if block:
        assert found
        assert found.fields == case["fields"]
        assert normalize(block + body).text.startswith(block)
    else:
        assert not found or found.problem
        assert not document.notes or "cannot be read" in document.notes[0].message


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_front_matter_costs_only_its_fields(name):
    """Whatever the block contains, the post is cleaned, and its fields are values that YAML can represent."""
    outcome = follow_all(Source(PurePosixPath("a.md"), (HOSTILE[name] + "\nThe text of the post.\n").encode()), FLOW)
    assert isinstance(outcome, Cleaned), outcome
    assert "The text of the post." in outcome.document.text
    yaml.safe_dump(dict(outcome.document.meta.extra))


PARTS = st.sampled_from(
    ["---", "+++", ";;;", "...", "{", "}", "title: a", "title = 1", '"title": "a",', "% a", "% 2001", "", "b", "- c"]
)


@given(st.lists(PARTS, max_size=8).map("\n".join))
def test_front_matter_is_the_start_of_the_text(text):
    """The block is the start of the text, and a second pass over the rest changes nothing."""
    found = front_matter_of(text)
    if found:
        assert text.startswith(found.block)
        assert bool(found.problem) <= (not found.fields)
