r"""Read letters that stand as escapes: mojibake in HTML entities, whole texts in `\u00e4`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE
from pipeline.markdown import prose
from pipeline.mojibake.unescape import ENTITIES, ESCAPES, entities_read, escaped_whole, escapes_read

SURE = 0.99  # UTF-8 proves itself; escapes are read only where all letters of a text stand so


def unescape(document: Document) -> Document:
    r"""Read mojibake in HTML entities as what it was, and `\u00e4` as its letter where the whole text is written so."""
    text = document.text
    if "&" in text:
        return document.edited(_read(text, ENTITIES, entities_read, "entities of UTF-8 that was read as cp1252"))
    if "\\u" in text and escaped_whole(text):
        return document.edited(_read(text, ESCAPES, escapes_read, "all letters outside ASCII stood as escapes"))
    return document


def _read(text: str, pattern: re.Pattern[str], read: Callable[[str], str | None], reason: str) -> Iterator[Change]:
    for match in prose(pattern, text):
        found = read(match[0])
        if found:
            yield Change("escapes", match.span(), match[0], found, reason, SURE)


STEP = Step("escapes", unescape, (SAME_CODE,))
