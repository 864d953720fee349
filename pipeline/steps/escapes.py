r"""Decode escapes: mojibake in HTML entities, and texts whose characters outside ASCII are all like `\u00e4`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.encoding.codecs import HTML
from pipeline.invariants import SAME_CODE
from pipeline.markdown import prose
from pipeline.mojibake.unescape import ENTITIES, ESCAPES, entities_read, escaped_whole, escapes_read

SURE = 0.99  # confidence: the bytes are valid UTF-8, or all characters outside ASCII are escapes


def unescape(document: Document) -> Document:
    r"""Decode mojibake in HTML entities, like `&Atilde;&copy;`, and `\u00e4` where the whole text is written so."""
    text = document.text
    if "&" in text:
        return document.edited(_read(text, ENTITIES, entities_read, f"UTF-8 decoded as {HTML}, as HTML entities"))
    if "\\u" in text and escaped_whole(text):
        return document.edited(_read(text, ESCAPES, escapes_read, "all characters outside ASCII were escapes"))
    return document


def _read(text: str, pattern: re.Pattern[str], read: Callable[[str], str | None], reason: str) -> Iterator[Change]:
    """Yield the changes of the matches in prose that `read` decodes."""
    for match in prose(pattern, text):
        found = read(match[0])
        if found:
            yield Change("escapes", match.span(), match[0], found, reason, SURE)


STEP = Step("escapes", unescape, (SAME_CODE,), version=2)
