"""Inline content and runs of asterisks that do not pair -> the edits that could make them pair."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.markdown.emphasis_runs import (
    ASTERISKS,
    MOST_ASTERISKS,
    STRONG_ASTERISKS,
    AsteriskRun,
    is_flanking,
    is_mask,
    paired_runs,
)

BRACKET_PAIRS = {
    "(": ")",
    "（": "）",
    "[": "]",
    "【": "】",
    "「": "」",
    "『": "』",
    "《": "》",
    "“": "”",
    "‘": "’",
    "〈": "〉",
}
KEPT_INSIDE = "\"'*\\"  # punctuation that may belong to the text before it
PUNCTUATION_MOVED = "CommonMark does not pair markers between punctuation and a letter; the punctuation moved outside"
SPACE_MOVED = "CommonMark does not pair markers with a space on their inner side; the space moved outside"
WRITTEN_AS_TAGS = "CommonMark does not pair these markers; written as HTML tags, which always work"
EMPTY_EMPHASIS = "emphasis of punctuation or of nothing; its markers were visible asterisks"


@dataclass(frozen=True, slots=True)
class InlineEdit:
    """A change in the content of an inline; the offsets are in the content."""

    start: int
    end: int
    after: str
    reason: str


def punctuation_moves(content: str, opener: AsteriskRun, closer: AsteriskRun) -> Iterator[InlineEdit]:
    """Yield the edits that move spaces and punctuation out of markers that do not pair; none if no move helps."""
    marks, first, last = content[opener.start : opener.end], opener.end, closer.start
    if not any(char.isalnum() for char in content[first:last]):
        yield InlineEdit(opener.start, opener.end, "", EMPTY_EMPHASIS)
        yield InlineEdit(closer.start, closer.end, "", EMPTY_EMPHASIS)
        return
    for start, end in _spans_to_keep(content, first, last):
        before = content[start - 1] if start > first else content[opener.start - 1 : opener.start]
        after = content[end] if end < last else content[closer.end : closer.end + 1]
        if is_flanking(before, content[start]) and is_flanking(after, content[end - 1]):
            lead, tail = content[first:start], content[end:last]
            reason = PUNCTUATION_MOVED if (lead + tail).strip() else SPACE_MOVED
            if lead:
                yield InlineEdit(opener.start, start, (lead if opener.start else lead.lstrip()) + marks, reason)
            if tail:
                yield InlineEdit(end, closer.end, marks + tail, reason)
            return


def _spans_to_keep(content: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the spans that may stay emphasized, longest first: without spaces, then punctuation, then brackets."""
    start, end = _trimmed(content, first, last)
    yield start, end
    bare = end
    while bare > start and _may_move(content[bare - 1]):
        bare -= 1
    for stop in (end, bare):
        if BRACKET_PAIRS.get(content[start]) == content[stop - 1] and stop - start > 2:  # noqa: PLR2004 - a bracket each side
            yield start + 1, stop - 1
        elif stop > start:
            yield _trimmed(content, start, stop)


def _may_move(char: str) -> bool:
    return unicodedata.category(char) in {"Po", "Pd"} and char not in KEPT_INSIDE


def _trimmed(content: str, start: int, end: int) -> tuple[int, int]:
    inner = content[start:end]
    return end - len(inner.lstrip()), start + len(inner.rstrip())


def strong_tags(opener: AsteriskRun, closer: AsteriskRun) -> list[InlineEdit]:
    """Return the edits that write `**` as HTML tags; nothing for `*`, which is often not meant as emphasis."""
    if opener.size != STRONG_ASTERISKS:
        return []
    return [
        InlineEdit(opener.start, opener.end, "<strong>", WRITTEN_AS_TAGS),
        InlineEdit(closer.start, closer.end, "</strong>", WRITTEN_AS_TAGS),
    ]


def runs_between_emphasis(content: str) -> Iterator[InlineEdit]:
    """Yield the removal of runs of four and more that end one emphasis and start the next: `**a****b**` -> `**ab**`.

    Masks stay: `138****5678`, `张****，`.
    """
    runs = [AsteriskRun(*match.span()) for match in ASTERISKS.finditer(content)]
    for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        if run.size <= MOST_ASTERISKS or run.size % 2:
            continue
        digits = content[run.start - 1 : run.start].isdigit() and content[run.end : run.end + 1].isdigit()
        between = before and after and before.size == after.size == run.size // 2 and not digits
        opened = not content[run.end :].strip() and any(
            one.size == run.size // 2 and one.start < run.start for one in paired_runs(content)[1]
        )
        if between or opened or not is_mask(content, run):
            yield InlineEdit(run.start, run.end, "", EMPTY_EMPHASIS)
