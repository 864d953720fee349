"""Fix headings: a space after the hashes, no bold for the whole text, no skipped level."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change, repeated
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import block_groups, matches_outside_opaque, overlaps_opaque
from pipeline.patterns import lazy_pattern

BOLD_HEADING = "bold adds nothing to the whole text of a heading"
SKIPPED_LEVEL = "the text uses no heading of the level above"
SPACE_AFTER_HASHES = "a heading needs a space after its hashes"
HEADING_LEVELS = 6  # levels of headings
_BOLD_HEADING = lazy_pattern(r"#[ \t]+(\*\*([^*\n]+)\*\*)[ \t]*$", re.MULTILINE)
_HEADING_HASHES = lazy_pattern(r"##{0,5}(?:[ \t]+(?=\S)|(?<=##)(?=[\u3041-\u30ff\u3400-\u9fff]))")
_SETEXT_UNDERLINE = lazy_pattern(r"\n(?<=[^\n]\n) {0,3}(?:=+|-+)[ \t]*(?:\n|\Z)")  # below a line that is not empty
_HASHES_WITHOUT_SPACE = lazy_pattern(r"##{1,5}(?=[\u3041-\u30ff\u3400-\u9fff])")


def headings(document: Document) -> Document:
    """Fix headings: `##标题` -> `## 标题`, `## **标题**` -> `## 标题`."""
    if "#" not in document.text:
        return document
    changes = repeated(document.text, _heading_changes)
    return document.edited(changes) if changes else document


def _heading_changes(text: str) -> Iterator[Change]:
    for match in _BOLD_HEADING.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        marks = (match.start(), match.start(2)), (match.end(2), match.end(1))
        if (
            len(before) < HEADING_LEVELS
            and not before.strip("#")
            and not any(overlaps_opaque(text, span) for span in marks)
        ):
            yield Change("headings", match.span(1), match[1], match[2].strip(), BOLD_HEADING)
    for match in matches_outside_opaque(_HASHES_WITHOUT_SPACE, text):
        if match.start() == 0 or text[match.start() - 1] == "\n":
            yield Change("headings", (match.end(), match.end()), "", " ", SPACE_AFTER_HASHES)
    yield from _level_changes(text)


def _level_changes(text: str) -> Iterator[Change]:
    """Yield the changes that close gaps in the levels: `####` becomes `###` if the text has no `###`.

    A level that occurs anywhere is not a gap, so headings of equal level stay equal.
    """
    marks = [match for match in _HEADING_HASHES.finditer(text) if match.start() == 0 or text[match.start() - 1] == "\n"]
    used = _underlined_levels(text)
    for match in marks:
        level = len(match[0].rstrip())
        if level not in used and not overlaps_opaque(text, match.span()):
            used.add(level)
    if not used or not set(range(min(used), max(used))) - used:
        return
    rank = {level: min(used) + at for at, level in enumerate(sorted(used))}
    for match in marks:
        level = len(match[0].rstrip())
        if rank.get(level, level) < level and not overlaps_opaque(text, match.span()):
            span = match.start() + rank[level], match.start() + level
            yield Change("headings", span, text[slice(*span)], "", SKIPPED_LEVEL)


def _underlined_levels(text: str) -> set[int]:
    """Return the levels of the underlined headings, 1 or 2. These cannot have a gap above them."""
    if not _SETEXT_UNDERLINE.search(text):
        return set()
    groups = (group for group in block_groups(text) if _SETEXT_UNDERLINE.search(group.text))
    return {
        int(one.tag[1])
        for group in groups
        for one in group.blocks.tokens
        if one.type == "heading_open" and one.markup in "=-" and not one.level
    }


STEP = Step("headings", headings, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=5)
