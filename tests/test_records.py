"""docs/reference/records.md describes the records: each key, its type, and lines that a run writes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, command

SECTIONS = {
    name: text
    for name, _, text in (
        part.partition("\n") for part in (ROOT / "docs/reference/records.md").read_text("utf-8").split("\n## ")[1:]
    )
}
TYPES = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list, "object": dict}
CAFE = "# CafÃ© guide\n\nOpen *daily*. See [the cafÃ©](https://example.com/cafe?utm_source=x).\n"
QUOTED = "The keeper wrote the hour, the wind and the height of the tide into a book that nobody has read since. " * 2


@pytest.fixture(scope="module")
def written(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    """The records of the sample archive and of posts that are repaired, skipped, or share a paragraph, by file name."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("records") / "archive")
    (folder / "raw" / "cafe.md").write_text(CAFE, "utf-8")
    (folder / "raw" / "pic.md").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    for name in ("one", "two"):
        own = " ".join(f"{name}{number}" for number in range(200))
        (folder / "raw" / f"{name}.md").write_text(f"# {name}\n\n{QUOTED}\n\n{own}\n", "utf-8")
    assert command("run", "--no-editions", cwd=folder).returncode == 4
    assert command("check-links", cwd=folder).returncode == 0
    files = {name: (folder / name).read_bytes() for name in ("clean/report.jsonl", "clean/links.jsonl")}
    found = {name: [json.loads(line) for line in data.splitlines()] for name, data in files.items()}
    return found | {"out/works.json": json.loads((folder / "out/works.json").read_bytes())}


def documented(section: str) -> dict[str, str]:
    """Return the keys in the tables of a section, with the first word of their types."""
    rows = re.findall(r"^\| (`[^|]+`) \| (\w+) \|", SECTIONS[section], re.MULTILINE)
    return {key: kind for keys, kind in rows for key in re.findall(r"`([^`]+)`", keys)}


def values(record: dict, nested: frozenset[str], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the keys of a record with their values; keys of nested objects and lists of objects as `outer.inner`."""
    for key, value in record.items():
        yield f"{prefix}{key}", value
        for inner in (value if isinstance(value, list) else [value]) if key in nested else ():
            yield from values(inner, frozenset(), f"{key}.")


@pytest.mark.parametrize("file", SECTIONS)
def test_each_key_is_documented_with_its_type(written: dict[str, list[dict]], file: str):
    """Every key of every record is in a table, and its values have the type that the table gives."""
    table = documented(file)
    nested = frozenset(key.partition(".")[0] for key in table if "." in key)
    assert written[file]
    for record in written[file]:
        for key, value in values(record, nested):
            if key not in nested or key in table:
                assert isinstance(value, TYPES[table[key]]), (key, value)


@pytest.mark.parametrize("file", SECTIONS)
def test_the_example_is_a_record(written: dict[str, list[dict]], file: str):
    """The example line of a section has the keys of the record that a run writes for the same source."""
    example = json.loads(SECTIONS[file].partition("```json\n")[2].partition("```")[0])
    name = "id" if "id" in example else "path"
    alike = [one for one in written[file] if one[name] == example[name] and one.get("url") == example.get("url")]
    checked = {"health", "status", "final", "checked", "archived"}
    assert list(example) == [key for key in alike[0] if key not in checked or key in example]
    if file != "clean/report.jsonl":
        assert example.items() <= alike[0].items()


def test_each_outcome_has_its_keys(written: dict[str, list[dict]]):
    """The sample has a record of each outcome; `of` is only in duplicates, `reason` only in skipped sources."""
    records = {record["outcome"]: record.keys() for record in written["clean/report.jsonl"]}
    assert records.keys() == {"cleaned", "duplicate", "skipped"}
    assert {name for name, keys in records.items() if "of" in keys} == {"duplicate"}
    assert {name for name, keys in records.items() if "reason" in keys} == {"skipped"}
    assert any(record.get("passages") for record in written["clean/report.jsonl"])
