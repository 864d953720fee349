"""The promises, held on any text at all."""

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
from pipeline.changes import Change, apply, composed, inverse
from pipeline.document import Cleaned, Skipped, Step
from pipeline.flow import MARKDOWN, follow
from pipeline.invariants import SAME_WORDS
from pipeline.language.archive_statistics import pack_statistics, statistics_of, unpack_statistics
from pipeline.markdown import URL, block_groups, of_other_kinds, opaque_spans, parse_blocks, yaml_fields
from pipeline.records.clean_file import clean_file
from pipeline.run.worker import follow_all
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
    """Return what the first step leaves of a text: line ends and control characters as the other steps expect them."""
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
    """On any text a step holds its invariants: the runner never has to roll it back."""
    before = Document(HERE, text if step is FLOW[0] else without_controls(text))
    assert not [note for note in follow(step, before).notes if note.invariant]


@SLOW
@given(text=sound)
@example(text="\r-- \r\\[\r\\]")
def test_no_step_of_the_whole_flow_is_rolled_back(text):
    """On what the steps before it made of any text, a step holds its invariants as well."""
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
    """The step is rolled back; once it is not, its case leaves rollbacks.toml."""
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
    """A step that replaces any text by another one is caught: the property tests above can fail."""
    wrong = Step("wrong", lambda document: replace(document, text="x"), (SAME_WORDS,))
    after = follow(wrong, Document(HERE, "text"))
    assert after.text == "text"
    assert [note.invariant for note in after.notes] == ["explained"]


@pytest.mark.parametrize("step", FLOW, ids=lambda step: step.name)
@SLOW
@given(text=texts)
def test_changes_undo(step, text):
    """The changes of a step, undone, give the text before it."""
    after = follow(step, Document(HERE, text))
    assert apply(after.text, inverse(after.changes)) == text


@st.composite
def edits(draw: st.DrawFn, length: int) -> list[tuple[int, int, str]]:
    """Return where a text of `length` is changed, in order, and to what."""
    cuts = sorted(draw(st.lists(st.integers(0, length), max_size=8, unique=True)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    return [(start, end, draw(st.text("xyz", max_size=3))) for start, end in spans]


def changes(text: str, made: list[tuple[int, int, str]]) -> list[Change]:
    """Return edits of a text as changes."""
    return [Change("any", (start, end), text[start:end], after, "", 1.0) for start, end, after in made]


@given(data=st.data(), text=st.text("abc", max_size=20))
def test_two_passes_are_told_as_one(data, text):
    """The changes of two passes, composed, give what the one and then the other give."""
    first = changes(text, data.draw(edits(len(text))))
    between = apply(text, first)
    second = changes(between, data.draw(edits(len(between))))
    assert apply(text, composed(text, first, second)) == apply(between, second)


@pytest.mark.parametrize("step", MARKDOWN, ids=lambda step: step.name)
@SLOW
@given(text=texts)
def test_a_second_pass_of_a_step_changes_nothing(step, text):
    """Each step that writes Markdown is done after one pass."""
    once = follow(step, Document(HERE, text)).text
    assert follow(step, Document(HERE, once)).text == once


@pytest.mark.parametrize("step", MARKDOWN, ids=lambda step: step.name)
@SLOW
@given(text=texts)
def test_a_step_changes_no_opaque_region(step, text):
    """No change of a step touches an opaque region, but those of `cards` to URLs, and those that write lines anew."""
    after = follow(step, Document(HERE, text))
    but = {"cards": (URL,), "artefacts": (URL,)}.get(step.name, ())
    if step.name in {"normalize", "lists"}:
        return
    for start, end in (change.span for change in after.changes):
        for region in of_other_kinds(opaque_spans(text), but):
            inside = region.start < start < region.end if start == end else start < region.end and region.start < end
            assert not inside or text[slice(*region[:2])] in after.text


@SLOW
@given(text=texts)
@example(text="原文：http://w ](/")
@example(text="###作\nの\n=")
def test_a_run_on_a_clean_file_changes_nothing(text):
    """The whole flow leaves the text of its own clean files as it is."""
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
    """Repair and normal form are reached in one pass."""
    assert repair(repair(text).text).changes == ()
    once = normalize(text).text
    assert normalize(once).text == once


@SLOW
@given(text=texts.map(lambda text: re.sub("[\0\r]", "\n", text)))
@example(text="<div>\n# a\n</div>\n\n<!-- b -->\n# c\nd\n# e | f\n|---|---|\n")
def test_the_parts_of_a_text_are_its_blocks(text):
    """The parts that a text is looked at in are, one after the other, the blocks of the text."""
    parts = [token for group in block_groups(text) for token in group.blocks.tokens]
    for alone, within in zip(parts, parse_blocks(text + "\n").tokens, strict=True):
        assert (alone.type, alone.content.strip()) == (within.type, within.content.strip())


@SLOW
@given(block=st.lists(st.sampled_from(YAML_PARTS), max_size=20).map("".join))
def test_front_matter_is_read_alike_by_both_readers(block):
    """What the quick reader of YAML may read, it reads as the careful one does."""
    read = yaml_fields.yaml_fields(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_fields, "MOST_NESTING_CHARACTERS", -1)
        assert yaml_fields.yaml_fields(block) == read


@SLOW
@given(address=st.one_of(st.text(max_size=80), st.lists(st.sampled_from(ADDRESS_PARTS), max_size=9).map("".join)))
def test_a_canonical_address_is_canonical(address):
    """The canonical form of any text at all is its own canonical form, and identifiers are read off it without fail."""
    form = canonical_url(address)
    assert canonical_url(form) == form
    identifiers(form)
    url_problems(address, form)


@SLOW
@given(data=st.one_of(st.binary(max_size=300), texts.map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_end_well(data):
    """Whatever the bytes, a document is cleaned or skipped with a reason; it is never a bug."""
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
    """Lines of sound text of any language, in any order, come out of repair byte for byte."""
    data = "\n".join(lines).encode()
    document = repair(data)
    assert document.text.encode() == data
    assert not document.changes


@SLOW
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
@example(text="0\x02")
def test_utf8_is_decoded_as_such(text):
    """Any UTF-8 is decoded as UTF-8: the changes of repair, undone, give its text. NUL is in no text but UTF-16."""
    document = repair(text.encode())
    assert apply(document.text, inverse(document.changes)) == text


@settings(max_examples=20, deadline=None)
@given(
    before=st.dictionaries(st.sampled_from("abcd"), st.text("网页保存ab ", max_size=40)),
    after=st.dictionaries(st.sampled_from("abcd"), st.text("网页保存ab ", max_size=40)),
)
def test_evidence_that_grew_is_that_made_anew(before, after):
    """What an archive says does not depend on what was in it once, nor on being kept between runs."""
    grown, anew = statistics_of(after, unpack_statistics(pack_statistics(statistics_of(before)))), statistics_of(after)
    assert pack_statistics(grown) == pack_statistics(anew)
