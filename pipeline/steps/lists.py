"""Let lists be lists where their items were written as lines of a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.markdown import matches_outside_code

REASON = "numbers at the start of lines that count on are a list; it needs a blank line and a space"
_SECOND = re.compile(r"\n2[)）](?=[^\s\d)）])")
_LINES = re.compile(r"(?:^\d{1,2}[)）](?=[^\s\d)）])[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)
_ITEM = re.compile(r"^(\d{1,2})[)）]", re.MULTILINE)


def lists(document: Document) -> Document:
    """Make a list of lines that are numbered `1)…`, `2)…` within a paragraph."""
    if not _SECOND.search(document.text):
        return document
    changes = list(_lists(document.text))
    return document.edited(changes) if changes else document


def _lists(text: str) -> Iterator[Change]:
    for match in matches_outside_code(_LINES, text):
        items = list(_ITEM.finditer(match[0]))
        if [int(item[1]) for item in items] != list(range(1, len(items) + 1)):
            continue
        before = text[: match.start()]
        for number, item in enumerate(items):
            start, end = (match.start() + at for at in item.span())
            lead = "\n" if not number and before and not before.endswith("\n\n") else ""
            yield Change("lists", (start, end), item[0], f"{lead}{item[1]}) ", REASON, 0.9)
        if match.end() < len(text) and text[match.end()] != "\n":
            yield Change("lists", (match.end(), match.end()), "", "\n", REASON, 0.9)


STEP = Step("lists", lists, (SAME_WORDS, SAME_CODE, SAME_LINKS))
