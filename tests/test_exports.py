"""Exports of blogs, notes and archivers, copied into raw/ as they are, become the posts that a person wrote."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

from pipeline.read.html import SavedPage, page_markdown
from tests.conftest import ROOT, command

EXPORTS = tomllib.loads((ROOT / "tests" / "cases" / "exports.toml").read_text("utf-8"))["export"]
NAMES = [export["name"] for export in EXPORTS]


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean folder of one archive with every export in its own folder."""
    folder = tmp_path_factory.mktemp("exports")
    for export in EXPORTS:
        for name, text in export["files"].items():
            packed, _, member = name.partition(".zip/")
            file = folder / "raw" / export["name"] / (f"{packed}.zip" if member else name)
            file.parent.mkdir(parents=True, exist_ok=True)
            if member:
                with zipfile.ZipFile(file, "a") as archive:
                    archive.writestr(member, text)
                continue
            file.write_bytes(text.encode("iso-8859-1" if "charset=iso-8859-1" in text else "utf-8"))
    ran = command("run", "--no-editions", cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "clean"


@pytest.mark.parametrize("export", EXPORTS, ids=NAMES)
def test_an_export_becomes_its_posts(cleaned: Path, export: dict):
    """The posts and no other files of the export are cleaned; each has its title, date, author, URL and text."""
    folder = cleaned / export["name"]
    files = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}
    assert sorted(files) == sorted(export["clean"])
    for post in export["posts"]:
        assert not [part for part in post["shows"] if part not in files[post["file"]]], files[post["file"]]
    for text in files.values():
        assert not [part for part in export.get("lacks", ()) if part in text]


def test_no_export_is_a_duplicate_of_itself(cleaned: Path):
    """Copies of a page in other forms, as ArchiveBox keeps them, are passed over, not compared."""
    assert not list((cleaned / "duplicates").rglob("*.md"))


def test_every_export_has_its_recipe():
    """docs/how-to/exports.md has a section for each program of the cases."""
    page = (ROOT / "docs" / "how-to" / "exports.md").read_text("utf-8").casefold()
    assert not [name for name in NAMES if name not in page]


@pytest.mark.parametrize(
    ("top", "headings"),
    [
        ("<h1>The mill</h1><section><h3>The mill</h3>", ["# The mill"]),
        ("<header><h1>The  mill</h1></header><h2>The mill</h2>", ["# The mill"]),
        ("<h1>The mill</h1><figure><img src='a.png'></figure><h2>The mill</h2>", ["# The mill"]),
        ("<h1>水車</h1><h1>水車</h1>", ["# 水車"]),
        ("<h1>The mill</h1><h2>The bridge</h2>", ["# The mill", "## The bridge"]),
        ("<h1>The mill</h1><p>A line of text between the two.</p><h2>The mill</h2>", ["# The mill", "## The mill"]),
        ("<h1>The mill</h1>Loose text.<h2>The mill</h2>", ["# The mill", "## The mill"]),
        ("<h1>One</h1><h2>Two</h2><h3>Two</h3>", ["# One", "## Two", "### Two"]),
    ],
)
def test_a_title_is_shown_once(top: str, headings: list[str]):
    """A heading that repeats the title directly below it goes; any other heading stays."""
    prose = "<p>We walked along the river as far as the old mill, and the water was high after the rain.</p>" * 3
    text = page_markdown(SavedPage(f"<html><body><article>{top}{prose}</article></body></html>", "a.html")).text
    assert [line for line in text.splitlines() if line.startswith("#")] == headings
