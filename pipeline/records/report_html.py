"""Outcomes -> report.html: inputs, changes with their reasons, skipped files. One page without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline.citations.post_graph import Graph
from pipeline.document import Cleaned, Duplicate, Outcome, RunReport, Skipped
from pipeline.records.clean_file import in_words, repaired
from pipeline.records.report_jsonl import Record, alike, changes, duplicate_in_words, shared_in_words

VERSION = 6  # raise it when the page changes
SHOWN = 100  # changes per document; report.jsonl has all
MOST = 30  # orphan posts, and sites that several posts link to; graph.graphml has all
LONGEST = 600  # characters of a change


@cache
def _template() -> Template:
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
    rows = (_row(outcome, file) for outcome, file in outcomes)
    for piece in _template().generate(title=title, counts=counts, rows=rows, archive=archive, shown=_shown, most=MOST):
        yield piece.encode("utf-8", "replace")


def _row(outcome: Outcome, file: str) -> Record:
    path = _shown(str(outcome.path))
    row: Record = {"kind": type(outcome).__name__.lower(), "path": path, "file": file, "outcome": outcome}
    if isinstance(outcome, Skipped):
        return row | {"title": path, "language": ""}
    document = outcome.document
    records = changes(document)
    return row | {
        "document": document,
        "title": _shown(document.meta.title),
        "language": document.meta.language,
        "encoding": in_words(document.meta.encoding),
        "repaired": repaired(document),
        "total": len(document.changes),
        "hidden": max(0, len(records) - SHOWN),
        "changes": [change | _sides(change["before"], change["after"]) for change in islice(records, SHOWN)],
        "duplicate": _duplicate(outcome),
        "passages": [_shown(shared_in_words(one)) for one in outcome.passages] if isinstance(outcome, Cleaned) else [],
    }


def _duplicate(outcome: Cleaned | Duplicate) -> str:
    if isinstance(outcome, Cleaned):
        return ""
    return _shown(duplicate_in_words(str(outcome.of), outcome.why, outcome.similarity))


def _sides(before: str, after: str) -> dict[str, tuple[str, str, str]]:
    """Return both texts of a change in three parts: the common start, the difference, the common end."""
    head = alike(before, after)
    tail = alike(before[head:][::-1], after[head:][::-1])
    return {"old": _parts(before, head, tail), "new": _parts(after, head, tail)}


def _parts(text: str, head: int, tail: int) -> tuple[str, str, str]:
    middle, end = text[head : len(text) - tail], text[len(text) - tail :]
    begin = text[:head] if head <= LONGEST // 4 else "…" + text[head - LONGEST // 4 : head]
    cut = middle if len(middle) <= LONGEST else middle[:LONGEST] + "…"
    return _shown(begin), _shown(cut), _shown(end if tail <= LONGEST // 4 else end[: LONGEST // 4] + "…")


def _shown(text: str) -> str:
    """Return `text` with control and bidirectional format characters as pictures (U+2400) or escapes."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
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
