"""Outcomes -> report.html: inputs, changes with their reasons, skipped files; of many posts an index and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipeline.citations.cited_works import Work
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

if TYPE_CHECKING:
    from jinja2 import Template

VERSION = 9  # raise it when the page changes
MOST_SHOWN_CHANGES = 100  # changes per document; report.jsonl has all
MOST_SHOWN_CHARACTERS = 600  # characters of a change
PIECES_PER_WRITE = 500  # pieces of a template that are encoded together
_HIDDEN = re.compile(  # characters that change what a reader sees without being seen
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page of the report: its file, the first and the last post or work, how many, the pages before and after it."""

    file: str
    first: str
    last: str
    count: int
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class ReportIndex:
    """What report.html shows, besides counts: the posts or the pages with them, works or the pages with them, links.

    `orphans` are posts without links to or from other posts, `sites` pairs of a host and the number of posts that link
    to it; both are the first of all.
    """

    skipped: Sequence[Skipped] = ()
    pages: Sequence[ReportPage] = ()
    works: Sequence[Work] = ()
    work_pages: Sequence[ReportPage] = ()
    orphans: Sequence[str] = ()
    more_orphans: int = 0
    sites: Sequence[tuple[str, int]] = ()


ReportedPost = tuple[Outcome, str, Sequence[str]]  # outcome, its file below clean/ or nothing, the posts it links to


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - a run without changes has no report

    environment = Environment(
        loader=PackageLoader("pipeline.records"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def report_page(title: str, counts: RunReport, posts: Iterable[ReportedPost], index: ReportIndex) -> Iterator[bytes]:
    """Yield report.html in pieces; `posts` are those that it shows itself, none if it has pages."""
    return template_pieces(
        "report.html",
        title=title,
        part="report",
        counts=counts,
        passed_over=passed_over_in_words(dict(counts.passed_over)),
        rows=_report_rows(posts),
        skipped=index.skipped,
        more_skipped=len(counts.skipped) - len(index.skipped) if index.pages else 0,
        pages=index.pages,
        works=index.works,
        work_pages=index.work_pages,
        orphans=index.orphans,
        more_orphans=index.more_orphans,
        sites=index.sites,
    )


def posts_page(title: str, page: ReportPage, posts: Iterable[ReportedPost]) -> Iterator[bytes]:
    """Yield a page of posts in pieces."""
    part = f"report, {page.first} – {page.last}"
    return template_pieces("posts.html", title=title, part=part, page=page, rows=_report_rows(posts), works=())


def works_page(title: str, page: ReportPage, works: Sequence[Work]) -> Iterator[bytes]:
    """Yield a page of works in pieces."""
    return template_pieces("posts.html", title=title, part="works cited", page=page, rows=(), works=works)


def template_pieces(name: str, **values: Any) -> Iterator[bytes]:  # noqa: ANN401 - what the templates use
    """Yield a page made from a template in pieces."""
    stream = _template(name).stream(shown=_visible_text, **values)
    stream.enable_buffering(PIECES_PER_WRITE)
    for piece in stream:
        yield piece.encode("utf-8", "replace")


def _report_rows(posts: Iterable[ReportedPost]) -> Iterator[ReportRecord]:
    for number, post in enumerate(posts, 1):
        yield _report_row(*post) | {"number": number}


def _report_row(outcome: Outcome, file: str, links: Sequence[str]) -> ReportRecord:
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
        "links": [_visible_text(path) for path in links],
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
    return _HIDDEN.sub(_visible_character, text)


def _visible_character(match: re.Match[str]) -> str:
    char = match[0]
    return chr(0x2400 + ord(char)) if char < " " else f"\\u{ord(char):04x}"  # the Control Pictures block
