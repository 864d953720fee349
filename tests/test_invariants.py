"""Invariants and properties that hold for any text."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import FLOW, Document, Source, normalize, repair
from pipeline.changes import Change, apply, composed, inverse, undone
from pipeline.document import Cleaned, Skipped, Step
from pipeline.following import follow
from pipeline.invariants import SAME_WORDS
from pipeline.language.archive_statistics import pack_statistics, statistics_of, unpack_statistics
from pipeline.markdown import (
    HTML,
    URL,
    block_groups,
    of_other_kinds,
    opaque_spans,
    parse_blocks,
    yaml_fields,
    yaml_loader,
)
from pipeline.records.clean_file import clean_file
from pipeline.run.follow import follow_all
from pipeline.steps.html import SAME_SHOWN
from pipeline.steps.markdown_steps import MARKDOWN
from pipeline.urls.canonical import canonical_url
from pipeline.urls.identifiers import identifiers
from pipeline.urls.url_warnings import url_problems
from tests.conftest import CORPUS, ROOT

SLOW = settings(max_examples=int(os.environ.get("EXAMPLES", "60")), deadline=None)
HERE = PurePosixPath("any.md")
PIECES = tomllib.loads(Path(__file__).with_name("cases").joinpath("fragments.toml").read_text("utf-8"))
FRAGMENTS = [*PIECES["fragments"], *PIECES["opaque"], *PIECES["literal"]]
ADDRESS_PARTS, YAML_PARTS = PIECES["addresses"], PIECES["yaml"]
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))


ROLLBACKS = tomllib.loads((ROOT / "tests" / "cases" / "rollbacks.toml").read_text("utf-8"))["case"]
AVOIDED = [re.compile(case["avoid"], re.MULTILINE) for case in ROLLBACKS]


def without_controls(text: str) -> str:
    """Return a text after the first step: line ends and control characters as the other steps expect them."""
    return follow(FLOW[0], Document(HERE, text)).text


# Without the constructs of rollbacks.toml, on which a step is known to break an invariant.
sound = texts.filter(lambda text: not any(construct.search(without_controls(text)) for construct in AVOIDED))


@pytest.mark.parametrize("step", FLOW, ids=lambda step: step.name)
@SLOW
@given(text=sound)
@example(text="# 题\né\n# 题")
@example(text="****<b>\n`©`题")
@example(text="****\t\u3400")
@example(text="**\t{**\u3400")
@example(text='- 0\r\r  0) 0) 0\r=== "0"\r    0)')
def test_no_step_is_rolled_back(step, text):
    """On any text a step's invariants hold, so that it is never rolled back."""
    before = Document(HERE, text if step is FLOW[0] else without_controls(text))
    assert not [note for note in follow(step, before).notes if note.invariant]


@SLOW
@given(text=sound)
@example(text="\r-- \r\\[\r\\]")
def test_no_step_of_the_whole_flow_is_rolled_back(text):
    """In the whole flow, the invariants of each step hold on the output of the steps before it."""
    document = Document(HERE, text)
    for step in FLOW:
        document = follow(step, document)
    assert not [note for note in document.notes if note.invariant]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["label"], marks=pytest.mark.xfail(strict=True, reason="rolled back"))
        for case in ROLLBACKS
    ],
)
def test_a_known_rollback(case):
    """The step is rolled back; when it no longer is, its case must be removed from rollbacks.toml."""
    step = next(step for step in FLOW if step.name == case["step"])
    notes = [note for note in follow(step, Document(HERE, case["text"])).notes if note.invariant]
    assert not notes


@pytest.mark.parametrize("case", ROLLBACKS, ids=lambda case: case["label"])
def test_a_known_rollback_is_of_the_invariant_that_it_names(case):
    """A step that breaks an invariant leaves the text as it was, with a note that names the invariant."""
    step = next(step for step in FLOW if step.name == case["step"])
    after = follow(step, Document(HERE, case["text"]))
    assert after.text == case["text"]
    assert [note.invariant for note in after.notes] == [case["invariant"]]
    assert re.search(case["avoid"], case["text"], re.MULTILINE)


def test_a_step_that_breaks_an_invariant_is_rolled_back():
    """A step that replaces any text is rolled back: this shows that the property tests above can fail."""
    wrong = Step("wrong", lambda document: replace(document, text="x"), (SAME_WORDS,))
    after = follow(wrong, Document(HERE, "text"))
    assert after.text == "text"
    assert [note.invariant for note in after.notes] == ["explained"]


@pytest.mark.parametrize("step", FLOW, ids=lambda step: step.name)
@SLOW
@given(text=texts)
def test_changes_undo(step, text):
    """Undoing the changes of a step gives the text before the step."""
    after = follow(step, Document(HERE, text))
    assert apply(after.text, inverse(after.changes)) == undone(after.text, after.changes) == text


@pytest.mark.parametrize("change", [Change("x", (0, 1), "a", "c", ""), Change("x", (2, 3), "a", "b", "")])
def test_only_changes_that_were_made_are_undone(change):
    """A text that does not have what a change made is refused, as by `apply`."""
    with pytest.raises(ValueError, match="the text at"):
        undone("ab", [change])


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("a\n\n<b>b</b> c\n\nd\n", "a\n\n**b** c\n\nd\n", True),
        ("a\n\n<b>b</b> c\n\nd\n", "a\n\nb c\n\nd\n", False),
        ("<p>[a]</p>\n\nb\n", "[a]\n\nb\n", True),
        ("<p>[a]</p>\n\n[a]: https://e.org\n", "[a]\n\n[a]: https://e.org\n", False),  # a definition elsewhere
        ("<p>b[^1]</p>\n\n[^1]: c\n", "b[^1]\n\n[^1]: c\n", False),
        ("<div>\n\na\n\n</div>\n\n<p>b</p>\n", "<div>\n\na\n\n</div>\n\nb\n", True),
        ("<ul><li>\n\n<p>a</p>\n\n</li></ul>\n", "<ul><li>\n\n- a\n\n</li></ul>\n", False),
    ],
)
def test_what_a_browser_shows(before, after, same):
    """Only the parts that differ are compared, unless definitions or notes elsewhere are for them."""
    assert SAME_SHOWN.holds(Document(HERE, before), Document(HERE, after)) is same


@st.composite
def edits(draw: st.DrawFn, length: int) -> list[tuple[int, int, str]]:
    """Return random edits of a text of `length` characters, in order: start, end and new text."""
    cuts = sorted(draw(st.lists(st.integers(0, length), max_size=8, unique=True)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    return [(start, end, draw(st.text("xyz", max_size=3))) for start, end in spans]


def changes(text: str, made: list[tuple[int, int, str]]) -> list[Change]:
    """Return edits of a text as a list of changes."""
    return [Change("any", (start, end), text[start:end], after, "", 1.0) for start, end, after in made]


@given(data=st.data(), text=st.text("abc", max_size=20))
def test_changes_of_two_passes_are_composed(data, text):
    """The composed changes of two passes give the same text as one pass after the other."""
    first = changes(text, data.draw(edits(len(text))))
    between = apply(text, first)
    second = changes(between, data.draw(edits(len(between))))
    assert apply(text, composed(text, first, second)) == apply(between, second)


@pytest.mark.parametrize("step", MARKDOWN, ids=lambda step: step.name)
@SLOW
@given(text=texts)
def test_a_second_pass_of_a_step_changes_nothing(step, text):
    """A second pass of a step that writes Markdown changes nothing."""
    once = follow(step, Document(HERE, text)).text
    assert follow(step, Document(HERE, once)).text == once


@pytest.mark.parametrize("step", MARKDOWN, ids=lambda step: step.name)
@SLOW
@given(text=texts)
def test_a_step_changes_no_opaque_region(step, text):
    """No change of a step touches an opaque region, except `cards` and `artefacts` URLs, and `html` HTML and `<pre>`.

    The steps that rewrite whole lines, `normalize` and `lists`, are not checked here.
    """
    after = follow(step, Document(HERE, text))
    but = {"cards": (URL,), "artefacts": (URL,), "html": (HTML,)}.get(step.name, ())
    if step.name in {"normalize", "lists"}:
        return
    for start, end in (change.span for change in after.changes):
        for region in of_other_kinds(opaque_spans(text), but):
            if step.name == "html" and text.startswith("<", region.start):
                continue
            inside = region.start < start < region.end if start == end else start < region.end and region.start < end
            assert not inside or text[slice(*region[:2])] in after.text


@SLOW
@given(text=texts)
@example(text="原文：http://w ](/")
@example(text="###作\nの\n=")
@example(text="「引」**/*.py, *.txt::: tip\n1. a\n$x$\ufffd김**님, 이**님src/*.c and lib/*.hf*ck and sh*t")
def test_a_run_on_a_clean_file_changes_nothing(text):
    """The whole flow does not change the text of a clean file."""
    once = follow_all(Source(HERE, text.encode()), FLOW)
    if isinstance(once, Cleaned):
        twice = follow_all(Source(HERE, clean_file(once.document)), FLOW)
        assert isinstance(twice, Cleaned)
        assert twice.document.text.lstrip("\n") == once.document.text.lstrip("\n")


@SLOW
@given(text=texts)
@example(text="À\x80Á\x80Â\x80\0")
@example(text="###作\nの\n=")
@example(text="e\n=\n### A")
@example(text="原文：http://w ](/")
@example(text="ГѓВ©dвЂ®вЂ‹")
def test_a_second_pass_changes_nothing(text):
    """A second pass of repair, and of the formatter, changes nothing."""
    assert repair(repair(text).text).changes == ()
    once = normalize(text).text
    assert normalize(once).text == once


@SLOW
@given(text=texts.map(lambda text: re.sub("[\0\r]", "\n", text)))
@example(text="<div>\n# a\n</div>\n\n<!-- b -->\n# c\nd\n# e | f\n|---|---|\n")
def test_the_parts_of_a_text_are_its_blocks(text):
    """The parts that a text is parsed in contain, in order, the blocks of the whole text."""
    parts = [token for group in block_groups(text) for token in group.blocks.tokens]
    for alone, within in zip(parts, parse_blocks(text + "\n").tokens, strict=True):
        assert (alone.type, alone.content.strip()) == (within.type, within.content.strip())


@SLOW
@given(block=st.lists(st.sampled_from(YAML_PARTS), max_size=20).map("".join))
def test_front_matter_is_read_alike_by_both_readers(block):
    """The fast reader of YAML gives the same fields as the full parser."""
    read = yaml_fields.yaml_fields(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_loader, "MOST_NESTING_CHARACTERS", -1)
        assert yaml_fields.yaml_fields(block) == read


@SLOW
@given(address=st.one_of(st.text(max_size=80), st.lists(st.sampled_from(ADDRESS_PARTS), max_size=9).map("".join)))
def test_a_canonical_url_is_canonical(address):
    """The canonical form of any text is its own canonical form; `identifiers` and `url_problems` accept any text."""
    form = canonical_url(address)
    assert canonical_url(form) == form
    identifiers(form)
    url_problems(address, form)


@SLOW
@given(data=st.one_of(st.binary(max_size=300), texts.map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_end_well(data):
    """Any bytes are cleaned or skipped with a reason; they never reveal a bug."""
    outcome = follow_all(Source(HERE, data), FLOW)
    assert isinstance(outcome, Cleaned | Skipped)
    if isinstance(outcome, Skipped):
        assert outcome.cause != "bug", outcome.trace
        assert outcome.reason
    else:
        outcome.document.text.encode()


LINES = [line for path in sorted(CORPUS.glob("texts/*/*.md")) for line in path.read_text("utf-8").splitlines()]


@SLOW
@given(lines=st.lists(st.sampled_from(LINES), max_size=8))
def test_sound_utf8_is_repaired_to_itself(lines):
    """Repair does not change a byte of sound lines, in any language and any order."""
    data = "\n".join(lines).encode()
    document = repair(data)
    assert document.text.encode() == data
    assert not document.changes


@SLOW
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
@example(text="0\x02")
def test_utf8_is_decoded_as_such(text):
    """Any UTF-8 is decoded as UTF-8: undoing the changes of repair gives its text. NUL occurs only in UTF-16."""
    document = repair(text.encode())
    assert apply(document.text, inverse(document.changes)) == text


@settings(max_examples=20, deadline=None)
@given(
    before=st.dictionaries(st.sampled_from("abcd"), st.text("网页保存ab ", max_size=40)),
    after=st.dictionaries(st.sampled_from("abcd"), st.text("网页保存ab ", max_size=40)),
)
def test_updated_statistics_equal_new_ones(before, after):
    """Statistics that are updated between runs equal those that are computed from the current texts alone."""
    grown, new = statistics_of(after, unpack_statistics(pack_statistics(statistics_of(before)))), statistics_of(after)
    assert pack_statistics(grown) == pack_statistics(new)
