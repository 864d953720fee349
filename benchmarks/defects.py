"""Count the defects of each class (tests/cases/defects.toml) in the sample archive, before and after a run.

python benchmarks/defects.py            # the table of docs/benchmarks.md
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.document import Document
from pipeline.run.worker import cleaned_document
from pipeline.settings import Settings

ROOT = Path(__file__).parent.parent
CLASSES: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / "cases" / "defects.toml").read_text("utf-8"))["class"]
POSTS = ("000", "001", "003", "004")  # 002 is a broken copy of 000
FULL = Settings(steps={"typography": {"level": "full"}})
FATES = {
    "fixed": "fixed",
    "full": "changed by `full`",
    "canonical": "canonical URL in the records",
    "marked": "noted at the link",
    "metadata": "read as metadata",
    "doubtful": "warning",
    "right": "not a defect",
}


def texts() -> list[str]:
    """Return the readable posts of the sample archive."""
    return [next((ROOT / "raw").glob(f"{number}_*")).read_text("utf-8") for number in POSTS]


def count(pattern: str, among: list[str]) -> list[int]:
    """Return how often the pattern of a class matches in each text."""
    return [len(re.findall(pattern, text, re.MULTILINE)) for text in among]


def measured() -> dict[str, dict[str, Any]]:
    """Return the counts of each class: before a run, after it, with full typography, and in the records."""
    before = texts()
    default, full = ([clean(text, settings) for text in before] for settings in (Settings(), FULL))
    found: dict[str, dict[str, Any]] = {}
    for one in CLASSES:
        left, in_full = (sum(count(one["pattern"], [document.text for document in made])) for made in (default, full))
        found[one["id"]] = {"found": count(one["pattern"], before), "left": left}
        if in_full != left:
            found[one["id"]]["left_in_full"] = in_full
        if one["fate"] == "canonical":
            addresses = [link.url for document in default for link in document.links]
            found[one["id"]]["left_in_records"] = sum(count(one["pattern"], addresses))
    return found


def clean(text: str, settings: Settings) -> Document:
    """Return a text after the whole flow."""
    return cleaned_document(PurePosixPath("post.md"), text.encode(), settings)


def table(counted: dict[str, dict[str, Any]]) -> str:
    """Return the counts as a Markdown table."""
    rows = ["| class | | found | left | `full` | |", "| --- | --- | --- | --- | --- | --- |"]
    for one, (name, counts) in zip(CLASSES, counted.items(), strict=True):
        in_full = counts.get("left_in_full", counts["left"])
        cells = [name, one["says"], sum(counts["found"]), counts["left"], in_full, FATES[one["fate"]]]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(measured()))
