"""Let headings be headings: with a space behind their hashes, and not bold as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.markdown import matches_outside_code, overlaps_code, parse_blocks

BOLD = "a heading is prominent already; bold as a whole says nothing"
LEVEL = "a level of headings is skipped in the whole text"
SPACE = "a heading needs a space behind its hashes"
DEEPEST = 6  # the levels of headings
_BOLD = re.compile(r"#[ \t]+(\*\*([^*\n]+)\*\*)[ \t]*$", re.MULTILINE)
_MARKS = re.compile(r"##{0,5}(?:[ \t]+(?=\S)|(?<=##)(?=[\u3041-\u30ff\u3400-\u9fff]))")
_SETEXT = re.compile(r"^ {0,3}(?:=+|-+)[ \t]*$", re.MULTILINE)
_HASHES = re.compile(r"##{1,5}(?=[\u3041-\u30ff\u3400-\u9fff])")


def headings(document: Document) -> Document:
    """Make headings of what stands for them: `##标题` -> `## 标题`, `## **标题**` -> `## 标题`."""
    if "#" not in document.text:
        return document
    changes = list(_headings(document.text))
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _headings(text: str) -> Iterator[Change]:
    for match in matches_outside_code(_BOLD, text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if len(before) < DEEPEST and not before.strip("#"):
            yield Change("headings", match.span(1), match[1], match[2].strip(), BOLD, 0.95)
    for match in matches_outside_code(_HASHES, text):
        if match.start() == 0 or text[match.start() - 1] == "\n":
            yield Change("headings", (match.end(), match.end()), "", " ", SPACE, 0.9)
    yield from _levels(text)


def _levels(text: str) -> Iterator[Change]:
    """Yield the changes that close a gap in the levels: what is of the fourth becomes of the third if none is of that.

    Only a level that nowhere occurs is a gap, so that headings of one level stay of one level.
    """
    marks = [match for match in _MARKS.finditer(text) if match.start() == 0 or text[match.start() - 1] == "\n"]
    used = _underlined(text)
    for match in marks:
        level = len(match[0].rstrip())
        if level not in used and not overlaps_code(text, match.span()):
            used.add(level)
    if not used or not set(range(min(used), max(used))) - used:
        return
    rank = {level: min(used) + at for at, level in enumerate(sorted(used))}
    for match in marks:
        level = len(match[0].rstrip())
        if rank.get(level, level) < level and not overlaps_code(text, match.span()):
            span = match.start() + rank[level], match.start() + level
            yield Change("headings", span, text[slice(*span)], "", LEVEL, 0.8)


def _underlined(text: str) -> set[int]:
    """Return the levels of the headings that are underlined. Of 1 and 2, none has a gap before it."""
    tokens = parse_blocks(text).tokens if _SETEXT.search(text) else []
    return {int(one.tag[1]) for one in tokens if one.type == "heading_open" and one.markup in "=-" and not one.level}


STEP = Step("headings", headings, (SAME_WORDS, SAME_CODE, SAME_LINKS), version=2)
