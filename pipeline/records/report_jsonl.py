"""Outcomes -> report.jsonl, one line per source, for programs; and its lines in words, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from operator import attrgetter
from typing import Any

import msgspec

from pipeline.changes import Change
from pipeline.document import Document, Duplicate, Outcome, SharedPassage, Skipped
from pipeline.duplicates.near_duplicates import VERSION_OF
from pipeline.records.source_lines import source_lines

VERSION = 7  # raise it when the lines change
ReportRecord = dict[str, Any]
LEAST_SHOWN_SHARE = 0.01  # confidence from which an alternative is in words; report.jsonl has all
MOST_LISTED_SPANS = 5  # spans of a change in words; report.jsonl has all
MOST_QUOTED_CHARACTERS = 80  # characters of a change in words
DIFFERENCE_CONTEXT = 20  # of them, before the first difference
# of a change: all but its place; the same for one change at several places
change_content = attrgetter("step", "before", "after", "reason", "confidence", "alternatives")


def report_line(outcome: Outcome, file: str) -> bytes:
    """Return the outcome of one source as a line of JSON; `file` is its file below clean/, empty if it has none."""
    record: ReportRecord = {"path": str(outcome.path), "outcome": type(outcome).__name__.lower()}
    if isinstance(outcome, Skipped):
        record |= {"step": outcome.step, "reason": outcome.reason, "cause": outcome.cause}
        return json_line(record | ({"trace": outcome.trace} if outcome.trace else {}))
    if isinstance(outcome, Duplicate):
        similarity = round(outcome.similarity, 4)
        record |= {"file": file, "of": str(outcome.of), "why": outcome.why, "similarity": similarity}
    else:
        similar = [replace(one, similarity=round(one.similarity, 4)) for one in outcome.similar]
        record |= {"file": file, "passages": outcome.passages, "similar": similar}
    return json_line(record | _document_record(outcome.document))


def _document_record(document: Document) -> ReportRecord:
    meta = document.meta
    return {
        "sha256": meta.sha256,
        "encoding": meta.encoding,
        "title": meta.title,
        "subtitle": meta.subtitle,
        "kicker": meta.kicker,
        "authors": meta.authors,
        "source_url": meta.source_url,
        "language": meta.language,
        "date": meta.date,
        "changes": change_records(document, source_lines(document)),
        "notes": document.notes,
    }


def change_records(document: Document, lines: Sequence[int] = ()) -> list[ReportRecord]:
    """Return the changes in order; equal changes at several places are one record with several spans.

    `lines` are the lines of the source where the changes are, if they are wanted.
    """
    records: dict[object, ReportRecord] = {}
    for change, line in zip_longest(document.changes, lines):
        record = records.get(content := change_content(change))
        if record is None:
            record = records[content] = _change_record(change) | ({"lines": []} if line else {})
        record["spans"].append(change.span)
        if line:
            record["lines"].append(line)
    return list(records.values())


def _change_record(change: Change) -> ReportRecord:
    """Return a change without its spans; a rule-based change has no confidence, a certain one no alternatives."""
    record = {name: getattr(change, name) for name in ("step", "before", "after", "reason")}
    record |= {} if change.confidence is None else {"confidence": change.confidence}
    return record | ({"alternatives": change.alternatives} if change.alternatives else {}) | {"spans": []}


def json_line(record: ReportRecord) -> bytes:
    """Return a record as a line of JSON."""
    return msgspec.json.encode(record, enc_hook=str) + b"\n"


def changes_in_words(document: Document) -> str:
    """Return the changes and the notes of a document, one per line.

    >>> from pathlib import PurePosixPath
    >>> change = Change("repair", (3, 5), "Ã©", "é", "UTF-8 decoded as cp1252", 0.99)
    >>> print(changes_in_words(Document(PurePosixPath("a.md"), "café", changes=(change,))))
    repair, line 1: 'Ã©' -> 'é'; UTF-8 decoded as cp1252, confidence 0.99
    """
    return "\n".join(
        _record_sentences(
            msgspec.to_builtins({"changes": change_records(document, source_lines(document)), "notes": document.notes})
        )
    )


def has_post_in_year(year: int, lines: Iterable[bytes]) -> bool:
    """Return whether report.jsonl, given as its `lines`, lists a cleaned post with a date in `year`."""
    records = map(msgspec.json.decode, lines)
    return any(one["outcome"] == "cleaned" and one["date"].startswith(str(year)) for one in records)


def duplicate_in_words(of: str, why: str, similarity: float) -> str:
    """Return what a document duplicates, for which reason, and how similar the two are.

    >>> duplicate_in_words("a.md", "near-duplicate", 0.998)
    'a near-duplicate of a.md (99.8 % similar)'
    >>> duplicate_in_words("a.md", "same source URL, truncated", 0.62)
    'a duplicate of a.md (same source URL, truncated, 62.0 % similar)'
    >>> duplicate_in_words("a.md", "same words", 1.0)
    'a duplicate of a.md (same words)'
    >>> duplicate_in_words("a.md", "same source URL, version", 0.962)
    'an older version of a.md (same source URL, 96.2 % similar)'
    """
    reasons = why.split(", ")
    kinds = {"near-duplicate": "a near-duplicate", VERSION_OF: "an older version"}
    kind = next((kinds[reason] for reason in reasons if reason in kinds), "a duplicate")
    details = [reason for reason in reasons if reason not in kinds]
    if similarity < 1 or not details:
        details.append(f"{similarity * 100:.1f} % similar")
    return f"{kind} of {of} ({', '.join(details)})"


def similar_in_words(path: str, why: str, similarity: float) -> str:
    """Return which document is similar, how much, and how the two differ.

    >>> similar_in_words("b.md", "different words", 0.958)
    'b.md (95.8 % similar, different words)'
    """
    return f"{path} ({similarity * 100:.1f} % similar, {why})"


def passage_in_words(passage: SharedPassage) -> str:
    """Return where else a paragraph is."""
    places = [f"{place.path}:{place.line}" for place in passage.places] + ["more"] * passage.more
    return f"line {passage.line}: a paragraph of {passage.letters} characters is also in {', '.join(places)}"


def decoded_path(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    """Return a value of JSON as a type that msgspec does not know: a path."""
    return kind(value)


def _record_sentences(record: ReportRecord) -> list[str]:
    """Return the changes and notes of a line of report.jsonl, a sentence each."""
    sentences = [change_in_words(change) for change in record["changes"]]
    sentences += [f"{note['step']}: {note['message']}" for note in record["notes"]]
    return sentences or ["no changes"]


def change_in_words(change: ReportRecord) -> str:
    """Return a change in a sentence: the step, the lines of the source or the characters, both texts, the reason."""
    lines = [str(line) for line in dict.fromkeys(change.get("lines", ()))]
    listed = lines or [f"{start}-{end}" for start, end in change["spans"]]
    unit = f"line{'s' * (len(lines) > 1)}" if lines else "characters"
    places = ", ".join(listed[:MOST_LISTED_SPANS])
    more = f" and {len(listed) - MOST_LISTED_SPANS} more" if len(listed) > MOST_LISTED_SPANS else ""
    confidence = f", confidence {change['confidence']:.2f}" if "confidence" in change else ""
    likely = [(text, share) for text, share in change.get("alternatives", ()) if share >= LEAST_SHOWN_SHARE]
    others = ", ".join(f"{text} {share:.2f}" for text, share in likely)
    following = f" (next: {others})" if others else ""
    edit = _edit_in_words(change["before"], change["after"])
    return f"{change['step']}, {unit} {places}{more}: {edit}; {change['reason']}{confidence}{following}"


def _edit_in_words(before: str, after: str) -> str:
    """Return both texts of a change; of long texts the part with the first difference.

    >>> print(_edit_in_words("a" * 100 + "b", "a" * 100 + "c"))
    '…aaaaaaaaaaaaaaaaaaaab' -> '…aaaaaaaaaaaaaaaaaaaac'
    """
    start = (
        max(0, common_prefix_length(before, after) - DIFFERENCE_CONTEXT)
        if max(len(before), len(after)) > MOST_QUOTED_CHARACTERS
        else 0
    )
    return f"{_quoted_excerpt(before, start)} -> {_quoted_excerpt(after, start)}"


def common_prefix_length(before: str, after: str) -> int:
    """Return the length of the common start of two texts, in characters."""
    short = min(len(before), len(after))
    return next((at for at in range(short) if before[at] != after[at]), short)


def _quoted_excerpt(text: str, start: int) -> str:
    end = start + MOST_QUOTED_CHARACTERS
    return repr("…" * bool(start) + text[start:end] + "…" * (len(text) > end))
