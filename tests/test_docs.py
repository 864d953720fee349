"""The documentation is true: commands print what it shows, tables are complete, links lead somewhere.

`pytest tests/test_docs.py --accept` writes what the commands print into the pages; read the diff.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline import Settings
from pipeline.__main__ import lacuna as group
from tests.api_reference import api_reference
from tests.conftest import ROOT, command, tree
from tests.docs import INSTEAD, NOT_RUN, accepted, blocks, run_console, run_python, wrong

FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in FILES}
CODE = re.compile(r"`[^`]*`")
LONGEST = 30  # words per sentence where a reader follows instructions
GUIDES = [name for name in PAGES if name == "README.md" or name.startswith(("docs/tutorial", "docs/how-to/"))]


WALK = "docs/how-to/ten-commands.md"  # test_walk.py runs it, from the installation on


def with_blocks(language: str) -> list[str]:
    pages = {name: text for name, text in PAGES.items() if name != WALK}
    return [name for name, text in pages.items() if any(block.language == language for block in blocks(text))]


@pytest.mark.parametrize("name", with_blocks("console"))
def test_commands_print_what_the_page_shows(name: str, request: pytest.FixtureRequest):
    """The commands of a page, run in order in a folder with the sample, succeed and print what is shown below them.

    The sample is cleaned already, unless the page shows how many files a run writes: most pages need no first run.
    """
    text = (ROOT / name).read_text("utf-8")
    folder = request.getfixturevalue("archive" if " files written" in text else "cleaned")
    found = run_console(text, folder)
    if request.config.getoption("--accept"):
        (ROOT / name).write_text(accepted(text, found), "utf-8")
        return
    differing = list(wrong(found))
    assert not differing, "\n\n".join(differing)


@pytest.mark.parametrize("name", with_blocks("pycon"))
def test_examples_return_what_the_page_shows(
    name: str, archive: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    """The Python examples of a page, run in order in a folder with the sample, return what is below them."""
    monkeypatch.chdir(archive)
    differing, renewed = run_python((ROOT / name).read_text("utf-8"))
    if request.config.getoption("--accept"):
        (ROOT / name).write_text(renewed, "utf-8")
        return
    assert not differing, "\n\n".join(differing)


def test_every_command_that_is_not_run_has_a_reason():
    """Each exception is needed by a page, and shell commands are in `console` blocks, which run."""
    lines = [one.line for text in PAGES.values() for block in blocks(text) for one in block.commands]
    unused = [start for start in [*NOT_RUN, *INSTEAD] if not any(line.startswith(start) for line in lines)]
    assert not unused
    languages = {name: {block.language for block in blocks(text)} for name, text in PAGES.items()}
    assert not [name for name, used in languages.items() if used & {"sh", "bash", "shell"}]


@pytest.mark.parametrize("name", sorted(group.commands))
def test_every_command_and_flag_is_documented(name: str):
    """docs/reference/cli.md has a section for each command and names each of its options in it."""
    sections = re.split(r"^## ", PAGES["docs/reference/cli.md"], flags=re.MULTILINE)
    own = [section for section in sections if section.partition("\n")[0] == name]
    assert len(own) == 1
    options = [option for option in group.commands[name].params if not getattr(option, "hidden", False)]
    flags = {flag for option in options for flag in option.opts if flag.startswith("--")}
    assert not [flag for flag in flags if f"`{flag}" not in own[0]]


def test_every_setting_is_documented_and_no_other():
    """docs/reference/settings.md has a row for each key with its default."""
    page = PAGES["docs/reference/settings.md"].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    assert tuple(rows) == Settings.__struct_fields__
    defaults = {name: getattr(Settings(), name) for name in rows}
    for name, shown in rows.items():
        if name != "jobs":
            expected = list(defaults[name]) if isinstance(defaults[name], tuple) else defaults[name]
            assert shown == f"`{json.dumps(expected)}`", name


def test_every_public_name_is_documented_with_an_example():
    """docs/reference/python-api.md has a section for each public name, with an example that uses it."""
    sections = dict(
        re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGES["docs/reference/python-api.md"], re.MULTILINE | re.DOTALL)
    )
    assert sorted(sections) == sorted(pipeline.__all__)
    for name, section in sections.items():
        examples = [section[block.start : block.end] for block in blocks(section) if block.language == "pycon"]
        assert any(re.search(rf"\b{name}\b", example) for example in examples), name


def test_the_api_reference_is_that_of_the_docstrings(request: pytest.FixtureRequest):
    """docs/reference/api.md is what the docstrings of the public names say today."""
    page = ROOT / "docs" / "reference" / "api.md"
    if request.config.getoption("--accept"):
        page.write_text(api_reference(), "utf-8")
    assert page.read_text("utf-8") == api_reference()


def test_every_exit_code_is_documented():
    """docs/reference/cli.md lists the codes that the command line can end with."""
    rows = re.findall(r"^\| ([\d, ]+) \|", PAGES["docs/reference/cli.md"], re.MULTILINE)
    assert set(re.findall(r"\b\d+\b", " ".join(rows))) == {"0", "1", "2", "3", "4", "75", "130", "143"}


@pytest.mark.parametrize("name", PAGES)
def test_links_between_the_pages_lead_somewhere(name: str):
    """No page refers to a file or a heading that is not there."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", CODE.sub("", _prose(PAGES[name]))):
        file = ((ROOT / name).parent / target).resolve() if target else ROOT / name
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(PAGES[file.relative_to(ROOT).as_posix()]), f"{target}#{anchor}"


def test_every_test_that_a_page_names_exists():
    """A page that names a test as evidence, such as docs/explanation/security.md, names one that exists."""
    there = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    named = {name for text in PAGES.values() for name in re.findall(r"[`:](test_\w+)`", text)}
    assert named
    assert not named - there


def test_every_page_is_on_the_map():
    """docs/index.md links to each page."""
    linked = re.findall(r"\]\(([^)#]+\.md)\)", PAGES["docs/index.md"])
    there = {name.removeprefix("docs/") for name in PAGES if name.startswith("docs/")} - {"index.md"}
    assert not there - set(linked)


@pytest.mark.parametrize("name", GUIDES)
def test_sentences_of_guides_are_short(name: str):
    """A sentence has at most 30 words where a reader follows instructions."""
    text = re.sub(r"^ *(?:#.*|\|.*|!\[.*)$", "\n", _prose(PAGES[name]), flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "", text)
    text = CODE.sub("code", text)
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text)
    sentences = [sentence for part in paragraphs for sentence in re.split(r"(?<=[.!?:])\s+", part)]
    assert not [sentence for sentence in sentences if len(sentence.split()) > LONGEST]


def _prose(text: str) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def _anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_step_of_the_documentation_works(tmp_path: Path):
    """The plugin of docs/how-to/write-a-step.md, published as an entry point, runs as a step with its options."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "post.md").write_text("# 拼贴\n\n这里是四篇论文的视觉摘要。每一周。\n", "utf-8")
    found = {block.title: block for block in blocks(PAGES["docs/how-to/write-a-step.md"]) if block.title}
    files = {title: PAGES["docs/how-to/write-a-step.md"][block.start : block.end] for title, block in found.items()}
    site = tmp_path / "site"
    info = site / "shout-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "shout.py").write_text(files["shout/shout.py"], "utf-8")
    entry = (
        files["shout/pyproject.toml"]
        .partition('[project.entry-points."pipeline.steps"]\n')[2]
        .splitlines()[0]
        .replace('"', "")
    )
    (info / "entry_points.txt").write_text(f"[pipeline.steps]\n{entry}\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n", "utf-8")
    (tmp_path / "pipeline.toml").write_text(files["pipeline.toml"], "utf-8")
    environment = {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    ran = command("run", "--no-editions", cwd=tmp_path, env=environment)
    assert ran.returncode == 0, ran.stderr
    body = (tmp_path / "clean" / "post.md").read_text("utf-8").partition("\n---\n")[2]
    assert "。" not in body
    assert "视觉摘要?每一周?" in body
    report = [json.loads(line) for line in tree(tmp_path / "clean")["report.jsonl"].splitlines()]
    shouted = [change for change in report[0]["changes"] if change["step"] == "shout"]
    assert shouted[0]["reason"] == "louder"
    assert (
        "shout      End every full stop louder. [explained]" in command("steps", cwd=tmp_path, env=environment).stdout
    )


def test_the_reader_of_the_documentation_works(tmp_path: Path):
    """The plugin of docs/how-to/write-a-reader.md, published as an entry point, reads its files."""
    page = PAGES["docs/how-to/write-a-reader.md"]
    files = {block.title: page[block.start : block.end] for block in blocks(page) if block.title}
    info = tmp_path / "site" / "subtitles-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "subtitles.py").write_text(files["subtitles/subtitles.py"], "utf-8")
    entry = files["subtitles/pyproject.toml"].partition('"pipeline.readers"]\n')[2].splitlines()[0].replace('"', "")
    (info / "entry_points.txt").write_text(f"[pipeline.readers]\n{entry}\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: subtitles\nVersion: 1.0\n", "utf-8")
    (tmp_path / "pipeline.toml").write_text(files["pipeline.toml"], "utf-8")
    talk = "1\n00:00:01,000 --> 00:00:02,000\nThe river was high.\n\n2\n00:00:03,000 --> 00:00:04,000\nWe went home.\n"
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "talk.srt").write_text(talk, "utf-8")
    (tmp_path / "raw" / "none.srt").write_text("No subtitles.\n", "utf-8")
    environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])}
    ran = command("run", "--no-editions", cwd=tmp_path, env=environment)
    assert "none.srt: is not what its name says" in ran.stdout
    body = (tmp_path / "clean" / "talk.md").read_text("utf-8").partition("\n---\n")[2]
    assert body.strip() == "The river was high.\n\nWe went home."


def test_help_waits_for_nothing():
    """`--help` imports no parser, no model and no writer: what makes it quick."""
    code = "import sys, pipeline.__main__; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {
        "ftfy",
        "markdown_it",
        "mdformat",
        "charset_normalizer",
        "numpy",
        "typst",
        "yaml",
        "jinja2",
        "msgspec",
    }
    assert not loaded & heavy
