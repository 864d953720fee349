"""Quality, measured on public material and pinned in floor.toml."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from pipeline import normalize, repair
from pipeline.markdown import parser
from tests.conftest import ROOT

FLOOR = tomllib.loads((ROOT / "tests" / "floor.toml").read_text("utf-8"))
CODE = re.compile(r"<pre>.*?</pre>|<code>.*?</code>", re.DOTALL)


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in {".md", ".txt"}]


def test_clean_text_is_left_alone(shared: Path):
    """Repair changes no byte of undamaged text in any language."""
    changed = [data for data in texts(shared / "corpus") if repair(data).text.encode() != data]
    assert len(changed) == FLOOR["clean"]["changed"]


def test_the_broken_file_of_the_sample_comes_back_as_far_as_its_bytes_go():
    """Every letter of file 002 is that of its twin 000 or is marked as lost."""
    truth = (ROOT / "raw" / "000_a1f47e9a580df4b9.txt").read_text("utf-8")
    mended = repair((ROOT / "raw" / "002_0cc31b200e29ec80.txt").read_bytes()).text
    edits = [edit for edit in Levenshtein.opcodes(truth, mended) if edit.tag != "equal"]
    lost = [mended[edit.dest_start : edit.dest_end] for edit in edits]
    assert mended.count("\ufffd") <= FLOOR["sample_002"]["lost"]
    assert len("".join(lost).replace("\ufffd", "")) == FLOOR["sample_002"]["wrong"]


def test_ftfy_cases(shared: Path):
    """Of ftfy's own cases at least so many pass, and no negative one changes."""
    files = [path for path in (shared / "mojibake-cases").glob("*.json") if path.stem != "known-failures"]
    cases = [case for path in files for case in json.loads(path.read_text("utf-8")) if case.get("expect") != "fail"]
    passed = [case for case in cases if repair(case["original"]).text == case.get("fixed-encoding", case["fixed"])]
    negatives = json.loads((shared / "mojibake-cases" / "negative.json").read_text("utf-8"))
    changed = [case["original"] for case in negatives if repair(case["original"]).text not in allowed(case)]
    print(f"ftfy's cases: {len(passed)} of {len(cases)}; negatives changed: {changed}")  # noqa: T201 - the figure
    assert len(passed) >= FLOOR["ftfy_cases"]["passed"]
    assert len(changed) <= FLOOR["ftfy_cases"]["negatives_changed"]


def allowed(case: dict) -> set[str]:
    """Return what may come of a negative case: itself, or what ftfy's case says (one has a C1 control)."""
    return {case["original"], case.get("fixed-encoding", case["fixed"])}


def test_emphasis_in_real_posts(shared: Path):
    """Fewer posts show literal asterisks after the run than before, and hardly a step has to be undone."""
    posts = [data.decode() for data in texts(shared / "corpus" / "zh-posts")]
    if not posts:
        pytest.skip("no posts to measure on")
    normal = [normalize(text) for text in posts]
    before, after = ([shows_stars(text) for text in side] for side in (posts, [document.text for document in normal]))
    undone = [document for document in normal if any(note.promise for note in document.notes)]
    print(f"literal **: {sum(before)} -> {sum(after)} of {len(posts)}; undone: {len(undone)}")  # noqa: T201 - the figure
    assert sum(before) == FLOOR["emphasis"]["documents_before"]
    assert sum(after) <= FLOOR["emphasis"]["documents_after"]
    assert len(undone) <= FLOOR["promises"]["undone"]


def shows_stars(text: str) -> bool:
    return "**" in CODE.sub("", parser().render(text))
