"""Text -> text in which a reader sees the characters that are invisible or that reorder others."""

from __future__ import annotations

import re

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # they shape words and emoji; alone they are hidden too
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"  # controls but tab and line end, separators, surrogates
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # what sets the direction of text (UAX #9)
    r"\u00ad\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb"  # invisible: soft hyphen, no width, annotations
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"  # of shorthand, of music, tags
    rf"|(?<!\S)[{_JOINERS}]++|(?<![{_JOINERS}])[{_JOINERS}]++(?!\S)"
)


def visible_characters(text: str) -> str:
    r"""Return `text` with invisible characters as escapes; tabs and line ends stay.

    >>> visible_characters("a\u202eb\x01")
    'a\\u202eb\\u0001'
    """
    return _HIDDEN.sub(_escape_sequence, text)


def single_line(text: str) -> str:
    r"""Return a text with a sign where a line or a paragraph ends, and with what is hidden made visible.

    >>> single_line("One.\n\nTwo.")
    'One.↵Two.'
    """
    return visible_characters(re.sub(r"\n+", "↵", text))


def _escape_sequence(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}" for char in match[0])
