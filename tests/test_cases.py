"""Cases as data: tests/cases/*.toml for steps, tests/cases/*.md for commands."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from pipeline import Document, extract_links, normalize, repair
from pipeline.citations.reference_lines import parse_reference
from pipeline.document import Metadata
from pipeline.flow import FLOW
from pipeline.following import follow
from pipeline.read.decode import detect
from pipeline.urls.canonical import canonical_url
from pipeline.urls.identifiers import identifiers
from tests.conftest import ROOT, command

CASES = ROOT / "tests" / "cases"
BLOCK = re.compile(r"```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```\n", re.DOTALL)


def cases(name: str) -> list:
    table = tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))["case"]
    return [pytest.param(case, id=case["label"]) for case in table]


@pytest.mark.parametrize("case", cases("repair"))
def test_repair(case):
    """Mojibake is repaired, nothing else changes, and a second repair changes nothing."""
    document = repair(case["original"])
    assert document.text == case["fixed"]
    assert document.text.count("\ufffd") == case.get("lost", 0)
    assert repair(document.text).text == document.text


@pytest.mark.parametrize("case", cases("markdown"))
def test_markdown(case):
    """A step does what its case says, keeps its invariants, and does nothing the second time."""
    step = next(step for step in FLOW if step.name == case["step"])
    meta = Metadata(profile=case.get("profile", ""))
    document = follow(step, Document(PurePosixPath("case.md"), case["original"], meta))
    assert document.text == case["fixed"]
    assert not document.notes
    assert follow(step, document).text == case["fixed"]


@pytest.mark.parametrize("case", cases("encoding"))
def test_encoding(case):
    """Bytes are decoded by the most reliable rule that applies to them."""
    data = case["text"].encode(case["codec"]) if "codec" in case else bytes.fromhex(case["bytes"])
    encoding = detect(data)
    assert data.decode(encoding.codec, "replace") == case["reads"]
    assert encoding.evidence == case["evidence"]


@pytest.mark.parametrize("case", cases("describe"))
def test_describe(case):
    """The metadata of a document comes from its front matter and its text."""
    describe = importlib.import_module("pipeline.steps.describe")
    meta = describe.describe(Document(PurePosixPath(case.get("path", "posts/a-post.md")), case["text"])).meta
    for field, value in case["meta"].items():
        found = getattr(meta, field)
        assert (list(map(plain, found)) if isinstance(found, tuple) else found) == value, field


def plain(item: object) -> object:
    """Return a pair as the list that TOML has."""
    return list(item) if isinstance(item, tuple) else item


def test_typography_in_full():
    """With `full`, Chinese text follows clreq; code, URLs and numbers stay; a second pass changes nothing."""
    table = tomllib.loads((CASES / "typography.toml").read_text("utf-8"))
    for before, after in table["full"].items():
        assert normalize(before, typography="full").text.rstrip("\n") == after
        assert normalize(after, typography="full").text.rstrip("\n") == after
        assert normalize(before, typography="off").text.rstrip("\n") == before


def test_relative_urls_get_the_host_of_the_source():
    """A relative URL gets the host of the source that the text names; URLs of images stay."""
    source = "> 原文：<https://example.com/a/b>\n\n"
    cleaned = normalize(source + "[前文](/c?d=1) ![图](/e.png) `[x](/y)`\n").text
    assert cleaned == source + "[前文](https://example.com/c?d=1) ![图](/e.png) `[x](/y)`\n"


def test_dates_and_authors_are_read_where_they_are_certain():
    """Dates and authors of values, bylines, paths and titles are those of the table; ambiguous dates are none."""
    dates = importlib.import_module("pipeline.steps.dates")
    bylines = importlib.import_module("pipeline.steps.bylines")
    readers = {"value": dates.date_of, "path": dates.date_in_path, "title": dates.date_in}
    for kind, text, date, authors, _ in rows("dates"):
        if kind == "line":
            byline = bylines.byline_of([text])
            assert (byline.date, "; ".join(byline.authors)) == (date, authors), text
        else:
            assert readers[kind](text) == date, text


@pytest.mark.parametrize("case", cases("extraction"))
def test_extraction(case):
    """A link ends at its right character, and text that only looks like a link is not listed."""
    assert [link.written for link in extract_links(case["text"])] == case["links"]


def test_canonical_urls_lose_their_tracking_parameters():
    """Canonical URLs lose their tracking parameters, and nothing else."""
    table = {row[0]: row[1] for row in rows("addresses")}
    assert {written: canonical_url(written) for written in table} == table
    assert {form: canonical_url(form) for form in table.values()} == {form: form for form in table.values()}


@pytest.mark.parametrize("case", cases("references"))
def test_lines_of_reference_lists_are_read(case):
    """A line gives the title, the authors and the year that it states; a line that is not a reference gives nothing."""
    found = parse_reference(case["line"])
    if "title" not in case:
        assert found is None
    else:
        assert found
        assert [found.title, list(found.authors), found.others, found.year] == [
            case[name] for name in ("title", "authors", "others", "year")
        ]


def test_canonical_urls_are_equal_where_the_page_is():
    """Two URLs have the same canonical URL exactly where they lead to the same page."""
    pairs = rows("pages")
    joined = {(one, other) for one, other, _ in pairs if canonical_url(one) == canonical_url(other)}
    assert joined == {(one, other) for one, other, pages in pairs if pages == "same"}


def test_identifiers_are_those_of_the_registries():
    """Every URL of the table has the identifiers in the table; similar URLs have none."""
    table = {row[0]: tuple(row[1].split()) for row in rows("identifiers")}
    assert {written: identifiers(canonical_url(written)) for written in table} == table


def rows(name: str) -> list[list[str]]:
    """Return the rows of a table without its comments."""
    lines = (CASES / f"{name}.tsv").read_text("utf-8").split("\n")
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def command_cases() -> list:
    return [
        pytest.param(file, match["command"], match["output"], id=f"{file.stem}: {match['command']}")
        for file in sorted(CASES.glob("*.md"))
        for match in BLOCK.finditer(file.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("file", "line", "expected"), command_cases())
def test_command(file: Path, line: str, expected: str, request: pytest.FixtureRequest):
    """A command prints what its case shows; `--accept` writes what it prints into the case.

    A case whose first command is a run, of which it shows nothing, begins with the sample after one run.
    """
    archive = request.getfixturevalue("cleaned" if line.startswith("lacuna run --no-editions && ") else "archive")
    printed = ""
    for part in line.split(" && "):
        words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", part)]
        assert words[0] == "lacuna", "a case runs lacuna"
        ran = command(*words[1:], cwd=archive)
        printed = ran.stdout + ran.stderr + (f"exit {ran.returncode}\n" if ran.returncode else "")
    printed = printed.replace(str(archive), "…")
    if request.config.getoption("--accept"):
        text = file.read_text("utf-8")
        file.write_text(text.replace(f"$ {line}\n{expected}```", f"$ {line}\n{printed}```"), "utf-8")
        return
    assert printed == expected


def test_the_readme_describes_every_file():
    """tests/cases/README.md has a row for each file of cases and no other, and names the test that reads it."""
    described = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", (CASES / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {name for name, _ in described} == {file.name for file in CASES.iterdir()} - {"README.md"}
    assert all((ROOT / "tests" / runner).exists() for _, runner in described)


def test_a_source_is_of_a_known_kind():
    """Where a case says what it comes from, it starts with one of the kinds of the README."""
    kinds = re.findall(r"^- `([a-z ]+)`:", (CASES / "README.md").read_text("utf-8"), re.MULTILINE)
    tables = (tomllib.loads(file.read_text("utf-8")) for file in CASES.glob("*.toml"))
    sources = [case["source"] for table in tables for case in table.get("case", []) if "source" in case]
    assert sources
    assert all(source.startswith(tuple(kinds)) for source in sources)
