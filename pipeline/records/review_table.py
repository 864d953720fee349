"""Open items <-> a CSV file for a spreadsheet: a person fills in the column `decision`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from pipeline.decisions.decision import Decision, problem_of
from pipeline.decisions.open_item import OpenItem, decision_on
from pipeline.decisions.open_items import OpenItems
from pipeline.records.link_files import FORMULA_STARTS, csv_lines

REVIEW_COLUMNS = (
    "decision",
    "text",
    "before",
    "after",
    "left",
    "right",
    "confidence",
    "alternatives",
    "reason",
    "document",
    "line",
    "id",
)
WORDS = {"y": "accept", "yes": "accept", "accept": "accept", "n": "reject", "no": "reject", "reject": "reject"}


def csv_of_items(items: Iterable[OpenItem]) -> bytes:
    """Return open items as CSV in UTF-8, with a byte order mark, which Excel needs."""
    rows: list[Iterable[object]] = [REVIEW_COLUMNS]
    for item in items:
        others = "; ".join(f"{text} {confidence:.2f}" for text, confidence in item.alternatives)
        row = {name: getattr(item, name, "") for name in REVIEW_COLUMNS} | {"alternatives": others}
        rows.append(row.values())
    return csv_lines(rows).encode("utf-8-sig")


def decisions_of_csv(data: bytes, items: OpenItems) -> tuple[list[Decision], list[str]]:
    """Return the decisions of a table that `csv_of_items` wrote, and the rows whose decision is not valid.

    `decision` is accept or reject (y or n), `replace` with the column `text`, or the number of an alternative. Rows
    without a decision are left out. A delimiter of `;` is read too: spreadsheets write it in many countries.
    """
    text = data.decode("utf-8-sig", "replace")
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    decisions, problems = [], []
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter), 2):
        word = (row.get("decision") or "").strip().casefold()
        if not word:
            continue
        item = items.item((row.get("id") or "").strip(), _as_value(row.get("document") or ""))
        decision = _decision_of_row(word, row.get("text") or "", item) if item else "not open any more"
        problem = decision if isinstance(decision, str) else problem_of(decision)
        if problem:
            problems.append(f"row {number}, `{word}`: {problem}")
        elif isinstance(decision, Decision):
            decisions.append(decision)
    return decisions, problems


def _as_value(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell  # as `csv_lines` wrote it


def _decision_of_row(word: str, text: str, item: OpenItem) -> Decision | str:
    """Return the decision that a row means, or why it means none."""
    if word in WORDS:
        return decision_on(item, "accept" if WORDS[word] == "accept" else "reject")
    if word.isdecimal() and 0 < int(word) <= len(item.alternatives):
        return decision_on(item, "replace", item.alternatives[int(word) - 1][0])
    if word == "replace" and text:
        return decision_on(item, "replace", _as_value(text))
    return "write accept, reject, the number of an alternative, or replace and the text"
