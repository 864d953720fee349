"""Write Markdown in its normal form, its meaning preserved."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz.distance import Indel

from pipeline.changes import Change, differing
from pipeline.document import Document, Step
from pipeline.invariants import SAME_LETTERS, SAME_MEANING
from pipeline.markdown.formatter import CannotFormatError, format_markdown

MOST_LINES = 20_000  # beyond, the comparison's table would take over 100 MB: the change is told as one
REASON = "normal form of Markdown"


def normalize(document: Document) -> Document:
    """Write the Markdown in its normal form: blocks anew, what stands in them as it was written."""
    try:
        formatted = format_markdown(document.text)
        if formatted == document.text:
            return document
        if format_markdown(formatted) != formatted:
            return document.noted("normalize", "has no normal form that stays the same; left as it was")
    except CannotFormatError as error:
        return document.noted("normalize", f"has no normal form that loses nothing ({error}); left as it was")
    except RecursionError:
        return document.noted("normalize", "nested too deeply to be written in normal form; left as it was")
    return document.edited(_hunks(document.text, formatted))


def _hunks(before: str, after: str) -> Iterator[Change]:
    """Yield the changes between two texts, a block of lines each."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MOST_LINES:
        yield Change("normalize", (0, len(before)), before, after, REASON, 1.0)
        return
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for first, last, new_first, new_last in differing(Indel.opcodes(old, new)):
        span = starts[first], starts[last]
        yield Change("normalize", span, before[slice(*span)], "".join(new[new_first:new_last]), REASON, 1.0)


STEP = Step("normalize", normalize, (SAME_LETTERS, SAME_MEANING), version=2)
