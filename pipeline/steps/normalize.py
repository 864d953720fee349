"""Write Markdown in its normal form, its meaning preserved."""

from __future__ import annotations

from collections.abc import Iterator

import mdformat
from rapidfuzz.distance import Indel

from pipeline.document import Change, Document, Step
from pipeline.promises import SAME_LETTERS, SAME_LINKS, SAME_MEANING, SAME_PARSED_CODE

OPTIONS = {"wrap": "keep", "number": True}
EXTENSIONS = ("footnote", "gfm")
MOST_PASSES = 4
MOST_LINES = 20_000  # beyond, the comparison's table would take over 100 MB: the change is told as one
REASON = "normal form of Markdown"


def normalize(document: Document) -> Document:
    """Write the Markdown in its normal form (mdformat's, with tables and footnotes); lines stay where they are."""
    try:
        formatted = _settled(document.text if document.text.endswith("\n") else document.text + "\n")
    except RecursionError:
        return document.noted("normalize", "nested too deeply to be written in normal form; left as it was")
    except (AssertionError, IndexError, KeyError, ValueError) as error:  # of mdformat, on Markdown it does not expect
        return document.noted("normalize", f"mdformat cannot write it ({type(error).__name__}); left as it was")
    if formatted is None:
        return document.noted("normalize", "has no normal form that stays the same; left as it was")
    return document.edited(_hunks(document.text, formatted))


def _settled(text: str) -> str | None:
    """Return the form that formatting no longer changes; mdformat mostly reaches it in one pass, not always."""
    for _ in range(MOST_PASSES):
        formatted: str = mdformat.text(text, options=OPTIONS, extensions=EXTENSIONS)
        if formatted == text:
            return text
        text = formatted
    return None


def _hunks(before: str, after: str) -> Iterator[Change]:
    """Yield the changes between two texts, a block of lines each."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MOST_LINES:
        yield Change("normalize", (0, len(before)), before, after, REASON, 1.0)
        return
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    codes = [code for code in Indel.opcodes(old, new) if code.tag != "equal"]
    hunks: list[list[int]] = []
    for code in codes:
        if hunks and hunks[-1][1] == code.src_start:
            hunks[-1][1], hunks[-1][3] = code.src_end, code.dest_end
        else:
            hunks.append([code.src_start, code.src_end, code.dest_start, code.dest_end])
    for first, last, new_first, new_last in hunks:
        span = starts[first], starts[last]
        yield Change("normalize", span, before[slice(*span)], "".join(new[new_first:new_last]), REASON, 1.0)


STEP = Step("normalize", normalize, (SAME_LETTERS, SAME_PARSED_CODE, SAME_LINKS, SAME_MEANING))
