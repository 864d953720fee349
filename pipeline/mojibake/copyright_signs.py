"""A copyright sign in a page of another code page -> the sign: `Copyright Š 2004` is `Copyright © 2004`.

Editors write its byte of cp1252 into pages of all code pages. ISO 8859-2, for one, has a letter for that byte.
"""

from __future__ import annotations

import re

from pipeline.changes import Change
from pipeline.encoding.codecs import single_byte_misdecodings

COPYRIGHT = "\N{COPYRIGHT SIGN}"
SIGN_CONFIDENCE = 0.95
_WRONG_LETTERS = "".join(
    sorted(
        {bytes([0xA9]).decode(codec, "ignore") for codec in single_byte_misdecodings()}
        - {COPYRIGHT, "\N{REGISTERED SIGN}", ""}
    )
)
_BEFORE_YEAR = re.compile(f"[{re.escape(_WRONG_LETTERS)}](?= ?(?:19|20)\\d\\d)")  # ten times as fast as the next
_WRONG_SIGN = re.compile(
    rf"(?:\b[Cc](?:opyright|OPYRIGHT)|(?:^|[>|])) ?\(?([{re.escape(_WRONG_LETTERS)}])(?= ?(?:19|20)\d\d(?!\d))"
    rf"|\b[Cc](?:opyright|OPYRIGHT) ([{re.escape(_WRONG_LETTERS)}])(?=[ \n]|\Z)",
    re.MULTILINE,
)


def copyright_changes(text: str) -> list[Change]:
    """Return the changes that restore copyright signs before years, or after the word.

    >>> [change.after for change in copyright_changes("Copyright Š 2004 Firma; Škoda 2004")]
    ['©']
    """
    if not (_BEFORE_YEAR.search(text) or "opyright" in text or "OPYRIGHT" in text):
        return []
    found = [match.span(match.lastindex or 0) for match in _WRONG_SIGN.finditer(text)]
    reason = "byte of a copyright sign in another code page"
    return [Change("repair", span, text[slice(*span)], COPYRIGHT, reason, SIGN_CONFIDENCE) for span in found]
