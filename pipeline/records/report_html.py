"""Outcomes -> report.html: inputs, changes with their reasons, skipped files. One page without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline.citations.post_graph import Graph
from pipeline.document import Cleaned, Duplicate, Outcome, Skipped
from pipeline.read.kinds import passed_over_in_words
from pipeline.records.clean_file import encoding_in_words, repairs_in_words
from pipeline.records.report_jsonl import (
    ReportRecord,
    change_records,
    common_prefix_length,
    duplicate_in_words,
    passage_in_words,
    similar_in_words,
)
from pipeline.run_report import RunReport

VERSION = 7  # raise it when the page changes
MOST_SHOWN_CHANGES = 100  # changes per document; report.jsonl has all
MOST_LISTED_POSTS = 30  # orphan posts, and sites that several posts link to; graph.graphml has all
MOST_SHOWN_CHARACTERS = 600  # characters of a change


@cache
def _report_template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.records"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


def report_page(
    title: str, counts: RunReport, outcomes: Iterable[tuple[Outcome, str]], archive: Graph
) -> Iterator[bytes]:
    """Yield the page in pieces; `outcomes` are pairs of an outcome and its file below clean/ or an empty string."""
    rows = (_report_row(outcome, file) for outcome, file in outcomes)
    for piece in _report_template().generate(
        title=title,
        counts=counts,
        passed_over=passed_over_in_words(dict(counts.passed_over)),
        rows=rows,
        archive=archive,
        shown=_visible_text,
        most=MOST_LISTED_POSTS,
    ):
        yield piece.encode("utf-8", "replace")


def _report_row(outcome: Outcome, file: str) -> ReportRecord:
    path = _visible_text(str(outcome.path))
    row: ReportRecord = {"kind": type(outcome).__name__.lower(), "path": path, "file": file, "outcome": outcome}
    if isinstance(outcome, Skipped):
        return row | {"title": path, "language": ""}
    document = outcome.document
    records = change_records(document)
    return row | {
        "document": document,
        "title": _visible_text(document.meta.title),
        "language": document.meta.language,
        "encoding": encoding_in_words(document.meta.encoding),
        "repaired": repairs_in_words(document),
        "total": len(document.changes),
        "hidden": max(0, len(records) - MOST_SHOWN_CHANGES),
        "changes": [
            change | _diff_sides(change["before"], change["after"]) for change in islice(records, MOST_SHOWN_CHANGES)
        ],
        "duplicate": _duplicate_text(outcome),
        "passages": [_visible_text(sentence) for sentence in _shared_sentences(outcome)],
    }


def _shared_sentences(outcome: Cleaned | Duplicate) -> Iterator[str]:
    """Yield what other documents that are kept share with one: paragraphs, or most of its text."""
    if isinstance(outcome, Cleaned):
        yield from map(passage_in_words, outcome.passages)
        for one in outcome.similar:
            yield f"similar to {similar_in_words(str(one.path), one.why, one.similarity)}"


def _duplicate_text(outcome: Cleaned | Duplicate) -> str:
    if isinstance(outcome, Cleaned):
        return ""
    return _visible_text(duplicate_in_words(str(outcome.of), outcome.why, outcome.similarity))


def _diff_sides(before: str, after: str) -> dict[str, tuple[str, str, str]]:
    """Return both texts of a change in three parts: the common start, the difference, the common end."""
    head = common_prefix_length(before, after)
    tail = common_prefix_length(before[head:][::-1], after[head:][::-1])
    return {"old": _diff_parts(before, head, tail), "new": _diff_parts(after, head, tail)}


def _diff_parts(text: str, head: int, tail: int) -> tuple[str, str, str]:
    middle, end = text[head : len(text) - tail], text[len(text) - tail :]
    begin = text[:head] if head <= MOST_SHOWN_CHARACTERS // 4 else "…" + text[head - MOST_SHOWN_CHARACTERS // 4 : head]
    cut = middle if len(middle) <= MOST_SHOWN_CHARACTERS else middle[:MOST_SHOWN_CHARACTERS] + "…"
    return (
        _visible_text(begin),
        _visible_text(cut),
        _visible_text(end if tail <= MOST_SHOWN_CHARACTERS // 4 else end[: MOST_SHOWN_CHARACTERS // 4] + "…"),
    )


def _visible_text(text: str) -> str:
    """Return `text` with control and bidirectional format characters as pictures (U+2400) or escapes."""
    return "".join(_visible_character(char) for char in text)


def _visible_character(char: str) -> str:
    if char in "\n\t":
        return char
    if char < " ":
        return chr(0x2400 + ord(char))  # the Control Pictures block
    hidden = (
        "\x7f" <= char <= "\x9f"
        or char in "\ufeff\u200e\u200f\u061c"
        or "\u202a" <= char <= "\u202e"
        or "\u2066" <= char <= "\u2069"
    )
    return f"\\u{ord(char):04x}" if hidden else char
