r"""Decode escapes: mojibake in HTML entities, references to C1 controls, and texts that are all like `\u00e4`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.encoding.codecs import HTML_CODEC
from pipeline.invariants import SAME_CODE
from pipeline.markdown import matches_outside_code
from pipeline.mojibake.unescape import (
    ENTITY_RUN,
    ESCAPE_RUN,
    SINGLE_ENTITY,
    decoded_entities,
    decoded_escapes,
    is_escaped_throughout,
)

C1_REFERENCE = re.compile(r"&#(?:0{0,3}1(?:2[89]|[345]\d)|[xX]0{0,4}[89][0-9a-fA-F]);")  # U+0080 to U+009F
WINDOWS_1252 = "HTML reads references to C1 controls as windows-1252"
ESCAPE_CONFIDENCE = 0.99  # confidence: the bytes are valid UTF-8, or all characters outside ASCII are escapes


def decode_escapes(document: Document) -> Document:
    r"""Decode mojibake in HTML entities, like `&Atilde;&copy;`, `&#146;`, and `\u00e4` if the whole text has such."""
    text = document.text
    if "&" in text:
        if not (SINGLE_ENTITY.search(text) or C1_REFERENCE.search(text)):
            return document
        from pipeline.mojibake.mentions import without_mentions  # noqa: PLC0415 - loads the model

        reason = f"UTF-8 decoded as {HTML_CODEC}, as HTML entities"
        changes = without_mentions(text, list(_decoded_matches(text, ENTITY_RUN, decoded_entities, reason)))
        read = {at for change in changes for at in range(*change.span)}
        changes += [
            change
            for change in _decoded_matches(text, C1_REFERENCE, windows_1252_character, WINDOWS_1252)
            if change.span[0] not in read
        ]
        return document.edited(sorted(changes, key=lambda change: change.span))
    if "\\u" in text and is_escaped_throughout(text):
        return document.edited(
            _decoded_matches(text, ESCAPE_RUN, decoded_escapes, "all characters outside ASCII were escapes")
        )
    return document


def windows_1252_character(reference: str) -> str | None:
    """Return the character that HTML reads a reference to a C1 control as; None where windows-1252 has none.

    >>> windows_1252_character("&#146;"), windows_1252_character("&#x80;"), windows_1252_character("&#129;")
    ('’', '€', None)

    Source: HTML Standard, 13.2.5.80, numeric character reference end state.
    """
    char = html.unescape(reference)
    return char if len(char) == 1 and char > "\x9f" else None


def _decoded_matches(
    text: str, pattern: re.Pattern[str], read: Callable[[str], str | None], reason: str
) -> Iterator[Change]:
    """Yield the changes of the matches in prose that `read` decodes."""
    for match in matches_outside_code(pattern, text):
        found = read(match[0])
        if found:
            yield Change("escapes", match.span(), match[0], found, reason, ESCAPE_CONFIDENCE)


STEP = Step("escapes", decode_escapes, (SAME_CODE,), version=3)
