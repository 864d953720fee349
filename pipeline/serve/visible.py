"""Text -> text in which a reader sees the characters that are invisible or that reorder others."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(  # control characters but tab and line end, zero width, bidirectional format characters
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


def visible_characters(text: str) -> str:
    r"""Return `text` with invisible characters as escapes.

    >>> visible_characters("a\u202eb\x01")
    'a\\u202eb\\u0001'
    """
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
