"""Lines of report.jsonl -> in words what happened to one document: a summary, the repairs, then formatting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from pipeline.document import Encoding, SharedPassage
from pipeline.flow import CHARACTER_STEPS
from pipeline.records import clean_file
from pipeline.records.report_jsonl import (
    ReportRecord,
    change_in_words,
    decoded_path,
    duplicate_in_words,
    passage_in_words,
    similar_in_words,
)


class AmbiguousName(Exception):  # noqa: N818 - a condition, not a fault
    """A name fits several documents; the message lists some of them."""


MOST_NAMED = 10  # documents in the message about an ambiguous name


def find_record(lines: Iterable[bytes], name: str) -> ReportRecord | None:
    """Return the line of report.jsonl about one document; None if there is none. Raises AmbiguousName.

    `name` is a path below raw/ or clean/, or a part of such a path that fits a single document.
    """
    near: list[ReportRecord] = []
    for line in lines:
        record = msgspec.json.decode(line)
        names = record["path"], record.get("file", "")
        if name in names:
            return dict(record)
        if any(name in known for known in names):
            near.append(record)
    if len(near) > 1:
        paths = [record["path"] for record in near[:MOST_NAMED]] + ["..."] * (len(near) > MOST_NAMED)
        message = f"`{name}` fits {len(near)} documents: {', '.join(paths)}; write more of the path"
        raise AmbiguousName(message)
    return near[0] if near else None


def of_step(record: ReportRecord, step: str) -> ReportRecord:
    """Return a record with the changes and notes of one step only."""
    kept = {name: [one for one in record.get(name, ()) if one["step"] == step] for name in ("changes", "notes")}
    return {**record, **kept}


def record_in_words(record: ReportRecord, clean: str = "clean") -> str:
    """Return a line of report.jsonl in words; `clean` is the folder of the clean files, as the reader names it."""
    if record["outcome"] == "skipped":
        return f"{record['path']} {record['reason']} (skipped at {record['step']})"
    outcome = (
        f" is {duplicate_in_words(record['of'], record['why'], record['similarity'])}, see {clean}/{record['file']}"
        if record["outcome"] == "duplicate"
        else f": cleaned, see {clean}/{record['file']}"
    )
    encoding = f"encoding: {clean_file.encoding_in_words(msgspec.convert(record['encoding'], Encoding))}"
    passages = map(
        passage_in_words, msgspec.convert(record.get("passages", []), list[SharedPassage], dec_hook=decoded_path)
    )
    similar = (
        f"similar to {similar_in_words(one['path'], one['why'], one['similarity'])}"
        for one in record.get("similar", ())
    )
    repairs = [one for one in record["changes"] if one["step"] in CHARACTER_STEPS]
    others = [one for one in record["changes"] if one["step"] not in CHARACTER_STEPS]
    notes = [f"{note['step']}: {note['message']}" for note in record["notes"]]
    sentences = [_summary(repairs, others), *map(change_in_words, repairs), *notes, *map(change_in_words, others)]
    return "\n".join([f"{record['path']}{outcome}", encoding, *sentences, *passages, *similar])


def _summary(repairs: Sequence[ReportRecord], others: Sequence[ReportRecord]) -> str:
    """Return how many changes there are, by kind.

    >>> _summary([{"step": "repair", "confidence": 0.9, "spans": [[0, 1], [4, 5]]}], [])
    'changes: 2 repairs (2 with a confidence below 1), 0 of formatting'
    """
    counts = Counter[str]()
    for one in others:
        counts[one["step"]] += len(one["spans"])
    repaired = sum(len(one["spans"]) for one in repairs)
    inferred = sum(len(one["spans"]) for one in repairs if one.get("confidence", 1) < 1)
    doubtful = f" ({inferred} with a confidence below 1)" if inferred else ""
    steps = ", ".join(f"{step} {count}" for step, count in counts.items())
    by_step = f" ({steps})" if steps else ""
    return f"changes: {repaired} repair{'s' * (repaired != 1)}{doubtful}, {counts.total()} of formatting{by_step}"
