r"""Text written as escapes -> its characters: `&Atilde;&copy;` is mojibake of `é`, `\u4f60` is `你`."""

from __future__ import annotations

import html
import re

from pipeline.encoding.codecs import HTML_CODEC
from pipeline.encoding.misdecoding import misdecoded_bytes
from pipeline.patterns import lazy_pattern

_ENTITY_FORM = r"&(?:#\d{2,6}|#[xX][0-9a-fA-F]{2,5}|[A-Za-z]{2,8}\d{0,2});"
SINGLE_ENTITY = lazy_pattern(_ENTITY_FORM)
ENTITY_RUN = lazy_pattern(rf"(?:[\x80-\U0010ffff]|{_ENTITY_FORM})+")
ESCAPE_RUN = lazy_pattern(r"(?:\\u[0-9a-fA-F]{4})+")
FEWEST_ESCAPES = 5  # escapes of a text at least, most of them in words
NO_BREAK_SPACE = "\xa0"  # the first character that is neither ASCII nor a control


def decoded_entities(run: str) -> str | None:
    r"""Return the original of a run of entities and characters; None where it is not mis-decoded UTF-8, byte by byte.

    >>> decoded_entities("&Atilde;&copy;"), decoded_entities("&eacute;")
    ('é', None)
    """
    if "&" not in run:
        return None
    from ftfy.badness import is_bad  # noqa: PLC0415 - takes 60 ms, which text without entities need not wait for

    mojibake = html.unescape(run)
    if not is_bad(mojibake):
        return None
    try:
        text = misdecoded_bytes(mojibake, HTML_CODEC).decode()
    except UnicodeDecodeError:
        return None
    return None if any(char < "\x80" for char in text) else text


def is_escaped_throughout(text: str) -> bool:
    r"""Return whether all characters outside ASCII in `text` are escapes, and most escapes are in words.

    >>> is_escaped_throughout(r"Die T\u00fcr ist gr\u00fcn, sch\u00f6n, \u00fcberhaupt gem\u00fctlich.")
    True
    >>> is_escaped_throughout(r"\u00fc is ü.")
    False
    """
    runs = list(ESCAPE_RUN.finditer(text)) if text.isascii() else []
    within = [run for run in runs if len(run[0]) > len(r"\u0000") or _touches_letter(text, run)]
    return sum(len(run[0]) // 6 for run in runs) >= FEWEST_ESCAPES and len(within) * 5 >= len(runs) * 4


def _touches_letter(text: str, run: re.Match[str]) -> bool:
    """Return whether a letter is next to a match."""
    return text[max(0, run.start() - 1) : run.start()].isalpha() or text[run.end() : run.end() + 1].isalpha()


def decoded_escapes(run: str) -> str | None:
    r"""Return the characters of a run of escapes; None where a surrogate is unpaired or one is ASCII or a control.

    >>> decoded_escapes(r"\u4f60\u597d")
    '你好'
    """
    try:
        text = bytes.fromhex(run.replace("\\u", "")).decode("utf-16-be")
    except UnicodeDecodeError:
        return None
    return None if any(char < NO_BREAK_SPACE for char in text) else text
