"""Markdown keeps its meaning, on the sample archive, the specifications and real posts."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from markdown_it.token import Token

from pipeline import Document, normalize
from pipeline.following import follow
from pipeline.invariants import SAME_MEANING
from pipeline.markdown import BlockGroup, block_groups, parse_blocks, parser
from pipeline.markdown.fast_format import is_formatted
from pipeline.markdown.fast_parse import simple_block_tokens
from pipeline.markdown.formatter import format_group, format_markdown
from pipeline.markdown.link_dialects import link_parser, link_tokens, new_link_parser
from pipeline.markdown.pandoc import DIALECT, run_sandboxed
from pipeline.markdown.parsing import block_parser, new_parser
from pipeline.markdown.quick_parser import inline_children
from pipeline.steps.markdown_steps import MARKDOWN
from tests.conftest import ROOT
from tests.random_markdown import random_markdown

EXAMPLE = re.compile(r"^`{32} example[^\n]*\n(.*?)\n?^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def sample() -> list[str]:
    """The readable posts of the sample archive."""
    posts = [(ROOT / "raw").glob(f"{number}_*") for number in ("000", "001", "003", "004")]
    return [file.read_text("utf-8") for found in posts for file in found]


def test_pandoc_reads_the_same_before_and_after_formatting(sample: list[str]):
    """For every post, pandoc reads the same tree before and after formatting, as our own check of meaning says."""
    for before in sample:
        document = Document(PurePosixPath("post.md"), before)
        for step in (step for step in MARKDOWN if step.name != "normalize"):
            document = follow(step, document)
        assert tree(document.text) == tree(format_markdown(document.text))


def tree(text: str) -> object:
    made = run_sandboxed("-f", DIALECT, "-t", "json", data=text.encode())
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
    """The invariant of equal meaning fails where a reader would see a different document."""
    here = PurePosixPath("a.md")
    assert not SAME_MEANING.holds(Document(here, before), Document(here, after))
    assert SAME_MEANING.holds(Document(here, before), Document(here, before))


@pytest.mark.parametrize("name", ["commonmark", "gfm"])
def test_examples_of_the_specifications(name: str, shared: Path):
    """At least 99.8 % of the examples render as before, and a second pass changes none.

    `5*6*78` is a product here, not emphasis. Raw HTML that is written as Markdown renders alike, with other tags. The
    table whose tags become code by their indentation (CommonMark 0.31.2, example 191) is a table here.
    """
    other = {"5*6*78\n", "<del>*foo*</del>\n", "Foo\n<div>\nbar\n</div>\n", '*<img src="foo" title="*"/>\n'}
    other.add("<table>\n\n  <tr>\n\n    <td>\n      Hi\n    </td>\n\n  </tr>\n\n</table>\n")
    texts = [text for text in examples(shared / "conformance", name) if text not in other]
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
    pytest.skip("the examples are not available")


def html(text: str) -> str:
    return re.sub(r"[ \t\n]+", " ", parser().render(text.rstrip("\n") + "\n")).strip()


def test_parts_of_a_text_are_its_blocks(shared: Path):
    """The parts that a text is parsed in contain, in order, the blocks of the whole text."""
    for file in sorted((shared / "corpus" / "zh-posts").glob("*.md"))[::5]:
        text = file.read_text("utf-8").rstrip("\n") + "\n"
        parts = [token.content for group in block_groups(text) for token in group.blocks.tokens]
        assert parts == [token.content for token in parse_blocks(text).tokens], file.name


def every_text(shared: Path) -> Iterator[str]:
    for name in ("commonmark", "gfm"):
        yield from examples(shared / "conformance", name)
    for file in sorted((shared / "corpus").glob("*/*.md"))[::7]:
        yield file.read_text("utf-8")
        yield format_markdown(file.read_text("utf-8"))


def test_fast_tokens_equal_the_parsers(shared: Path):
    """Tokens made without the parser equal the parser's in every field, on examples and real texts."""
    for part in {group.text for text in every_text(shared) for group in block_groups(text)}:
        if tokens := simple_block_tokens(part):
            assert [token.as_dict() for token in tokens] == [token.as_dict() for token in block_parser().parse(part)], (
                part
            )


def random_texts() -> Iterator[str]:
    for seed in range(300):
        yield random_markdown(random.Random(seed))  # noqa: S311 - a fixed seed makes the texts


def test_quick_parsers_equal_markdown_its(shared: Path):
    """A parser whose rules are tried only where they can start gives the tokens of markdown-it, in every field."""
    pairs = [(new_parser(), parser()), (new_link_parser(), link_parser())]
    texts = (text for text in (*every_text(shared), *random_texts()) if len(text) < 5_000)  # short ones have all rules
    for text in texts:
        for slow, fast in pairs:
            known: dict[str, object] = {}
            env: dict[str, object] = {}
            assert fast.parse(text, env) == slow.parse(text, known), text
            assert env.get("references") == known.get("references"), text


def test_inline_content_without_marks_needs_no_parser(shared: Path):
    """Inline content has the tokens of markdown-it, whether it goes through the parser or not."""
    examples_of_ends = ("", " ", "a", "a\0b", "a\rb", "a ", "a]b", "a:b", "www.e.org", "a\\")
    blocks = (token for text in every_text(shared) for token in block_parser().parse(text))
    for content in {*examples_of_ends, *(token.content for token in blocks if token.type == "inline")}:
        for slow, fast in ((new_parser(), parser()), (new_link_parser(), link_parser())):
            assert inline_children(fast, content, {}) == (slow.parseInline(content)[0].children or []), content


def test_links_of_groups_are_those_of_the_text(shared: Path):
    """The groups of blocks that may have links have, parsed alone, the links and headings of the whole text."""
    for text in every_text(shared):
        assert linked(link_tokens(text)) == linked(link_parser().parse(text)), text


def linked(tokens: list[Token]) -> list[tuple[object, ...]]:
    return [
        (token.type, token.tag, token.map, token.children, token.content.strip())
        for token in tokens
        if token.children or token.type in {"heading_open", "html_block"}
    ]


def test_parts_recognized_as_formatted_do_not_change(shared: Path):
    """The formatter does not change a part that the patterns recognize as formatted."""
    several = "1. a\n\n2. b\n\n- c\n\n- d\n\n3. e", "1. a\n\n- b\n\n3. c\n\n5. d", "- # a\n\n- # b"
    texts = (*every_text(shared), *several)
    for part in {group.text.removesuffix("\n") for text in texts for group in block_groups(text)}:
        if part and is_formatted(part):
            assert format_group(BlockGroup(0, part), behind=True) == part


def test_a_diff_on_a_terminal_shows_what_changed_within_a_line(tmp_path: Path):
    """On a terminal the diff is coloured and highlights the removed marks; in a pipe it is a plain diff."""
    pty = pytest.importorskip("pty", reason="no terminals on this system")
    (tmp_path / "post.md").write_text("## **标题**\n", "utf-8")
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "pipeline", "normalize", "--diff", "post.md"], cwd=tmp_path, stdout=theirs, check=True
    )
    os.close(theirs)
    assert b"\x1b[31m\x1b[7m**" in os.read(ours, 10_000)
    os.close(ours)
