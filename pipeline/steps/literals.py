r"""Escape asterisks and underscores that are text, but that Markdown would take for emphasis and not show: `a*b*c`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.changes import Change, Span
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import (
    InlineContent,
    block_groups,
    doubtful_marks,
    group_at,
    inline_contents_of,
    inline_meaning,
    literal_marks,
)

ESCAPED = "the character itself, which Markdown would take for emphasis and not show"


def literals(document: Document) -> Document:
    r"""Escape asterisks and underscores that are text: masks, patterns, names, products: `a*b*c` -> `a\*b\*c`."""
    text = document.text
    changes = [change for inline in _doubtful_contents(text) for change in _escapes(inline)]
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _doubtful_contents(text: str) -> Iterator[InlineContent]:
    """Yield the inline contents of the groups of blocks where two asterisks, or an underscore, may be text."""
    parts = block_groups(text)
    counted = Counter((group_at(parts, place), text[place]) for place in doubtful_marks(text))
    worth = {number for (number, mark), count in counted.items() if count > 1 or mark != "*"}
    yield from inline_contents_of(parts[number] for number in sorted(worth))


def _escapes(inline: InlineContent) -> list[Change]:
    """Return the escapes of the marks that are text, if Markdown would take any of them for emphasis."""
    content = inline.masked
    spans = _marks_of_text(content)
    if not spans or inline_meaning(_escaped(content, spans), inline.env) == inline_meaning(content, inline.env):
        return []
    return [
        Change("literals", (place, place + 1), mark, f"\\{mark}", ESCAPED)
        for start, end in spans
        for place, mark in ((inline.at(at), content[at]) for at in range(start, end))
    ]


@lru_cache(maxsize=128)  # contents; the second pass asks for the same ones
def _marks_of_text(content: str) -> tuple[Span, ...]:
    return tuple(literal_marks(content))


def _escaped(content: str, spans: Sequence[Span]) -> str:
    for start, end in reversed(spans):
        content = content[:start] + "".join(f"\\{mark}" for mark in content[start:end]) + content[end:]
    return content


STEP = Step("literals", literals, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=4)
