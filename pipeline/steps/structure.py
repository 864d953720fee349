"""Let headings be headings and lists be lists where the author meant them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.document import Change, Document, Step
from pipeline.markdown import prose
from pipeline.promises import SAME_CODE, SAME_LINKS, SAME_WORDS

BOLD = "a heading is prominent already; bold as a whole says nothing"
HEADING = "a heading needs a space behind its hashes"
LIST = "numbers at the start of lines that count on are a list; it needs a blank line and a space"
_BOLD = re.compile(r"^ {0,3}#{1,6}[ \t]+(\*\*([^*\n]+)\*\*)[ \t]*$", re.MULTILINE)
_HASHES = re.compile(r"^#{2,6}(?=[\u3041-\u30ff\u3400-\u9fff])", re.MULTILINE)
_GLUED = re.compile(r"(?:^\d{1,2}[)）](?=[^\s\d)）])[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)


def structure(document: Document) -> Document:
    """Make headings and lists of what stands for them: `## **标题**` -> `## 标题`, `1)…` in a paragraph -> a list."""
    text = document.text
    changes = [*_headings(text), *_lists(text)]
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _headings(text: str) -> Iterator[Change]:
    if "#" not in text:
        return
    for match in prose(_BOLD, text):
        yield Change("structure", match.span(1), match[1], match[2].strip(), BOLD, 0.95)
    for match in prose(_HASHES, text):
        yield Change("structure", match.span(), match[0], match[0] + " ", HEADING, 0.9)


def _lists(text: str) -> Iterator[Change]:
    for match in prose(_GLUED, text):
        items = list(re.finditer(r"^(\d{1,2})[)）]", match[0], re.MULTILINE))
        if [int(item[1]) for item in items] != list(range(1, len(items) + 1)):
            continue
        before = text[: match.start()]
        for number, item in enumerate(items):
            start, end = (match.start() + at for at in item.span())
            lead = "\n" if not number and before and not before.endswith("\n\n") else ""
            yield Change("structure", (start, end), item[0], f"{lead}{item[1]}) ", LIST, 0.9)
        if match.end() < len(text) and text[match.end()] != "\n":
            yield Change("structure", (match.end(), match.end()), "", "\n", LIST, 0.9)


STEP = Step("structure", structure, (SAME_WORDS, SAME_CODE, SAME_LINKS))
