"""Plain text: a book shows a .txt file that is not Markdown as it was written."""

from __future__ import annotations

import html
import re
import tomllib
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline import Document
from pipeline.document import Cleaned, Source
from pipeline.flow import FLOW
from pipeline.following import follow
from pipeline.records.clean_file import clean_file
from pipeline.run.follow import follow_all
from pipeline.steps import controls
from pipeline.steps.plain import STEP, plain_to_markdown
from pipeline.steps.plain_text.evidence import is_markdown
from tests.conftest import ROOT, Lacuna

WRAPPED = (
    "    The old house stood at the end of the lane, where nobody had\n"
    "lived since the war, and its windows were blind with dust and\n"
    "rain. Nobody went there.\n"
    "    One evening a light was seen in it, and the whole village\n"
    "spoke of nothing else for weeks.\n"
)


def made(text: str, name: str = "a.txt") -> str:
    """Return the Markdown for a plain text."""
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
    """Indentation, comments, numbers and marks of plain text are not Markdown."""
    assert made(text) == markdown


CASES = tomllib.loads((ROOT / "tests" / "cases" / "plain.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["label"]) for case in CASES])
def test_plain_texts(case):
    """A plain text becomes the Markdown of its case, with its metadata; a second pass as .md shows the same."""
    document = follow(STEP, Document(PurePosixPath("novel.txt"), case["text"]))
    assert document.text == case.get("markdown", case["text"])
    assert not document.notes
    meta = document.meta
    assert (meta.title, [*meta.authors], meta.date) == tuple(
        case.get(key, "") or [] if key == "authors" else case.get(key, "") for key in ("title", "authors", "date")
    )
    first = follow_all(Source(PurePosixPath("novel.txt"), case["text"].encode()), FLOW)
    assert isinstance(first, Cleaned)
    second = follow_all(Source(PurePosixPath("novel.md"), clean_file(first.document)), FLOW)
    assert isinstance(second, Cleaned)
    assert second.document.text.strip("\n") == first.document.text.strip("\n")
    assert second.document.meta.title == first.document.meta.title


def test_patterns_of_the_settings_decide():
    """The last pattern that matches a path decides whether it is plain text, whatever the text looks like."""
    text = "# Title\n\n1949. It began.\n"
    written = "\\# Title\n\n1949\\. It began.\n"
    for name, patterns, expected in (
        ("logs/a", ("logs/*",), written),
        ("a.txt", ("*.txt",), written),
        ("a.md", ("*.txt",), text),
        ("notes/a.txt", ("*.txt", "!notes/*"), text),
        ("a.txt", (), text),
    ):
        assert plain_to_markdown(Document(PurePosixPath(name), text), plain_text=patterns).text == expected


def test_the_setting_reaches_the_step(tmp_path, lacuna: Lacuna):
    """A run reads the setting `plain_text`, and cleans the posts again when it changes."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text("# Title\n\n1949. It began in the small house by the sea.\n", "utf-8")
    bodies = []
    for settings in ("", 'plain_text = ["*.txt"]\n'):
        (tmp_path / "pipeline.toml").write_text(settings, "utf-8")
        assert lacuna("run", "--no-editions", cwd=tmp_path).returncode == 0
        bodies.append((tmp_path / "clean" / "a.md").read_text("utf-8").split("---\n\n", 1)[1])
    assert [body.split("\n", 1)[0] for body in bodies] == ["# Title", "\\# Title"]


CODES = {
    "\x1b[1;31m紅色的字\x1b[m 普通的字\n": "紅色的字 普通的字\n",
    "[1;31m紅色的字[m 普通的字，今天去划船。\n": "紅色的字 普通的字，今天去划船。\n",
    "[1;33m[公告][m [1;31m標題[m\n[0;1;37ma[0mb[m字[1;31m未\n": "[公告] 標題\nab字未\n",
    "\x1b]0;title\x07x\x1b(By\n": "xy\n",
    "N\bNA\bAM\bME\bE _\bf_\bo\n": "NAME fo\n",
    "The end.\n\x1a": "The end.\n",
    "In bash [1;31m and [m are codes; rate(x[5m]) [more](x)\n": "",
    "use \\e[1;31mred\\e[m or ^[[1;31mred^[[0m here\n": "",
    "`[1;31mred[m`\n": "",
    "one [31mhalf\n": "",
}


@pytest.mark.parametrize("text", CODES)
def test_codes_of_terminals_go_whole(text):
    """Terminal codes are removed whole and in pairs; text about such codes stays."""
    document = follow(controls.STEP, Document(PurePosixPath("a.md"), text))
    assert document.text == (CODES[text] or text)
    assert not document.notes


@pytest.mark.parametrize(
    "text", ["# Title\n\nText with *emphasis*.\n", "A [link](http://e.org).\n", "```\n    code\n```\n"]
)
def test_markdown_in_a_txt_file_stays(text: str):
    """A .txt file that is recognizably Markdown does not change, nor does a file of another kind."""
    assert made(text) == text
    assert made(WRAPPED, "a.md") == WRAPPED


def shown(markdown: str) -> str:
    """Return the visible text without white space, quotation marks (`>`) and underlines."""
    page = MarkdownIt("commonmark").enable("table").render(markdown)
    return without_marks(html.unescape(re.sub(r"<[^>]*>", "", page)))


def without_marks(text: str) -> str:
    """Return a text without white space, `>` and underlines, which quotations and headings show in their own way."""
    return re.sub(r">|[=-]{4,}", "", "".join(text.split()))


@given(st.lists(st.text("ab1 #*_`[]()<>!&;.-=+|~\\\t\u3000中é/:", max_size=30), max_size=8).map("\n".join))
def test_a_reader_sees_what_was_written(text: str):
    """In any text, all characters stay visible, in order."""
    if not is_markdown(text):
        assert shown(made(text)) == without_marks(text)


def test_a_book_shows_plain_text(tmp_path, lacuna: Lacuna):
    """After the whole flow, paragraphs of a plain text are paragraphs: nothing becomes code or a heading."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text(WRAPPED + "\n# not a heading\n# but a comment\n", "utf-8")
    assert lacuna("run", "--no-editions", cwd=tmp_path).returncode == 0
    body = (tmp_path / "clean" / "a.md").read_text("utf-8").split("---\n\n", 1)[1]
    page = MarkdownIt().render(body)
    assert page.count("<p>") == 3
    assert not re.search("<(pre|code|h[1-6])", page)
