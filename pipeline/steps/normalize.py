"""Format Markdown without a change of its meaning: one style of lists, emphasis, code and tables."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.changes import Change, differing
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_BUT_FENCES, SAME_LETTERS, SAME_MEANING, VISIBLE_STAYS
from pipeline.markdown.formatter import CannotFormatError, format_markdown

MOST_LINES = 20_000  # a comparison of more takes over 100 MB; then the whole text is one change
FORMATTED = "formatted Markdown"


def normalize_markdown(document: Document) -> Document:
    """Format the Markdown: `* a` -> `- a`; the text inside blocks stays as written."""
    try:
        formatted = format_markdown(document.text)
        if formatted == document.text:
            return document
        if format_markdown(formatted) != formatted:
            return document.noted("normalize", "not formatted: a second pass would change the text again")
    except CannotFormatError as error:
        return document.noted("normalize", f"not formatted: the formatted text would lose something ({error})")
    except RecursionError:
        return document.noted("normalize", "not formatted: nested too deeply")
    return document.edited(_hunk_changes(document.text, formatted))


def _hunk_changes(before: str, after: str) -> Iterator[Change]:
    """Yield the changes between two texts, one for each group of consecutive lines."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MOST_LINES:
        yield Change("normalize", (0, len(before)), before, after, FORMATTED)
        return
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for first, last, new_first, new_last in _differing_lines(old, new):
        span = starts[first], starts[last]
        yield Change("normalize", span, before[slice(*span)], "".join(new[new_first:new_last]), FORMATTED)


def _differing_lines(old: list[str], new: list[str]) -> list[list[int]]:
    """Return the runs of lines that differ; only the lines between the equal ends are aligned."""
    start = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - start
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    from rapidfuzz.distance import Indel  # noqa: PLC0415 - formatted texts do not need it, and it takes 7 ms

    inner = differing(Indel.opcodes(old[start : len(old) - tail], new[start : len(new) - tail]))
    return [[place + start for place in run] for run in inner]


STEP = Step("normalize", normalize_markdown, (SAME_LETTERS, VISIBLE_STAYS, OPAQUE_BUT_FENCES, SAME_MEANING), version=8)
