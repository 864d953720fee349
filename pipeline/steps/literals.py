r"""Escape asterisks and underscores that are text, but that Markdown would take for emphasis and not show: `a*b*c`."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.changes import Change, Span
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import InlineContent, inline_contents, inline_meaning, literal_marks, may_have_literal_marks

LEAST_MARKS = 2  # a mark that opens emphasis and one that closes it
ESCAPED = "the character itself, which Markdown would take for emphasis and not show"


def literals(document: Document) -> Document:
    r"""Escape asterisks and underscores that are text: masks, patterns, names, products: `a*b*c` -> `a\*b\*c`."""
    text = document.text
    if text.count("*") < LEAST_MARKS and text.count("_") < LEAST_MARKS:
        return document
    changes = [change for inline in inline_contents(text, may_have_literal_marks) for change in _escapes(inline)]
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _escapes(inline: InlineContent) -> list[Change]:
    """Return the escapes of the marks that are text, if Markdown would take any of them for emphasis."""
    if not may_have_literal_marks(inline.content):
        return []
    content = inline.masked
    spans = literal_marks(content)
    if not spans or inline_meaning(_escaped(content, spans), inline.env) == inline_meaning(content, inline.env):
        return []
    return [
        Change("literals", (place, place + 1), mark, f"\\{mark}", ESCAPED)
        for start, end in spans
        for place, mark in ((inline.at(at), content[at]) for at in range(start, end))
    ]


def _escaped(content: str, spans: Sequence[Span]) -> str:
    for start, end in reversed(spans):
        content = content[:start] + "".join(f"\\{mark}" for mark in content[start:end]) + content[end:]
    return content


STEP = Step("literals", literals, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS))
