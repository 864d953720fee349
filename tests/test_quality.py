"""Quality, measured on public material and pinned in floor.toml."""

from __future__ import annotations

import importlib
import json
import os
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

import comrak
import pytest
from rapidfuzz.distance import Levenshtein

from pipeline import Document, normalize, repair
from pipeline.following import follow
from pipeline.language.archive_statistics import NO_STATISTICS, statistics_of
from pipeline.markdown.formatter import format_markdown
from pipeline.markdown.front_matter import front_matter_of
from pipeline.steps.markdown_steps import MARKDOWN
from tests.conftest import ROOT

FLOOR = tomllib.loads((ROOT / "tests" / "floor.toml").read_text("utf-8"))
CODE = re.compile(r"<pre>.*?</pre>|<code>.*?</code>", re.DOTALL)


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in {".md", ".txt"}]


def test_clean_text_is_left_alone(shared: Path):
    """Repair changes no byte of undamaged text in any language."""
    changed = [data for data in texts(shared / "corpus") if repair(data).text.encode() != data]
    assert len(changed) == FLOOR["clean"]["changed"]


def test_the_broken_file_of_the_sample_comes_back():
    """Of the 420 characters with missing bytes in 002, the pinned number comes back, alone and with other posts."""
    posts = {file.name[:3]: file.read_bytes().decode() for file in sorted((ROOT / "raw").glob("*.txt"))}
    others = statistics_of({name: posts[name] for name in ("001", "003", "004")})
    alone, among = (
        Levenshtein.distance(posts["000"], repair(posts["002"], archive=a).text) for a in (NO_STATISTICS, others)
    )
    print(f"002: {420 - alone} of 420 alone, {420 - among} among three others")  # noqa: T201 - the figure
    assert 420 - alone >= FLOOR["sample_002"]["alone"]
    assert 420 - among >= FLOOR["sample_002"]["among_others"]


TEXTS = int(os.environ.get("TEXTS", "4"))  # of each language, at least, spread over the files of its folder
LENGTH = 1_600  # characters
RECIPES = tomllib.loads((ROOT / "tests" / "floor.toml").read_text("utf-8"))["recovery"]


@pytest.mark.parametrize(("recipe", "language"), [(name, language) for name in RECIPES for language in RECIPES[name]])
def test_recovery(recipe: str, language: str, shared: Path, monkeypatch: pytest.MonkeyPatch):
    """Of the characters that a recipe damages, at least the pinned share is right after repair; no file gets worse."""
    monkeypatch.syspath_prepend(shared / "eval")
    score = importlib.import_module("score_repair")
    damage = importlib.import_module("damage")
    chain = damage.RECIPES.get(recipe, recipe)
    lost = right = 0
    for truth, broken in _damaged(shared / "corpus" / language, chain, damage.damage):
        repaired = repair(broken).text
        gone = score.lost_characters(truth, chain)
        gone = gone if any(gone) else [True] * len(truth)
        kept = score.align(truth, repaired)
        lost, right = lost + sum(gone), right + sum(a and b for a, b in zip(gone, kept, strict=True))
        assert Levenshtein.distance(truth, repaired) <= Levenshtein.distance(truth, broken)
    print(f"{recipe} {language}: {right / lost:.4f} of {lost}")  # noqa: T201 - the figure
    assert right / lost >= RECIPES[recipe][language]


def _damaged(folder: Path, chain: str, damage: Callable) -> list[tuple[str, str]]:
    """Return the beginnings of some texts, each with its damaged form, if the codecs of the chain can encode it."""
    found = []
    for path in sorted(folder.rglob("*.md")):
        truth = path.read_text("utf-8")[:LENGTH].replace("\u00ad", "")
        with suppress(UnicodeError):
            found.append((truth, damage(truth, chain)))
    broken = [(truth, text) for truth, text in found if text != truth]
    return broken[:: max(1, len(broken) // TEXTS)]


def test_ftfy_cases(shared: Path):
    """At least the pinned numbers of ftfy's cases and of its known failures pass, and no negative case changes."""
    files = [path for path in (shared / "mojibake-cases").glob("*.json") if path.stem != "known-failures"]
    cases = [case for path in files for case in json.loads(path.read_text("utf-8")) if case.get("expect") != "fail"]
    passed = [case for case in cases if restores(case)]
    negatives = json.loads((shared / "mojibake-cases" / "negative.json").read_text("utf-8"))
    changed = [case["original"] for case in negatives if repair(case["original"]).text not in allowed(case)]
    failures = json.loads((shared / "mojibake-cases" / "known-failures.json").read_text("utf-8"))
    repaired = sum(repair(case["original"]).text == case.get("fixed-encoding", case["fixed"]) for case in failures)
    print(  # noqa: T201 - the figure
        f"ftfy's cases: {len(passed)} of {len(cases)}; known failures: {repaired} of {len(failures)}; "
        f"negatives changed: {changed}"
    )
    assert repaired >= FLOOR["ftfy_cases"]["known_failures"]
    assert len(passed) >= FLOOR["ftfy_cases"]["passed"]
    assert len(changed) <= FLOOR["ftfy_cases"]["negatives_changed"]


def restores(case: dict) -> bool:
    """Return whether repair gives the text of a case; where that has U+FFFD, repair may give any character."""
    expected = re.escape(case.get("fixed-encoding", case["fixed"])).replace("\ufffd", ".")
    return re.fullmatch(expected, repair(case["original"]).text, re.DOTALL) is not None


def allowed(case: dict) -> set[str]:
    """Return the texts that a negative case may become: itself, or ftfy's result (one has a C1 control)."""
    return {case["original"], case.get("fixed-encoding", case["fixed"])}


def comrak_html(text: str, *, cjk: bool = False) -> str:
    """Return the HTML of an independent parser; with `cjk`, emphasis also ends next to CJK characters."""
    extensions = comrak.ExtensionOptions()
    extensions.table = extensions.strikethrough = extensions.footnotes = extensions.tasklist = True
    extensions.cjk_friendly_emphasis = cjk
    return comrak.render_markdown(text, extension_options=extensions)


@pytest.mark.parametrize("folders", [("zh-posts",), ("zh", "zh-hant", "ja", "ko")], ids=" ".join)
def test_emphasis_as_another_parser_reads_it(folders: tuple[str, ...], shared: Path):
    """After formatting, a plain CommonMark parser shows `**` in no more texts than a parser with CJK rules did before.

    The second set of folders has texts on which no rule was written.
    """
    found = [data.decode() for folder in folders for data in texts(shared / "corpus" / folder)]
    made = [normalize(text) for text in found]
    before, friendly, after = (
        sum("**" in CODE.sub("", html) for html in side)
        for side in (
            map(comrak_html, found),
            (comrak_html(text, cjk=True) for text in found),
            (comrak_html(document.text) for document in made),
        )
    )
    print(f"{' '.join(folders)}: ** in {before}, read by CJK rules {friendly}, after {after}")  # noqa: T201 - the figure
    assert [before, after] == FLOOR["emphasis"][folders[0]]
    assert after <= friendly
    assert sum(any(note.invariant for note in document.notes) for document in made) <= FLOOR["promises"]["undone"]


def test_another_parser_reads_the_same_after_formatting(shared: Path):
    """An independent parser gives the same HTML before and after formatting: a second check of equal meaning."""
    for file in sorted((shared / "corpus").glob("*/*.md"))[::9]:
        text = file.read_text("utf-8")
        front = front_matter_of(text)
        document = Document(PurePosixPath(file.name), text[len(front.block) :] if front else text)
        for step in (step for step in MARKDOWN if step.name != "normalize"):
            document = follow(step, document)
        old, new = (re.sub(r"\s+", " ", comrak_html(text)) for text in (document.text, format_markdown(document.text)))
        assert old == new, file.name
