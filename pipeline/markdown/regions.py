"""Places of a text -> whether they are in code or in other opaque regions; only the groups around them are parsed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from pipeline.changes import Span
from pipeline.markdown.code_spans import code_spans
from pipeline.markdown.grouping import block_groups, group_at
from pipeline.markdown.opaque import of_other_kinds


def matches_outside_code(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `pattern` outside code; only groups with matches are parsed."""
    return (match for match in pattern.finditer(text) if not overlaps_code(text, match.span()))


def matches_outside_opaque(pattern: re.Pattern[str], text: str, but: Collection[str] = ()) -> Iterator[re.Match[str]]:
    """Yield the matches of `pattern` outside opaque regions; regions whose kind is in `but` do not count."""
    return (match for match in pattern.finditer(text) if not overlaps_opaque(text, match.span(), but))


def code_around(text: str, lines: Sequence[Span]) -> list[Span]:
    """Return the spans of code, sorted, in the groups of `text` that contain `lines`; only these are parsed."""
    parts = block_groups(text)
    return [span for number in sorted({group_at(parts, start) for start, _ in lines}) for span in parts[number].code]


def overlaps_code(text: str, span: Span) -> bool:
    """Return whether a span of `text` overlaps code; an empty span counts as the character after it."""
    start, end = span[0], max(span[1], span[0] + 1)
    parts = block_groups(text)
    part = parts[group_at(parts, start)]
    touched = code_spans(text) if end > part.end + 1 else part.code
    return any(first < end and start < last for first, last in touched)


def overlaps_opaque(text: str, span: Span, but: Collection[str] = ()) -> bool:
    """Return whether a span of `text` overlaps an opaque region; an empty span counts as the character after it.

    Regions whose kind is in `but` do not count.
    """
    start, end = span[0], max(span[1], span[0] + 1)
    parts = block_groups(text)
    at = group_at(parts, start)
    touched = parts[at].opaque
    while at + 1 < len(parts) and parts[at + 1].start < end:
        at += 1
        touched = [*touched, *parts[at].opaque]
    return any(one.start < end and start < one.end for one in of_other_kinds(touched, but))


def opaque_kind_at(text: str, offset: int) -> str:
    """Return the kind of the opaque region that contains the character at `offset`; empty if there is none."""
    parts = block_groups(text)
    return next((kind for start, end, kind in parts[group_at(parts, offset)].opaque if start <= offset < end), "")
