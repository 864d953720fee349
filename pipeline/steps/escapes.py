r"""Decode escapes: mojibake in HTML entities, and texts whose characters outside ASCII are all like `\u00e4`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.encoding.codecs import HTML_CODEC
from pipeline.invariants import SAME_CODE
from pipeline.markdown import matches_outside_code
from pipeline.mojibake.mentions import without_mentions
from pipeline.mojibake.unescape import ENTITY_RUN, ESCAPE_RUN, decoded_entities, decoded_escapes, is_escaped_throughout

ESCAPE_CONFIDENCE = 0.99  # confidence: the bytes are valid UTF-8, or all characters outside ASCII are escapes


def decode_escapes(document: Document) -> Document:
    r"""Decode mojibake in HTML entities, like `&Atilde;&copy;`, and `\u00e4` where the whole text is written so."""
    text = document.text
    if "&" in text:
        reason = f"UTF-8 decoded as {HTML_CODEC}, as HTML entities"
        return document.edited(
            without_mentions(text, list(_decoded_matches(text, ENTITY_RUN, decoded_entities, reason)))
        )
    if "\\u" in text and is_escaped_throughout(text):
        return document.edited(
            _decoded_matches(text, ESCAPE_RUN, decoded_escapes, "all characters outside ASCII were escapes")
        )
    return document


def _decoded_matches(
    text: str, pattern: re.Pattern[str], read: Callable[[str], str | None], reason: str
) -> Iterator[Change]:
    """Yield the changes of the matches in prose that `read` decodes."""
    for match in matches_outside_code(pattern, text):
        found = read(match[0])
        if found:
            yield Change("escapes", match.span(), match[0], found, reason, ESCAPE_CONFIDENCE)


STEP = Step("escapes", decode_escapes, (SAME_CODE,), version=3)
