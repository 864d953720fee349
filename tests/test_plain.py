"""Plain text: a .txt file that is no Markdown is shown as it was written."""

from __future__ import annotations

import html
import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline import Document
from pipeline.steps.plain import plain_to_markdown
from pipeline.steps.plain_text.evidence import is_markdown
from tests.conftest import Lacuna

WRAPPED = (
    "    The old house stood at the end of the lane, where nobody had\n"
    "lived since the war, and its windows were blind with dust and\n"
    "rain. Nobody went there.\n"
    "    One evening a light was seen in it, and the whole village\n"
    "spoke of nothing else for weeks.\n"
)


def made(text: str, name: str = "a.txt") -> str:
    """Return the Markdown that becomes of a text."""
    return plain_to_markdown(Document(PurePosixPath(name), text)).text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (WRAPPED, WRAPPED[4:].replace("\n    ", "\n\n")),
        (
            "　　天还没亮。\n　　“你要走？”\n　　他没有回答。\n",
            "天还没亮。\n\n“你要走？”\n\n他没有回答。\n",
        ),
        (
            "# Greek words\n# last changed in 2006\ncharset: utf8\n",
            "\\# Greek words\\\n\\# last changed in 2006\\\ncharset: utf8\n",
        ),
        (WRAPPED + "\nAnn\nBob\nCy\n", WRAPPED[4:].replace("\n    ", "\n\n") + "\nAnn\\\nBob\\\nCy\n"),
        ("1949. It began.\n", "1949\\. It began.\n"),
        ("Thanks for all,\nAnn\n-- \nAnn Example\n", "Thanks for all,\\\nAnn\n\n```\n-- \nAnn Example\n```\n"),
        ("Name    Age\nAnn     30\n", "```\nName    Age\nAnn     30\n```\n"),
        ("call __init__ and *args\n", "call \\_\\_init\\_\\_ and \\*args\n"),
    ],
    ids=[
        "indented first lines",
        "ideographic spaces",
        "comments",
        "names below",
        "a year",
        "a signature",
        "columns",
        "marks",
    ],
)
def test_plain_text_is_written_as_markdown(text: str, markdown: str):
    """Indentations, comments, numbers and marks of plain text are no Markdown."""
    assert made(text) == markdown


@pytest.mark.parametrize(
    "text", ["# Title\n\nText with *emphasis*.\n", "A [link](http://e.org).\n", "```\n    code\n```\n"]
)
def test_markdown_in_a_txt_file_stays(text: str):
    """A .txt file that shows that it is Markdown is left as it is; so is any other file."""
    assert made(text) == text
    assert made(WRAPPED, "a.md") == WRAPPED


def shown(markdown: str) -> str:
    """Return the text that a reader sees, without white space."""
    return "".join(
        html.unescape(re.sub(r"<[^>]*>", "", MarkdownIt("commonmark").enable("table").render(markdown))).split()
    )


@given(st.lists(st.text("ab1 #*_`[]()<>!&;.-=+|~\\\t\u3000中é/:", max_size=30), max_size=8).map("\n".join))
def test_a_reader_sees_what_was_written(text: str):
    """Whatever the text, all its characters are shown, in order."""
    if not is_markdown(text):
        assert shown(made(text)) == "".join(text.split())


def test_a_book_shows_plain_text(tmp_path, lacuna: Lacuna):
    """Through the whole flow, the paragraphs of a plain text are paragraphs, and nothing of it is code or a heading."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text(WRAPPED + "\n# not a heading\n# but a comment\n", "utf-8")
    assert lacuna("run", "--no-editions", cwd=tmp_path).returncode == 0
    body = (tmp_path / "clean" / "a.md").read_text("utf-8").split("---\n\n", 1)[1]
    page = MarkdownIt().render(body)
    assert page.count("<p>") == 3
    assert not re.search("<(pre|code|h[1-6])", page)
