"""Outcomes -> report.jsonl: a line each, for programs; and what it says, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from pipeline.changes import Change
from pipeline.document import Document, Duplicate, Encoding, Outcome, SharedPassage, Skipped
from pipeline.records import clean_file

VERSION = 4  # raise it when the lines change
Record = dict[str, Any]
MOST_PLACES = 5  # in words; report.jsonl has all
LONGEST = 80  # characters of a text, in words
LEAD = 20  # of them, before the first that differs


def report_line(outcome: Outcome, file: str) -> bytes:
    """Return how one source ended, as a line of JSON; `file` is its file below clean/, empty if it has none."""
    record: Record = {"path": str(outcome.path), "outcome": type(outcome).__name__.lower()}
    if isinstance(outcome, Skipped):
        record |= {"step": outcome.step, "reason": outcome.reason, "cause": outcome.cause}
        return line(record | ({"trace": outcome.trace} if outcome.trace else {}))
    if isinstance(outcome, Duplicate):
        record |= {"of": str(outcome.of), "why": outcome.why, "similarity": round(outcome.similarity, 4)}
    else:
        record |= {"file": file, "passages": outcome.passages}
    return line(record | _told(outcome.document))


def _told(document: Document) -> Record:
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
        "changes": changes(document),
        "notes": document.notes,
    }


def changes(document: Document) -> list[Record]:
    """Return the changes in order, those that say the same at several places as one with all its spans."""
    records: dict[Change, Record] = {}
    for change in document.changes:
        same = replace(change, span=(0, 0))
        if same not in records:
            records[same] = _record(same)
        records[same]["spans"].append(change.span)
    return list(records.values())


def _record(change: Change) -> Record:
    told = {name: getattr(change, name) for name in ("step", "before", "after", "reason", "confidence")}
    return told | ({"alternatives": change.alternatives} if change.alternatives else {}) | {"spans": []}


def line(record: Record) -> bytes:
    """Return a record as a line of JSON."""
    return msgspec.json.encode(record, enc_hook=str) + b"\n"


def in_words(document: Document) -> str:
    """Return what was changed in a document, a line each, and what was noted."""
    return "\n".join(_sentences(msgspec.to_builtins({"changes": changes(document), "notes": document.notes})))


def explained(lines: Iterable[bytes], name: str) -> str:
    """Return what happened to the document that `name` names, in words; empty if report.jsonl has none.

    `name` is a path below raw/ or clean/; a part of one will do where it fits a single document.
    """
    near: list[Record] = []
    for line in lines:
        record = msgspec.json.decode(line)
        names = record["path"], record.get("file", "")
        if name in names:
            return _told_in_words(record)
        if any(name in known for known in names):
            near.append(record)
    if len(near) > 1:
        return "\n".join([f"`{name}` fits {len(near)} documents:", *(record["path"] for record in near)])
    return _told_in_words(near[0]) if near else ""


def has_post_of(year: int, lines: Iterable[bytes]) -> bool:
    """Return whether report.jsonl, given as its lines, has a post that is kept and has a date in `year`."""
    records = map(msgspec.json.decode, lines)
    return any(one["outcome"] == "cleaned" and one["date"].startswith(str(year)) for one in records)


def _told_in_words(record: Record) -> str:
    if record["outcome"] == "skipped":
        return f"{record['path']} {record['reason']} (skipped at {record['step']})"
    fate = (
        f"repeats {record['of']}: {record['why']} ({record['similarity']:.0%})"
        if "of" in record
        else f"was cleaned: {record['file']}"
    )
    read = f"read as {clean_file.in_words(msgspec.convert(record['encoding'], Encoding))}"
    passages = map(shared_in_words, msgspec.convert(record.get("passages", []), list[SharedPassage], dec_hook=_path))
    return "\n".join([f"{record['path']} {fate}", read, *_sentences(record), *passages])


def shared_in_words(passage: SharedPassage) -> str:
    """Return where else a paragraph stands."""
    places = [f"{place.path}:{place.line}" for place in passage.places] + ["more"] * passage.more
    return f"line {passage.line}: a paragraph of {passage.letters} letters is also in {', '.join(places)}"


def _path(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    return kind(value)


def _sentences(record: Record) -> list[str]:
    told = []
    for change in record["changes"]:
        places = ", ".join(f"{start}-{end}" for start, end in change["spans"][:MOST_PLACES])
        more = f" and {len(change['spans']) - MOST_PLACES} more" if len(change["spans"]) > MOST_PLACES else ""
        edit = _edit(change["before"], change["after"])
        others = ", ".join(f"{text} {share:.2f}" for text, share in change.get("alternatives", ()))
        sure = f"{change['confidence']:.2f}{'; else ' + others if others else ''}"
        told.append(f"{change['step']} at {places}{more}: {edit}; {change['reason']} ({sure})")
    return [*told, *(f"{note['step']}: {note['message']}" for note in record["notes"])] or ["nothing was changed"]


def _edit(before: str, after: str) -> str:
    """Return both texts of a change; of long ones the part where they differ.

    >>> print(_edit("a" * 100 + "b", "a" * 100 + "c"))
    '…aaaaaaaaaaaaaaaaaaaab' -> '…aaaaaaaaaaaaaaaaaaaac'
    """
    start = max(0, alike(before, after) - LEAD) if max(len(before), len(after)) > LONGEST else 0
    return f"{_cut(before, start)} -> {_cut(after, start)}"


def alike(before: str, after: str) -> int:
    """Return how many characters two texts begin with alike."""
    short = min(len(before), len(after))
    return next((at for at in range(short) if before[at] != after[at]), short)


def _cut(text: str, start: int) -> str:
    end = start + LONGEST
    return repr("…" * bool(start) + text[start:end] + "…" * (len(text) > end))
