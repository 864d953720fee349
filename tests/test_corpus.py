"""Tests that need only a clone, not ../shared: sound text stays, mojibake is repaired, Markdown keeps its meaning.

All material is in tests/corpus/. test_quality.py and test_markdown.py measure the same on more text if it is there.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from pipeline import normalize, repair
from pipeline.markdown import BlockGroup, block_groups, parse_blocks
from pipeline.markdown.fast_format import is_formatted
from pipeline.markdown.fast_parse import simple_block_tokens
from pipeline.markdown.formatter import format_group, format_markdown
from pipeline.markdown.parsing import block_parser
from tests.conftest import CORPUS, ROOT
from tests.test_markdown import html
from tests.test_quality import restores
from tests.test_recovery import LOSSY, dropped, misdecoded

TEXTS = sorted(CORPUS.glob("texts/*/*.md"))
FLOOR = tomllib.loads((ROOT / "tests" / "floor.toml").read_text("utf-8"))
RECOVERY = FLOOR["corpus_recovery"]
SHIPPED = 20  # languages


def of_language(language: str) -> list[str]:
    """Return the texts of one language."""
    return [path.read_text("utf-8") for path in TEXTS if path.parent.name == language]


def read(path: Path) -> list:
    """Return a file of cases."""
    return json.loads(path.read_text("utf-8"))


def test_there_are_two_texts_a_language():
    """Each language has two texts and a minimum recovery."""
    languages = {path.parent.name for path in TEXTS}
    assert len(languages) == SHIPPED
    assert all(len(of_language(language)) == 2 for language in languages)
    assert set(RECOVERY) == languages


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_sound_text_stays(path: Path):
    """Repair and the Markdown steps change no byte of sound, formatted text, and roll back nothing."""
    data = path.read_bytes()
    assert repair(data).text.encode() == data
    normalized = normalize(data.decode())
    assert normalized.text.encode() == data
    assert not normalized.notes


@pytest.mark.parametrize("language", sorted(RECOVERY))
def test_mojibake_without_loss_is_repaired_exactly(language: str):
    """UTF-8 decoded as Windows-1252, once and twice, comes back to the character."""
    for text in of_language(language):
        once = misdecoded(text, "utf-8>cp1252")
        assert repair(once).text == text
        assert repair(misdecoded(once, "utf-8>cp1252")).text == text


@pytest.mark.parametrize("language", sorted(RECOVERY))
def test_characters_with_missing_bytes_come_back(language: str):
    """Of the characters that lost a byte, at least the pinned share is right, and no text gets worse."""
    lost = wrong = 0
    for text in of_language(language):
        broken = dropped(text)
        repaired = repair(broken).text
        lost += sum(any(byte in char for byte in LOSSY) for char in (misdecoded(char, "utf-8>cp1252") for char in text))
        wrong += Levenshtein.distance(text, repaired)
        assert Levenshtein.distance(text, repaired) <= Levenshtein.distance(text, broken)
    print(f"{language}: {lost - wrong} of {lost}")  # noqa: T201 - the figure
    assert 1 - wrong / max(lost, 1) >= RECOVERY[language]


def test_cases_of_ftfy(corpus: Path):
    """At least the pinned number of ftfy's cases pass, and text that ftfy leaves alone is left alone."""
    cases = read(corpus / "ftfy" / "test_cases.json")
    known = [case for case in cases if case["expect"] == "pass"]
    failures = [case for case in cases if case["expect"] == "fail"]
    unchanged = [case for case in known if case.get("fixed-encoding", case["fixed"]) == case["original"]]
    changed = [case["label"] for case in unchanged if repair(case["original"]).text != case["original"]]
    passed = sum(map(restores, known))
    repaired = sum(map(restores, failures))
    print(  # noqa: T201 - the figure
        f"{passed} of {len(known)}, {repaired} of {len(failures)} known failures, changed: {changed}"
    )
    assert passed >= FLOOR["ftfy_cases"]["passed"]
    assert repaired >= FLOOR["ftfy_cases"]["known_failures"]
    assert len(changed) <= FLOOR["ftfy_cases"]["negatives_changed"]


@pytest.fixture(scope="module")
def examples() -> list[str]:
    """The Markdown of the examples of CommonMark 0.31.2."""
    return read(CORPUS / "commonmark" / "examples.json")


RENDERED_OTHERWISE = {
    "# foo ##################################\n##### foo ##\n",  # a skipped level of headings is closed
    "5*6*78\n",  # a product: the asterisks are text
    "<del>*foo*</del>\n",  # these hold raw HTML that Markdown has marks for
    "Foo\n<div>\nbar\n</div>\n",
    '*<img src="foo" title="*"/>\n',
    "<table>\n\n  <tr>\n\n    <td>\n      Hi\n    </td>\n\n  </tr>\n\n</table>\n",  # the cell is not code
}


def test_examples_of_commonmark(examples: list[str]):
    """All examples but six render as before they were formatted; a second pass changes none."""
    formatted = [normalize(text).text for text in examples]
    pairs = zip(examples, formatted, strict=True)
    assert {before for before, after in pairs if html(before) != html(after)} == RENDERED_OTHERWISE
    assert [normalize(text).text for text in formatted] == formatted


@pytest.fixture(scope="module")
def parts(examples: list[str]) -> list[str]:
    """The parts that texts are parsed in: of the examples, and of the texts before and after formatting."""
    texts = [path.read_text("utf-8") for path in TEXTS]
    every = [*examples, *texts, *map(format_markdown, texts)]
    return sorted({group.text for text in every for group in block_groups(text)})


def test_parts_of_a_text_are_its_blocks():
    """The parts of a text, parsed one by one, are the blocks of the text."""
    for path in TEXTS:
        text = path.read_text("utf-8")
        alone = [token.content for group in block_groups(text) for token in group.blocks.tokens]
        assert alone == [token.content for token in parse_blocks(text).tokens], path.name


def test_the_fast_path_parses_as_the_parser_does(parts: list[str]):
    """A part that is parsed without the parser gives the parser's tokens, to the last field."""
    quick = {part: tokens for part in parts if (tokens := simple_block_tokens(part))}
    assert quick
    for part, tokens in quick.items():
        assert [token.as_dict() for token in tokens] == [token.as_dict() for token in block_parser().parse(part)], part


def test_the_fast_path_formats_as_the_formatter_does(parts: list[str]):
    """A part that is recognized as formatted is what the formatter makes of it."""
    formatted = [part for part in (re.sub(r"\n\Z", "", part) for part in parts) if part and is_formatted(part)]
    assert formatted
    for part in formatted:
        assert format_group(BlockGroup(0, part), behind=True) == part


def test_the_readme_describes_every_file():
    """Each file of tests/corpus/ has a row with its source and licence."""
    described = re.findall(r"^\| `([^`]+)` \|", (CORPUS / "README.md").read_text("utf-8"), re.MULTILINE)
    patterns = [name.replace("LANGUAGE", "*") for name in described]
    files = {path for path in CORPUS.rglob("*") if path.is_file() and path.name not in {"README.md", "LICENSE"}}
    assert files == {path for pattern in patterns for path in CORPUS.glob(pattern)}
