"""Markdown means what its author meant, on the sample archive, the specifications and real posts."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

import pytest

from pipeline import Document, normalize
from pipeline.flow import MARKDOWN, follow
from pipeline.markdown import blocks, groups, parser
from pipeline.normal_form import normal_form
from pipeline.pandoc import DIALECT, pandoc
from pipeline.promises import SAME_MEANING
from tests.conftest import ROOT

EXAMPLE = re.compile(r"^`{32} example[^\n]*\n(.*?)\n?^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)
GONE = {  # classes of defects of the sample archive that a run with default settings leaves none of
    "a label that does not close before a letter": r"\*\*[^*\n]+[:：]\*\*(?=\w)",
    "a space between a label and its colon": r"\*\* +[:：]",
    "a phrase that does not close before a letter": r"(?<![*\w])\*[^*\n]+[。？)]\*(?=[\u4e00-\u9fff])",
    "a bare footnote mark in an author list": r"(?<!\\)\*、",
    "emphasis that starts within a name": r"[\u4e00-\u9fff]\*等",
    "a heading bold as a whole": r"^#+ \*\*.*\*\*$",
    "an address without its host": r"(?<!!)\[[^\]]*\]\(/",
    "a link without text": r"(?<!!)\[\]\(",
    "a link card over several blocks": r"\[#{1,6} .*\n\n",
    "a cut hashtag": r"\[# ",
    "the bare domain below a card": r"^[\w.]+\.com\]",
    "links without a separator": r"\)\* [\U0001F300-\U0001FAFF]\[",
    "no space before an emphasized citation": r"改编自\*",
    "a placeholder of machine translation": r"T\d+[:：】]",
    "a mistranslated label": r"\[(?:纸|纸张|代号)\]\(",
    "a list glued to its paragraph": r"^\d+\)\S",
    "two spaces behind a list number": r"^\d+\.  ",
    "a full-width comma inside a number": r"\d，\d{3}(?!\d)",
    "a captioned image without alternative text": r"!\[\]\([^)]*\)\n\nML-Collage",
    "no line end at the end": r"[^\n]\Z",
}


@pytest.fixture(scope="module")
def sample() -> list[tuple[str, str]]:
    """The readable posts of the sample archive, before and after."""
    posts = [(ROOT / "raw").glob(f"{number}_*") for number in ("000", "001", "003", "004")]
    texts = [file.read_text("utf-8") for found in posts for file in found]
    return [(text, normalize(text).text) for text in texts]


@pytest.mark.parametrize("defect", GONE)
def test_defects_of_the_sample_are_gone(defect: str, sample: list[tuple[str, str]]):
    """A defect that the posts have is in none of them afterwards."""
    pattern = re.compile(GONE[defect], re.MULTILINE)
    assert any(pattern.search(before) for before, _ in sample)
    assert not [match[0] for _, after in sample for match in pattern.finditer(after)]


def test_pandoc_reads_the_same_before_and_after_the_normal_form(sample: list[tuple[str, str]]):
    """Every post, mended, is the same tree to pandoc in normal form: our own proof decides as pandoc would."""
    for before, _ in sample:
        document = Document(PurePosixPath("post.md"), before)
        for step in MARKDOWN[:-1]:
            document = follow(step, document)
        assert tree(document.text) == tree(normal_form(document.text))


def tree(text: str) -> object:
    made = pandoc("-f", DIALECT, "-t", "json", data=text.encode())
    return json.loads(re.sub(rb'(?:,?\{"t":"(?:Space|SoftBreak)"\})+', b"", made))["blocks"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a *b* c\n", "a b c\n"),
        ("[a](b)\n", "[a](c)\n"),
        ("    code\n", "code\n"),
        ("- a\n\n- b\n", "- a\n- b\n"),
        ("1. a\n", "2. a\n"),
        ("# a\n", "## a\n"),
        ("```py\nx\n```\n", "```\nx\n```\n"),
        ("`a  b`\n", "`a b`\n"),
        ("[a]\n\n[a]: b\n", "[a]\n\n[a]: c\n"),
        ("| a |\n|---|\n| b |\n", "| a |\n|:--|\n| b |\n"),
        ("a\\\nb\n", "a\nb\n"),
        ("a\n", "a\n\nb\n"),
    ],
)
def test_a_change_of_meaning_is_seen(before: str, after: str):
    """The proof of meaning fails where a reader would see another document."""
    here = PurePosixPath("a.md")
    assert not SAME_MEANING.holds(Document(here, before), Document(here, after))
    assert SAME_MEANING.holds(Document(here, before), Document(here, before))


@pytest.mark.parametrize("name", ["commonmark", "gfm"])
def test_examples_of_the_specifications(name: str, shared: Path):
    """Of the examples at least 99.8 % render as before, and all are the same after a second pass."""
    texts = list(examples(shared / "conformance", name))
    made = [normalize(text).text for text in texts]
    same = sum(html(before) == html(after) for before, after in zip(texts, made, strict=True))
    assert same >= 0.998 * len(texts) > 0
    assert [normalize(text).text for text in made] == made


def examples(folder: Path, name: str) -> list[str]:
    for file in folder.glob(f"{name}*"):
        text = file.read_text("utf-8")
        if file.suffix == ".json":
            return [example["markdown"] for example in json.loads(text)]
        return [found.replace("→", "\t") + "\n" for found in EXAMPLE.findall(text)]
    pytest.skip("the examples are not here")


def html(text: str) -> str:
    return re.sub(r"[ \t\n]+", " ", parser().render(text.rstrip("\n") + "\n")).strip()


def test_parts_mean_what_they_mean_alone(shared: Path):
    """The parts that a text is looked at in are, one after the other, the blocks of the text."""
    for file in sorted((shared / "corpus" / "zh-posts").glob("*.md"))[::5]:
        text = file.read_text("utf-8").rstrip("\n") + "\n"
        parts = [token.content for group in groups(text) for token in group.blocks.tokens]
        assert parts == [token.content for token in blocks(text).tokens], file.name
