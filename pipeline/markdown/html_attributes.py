"""Attribute of an HTML tag as written -> its value."""

from __future__ import annotations

import html
import re
from html.entities import html5

from pipeline.patterns import lazy_pattern

_REFERENCE = lazy_pattern(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*;?)")


def attribute_value(written: str) -> str:
    """Return the value of an HTML attribute with its character references decoded, by HTML's rule for attributes.

    A reference without a semicolon before `=` or a letter is text (HTML Standard, 13.2.5.73).

    >>> attribute_value("/?a=1&copy=2&amp;b=3&lt"), attribute_value("&#38;x")
    ('/?a=1&copy=2&b=3<', '&x')
    """
    return _REFERENCE.sub(_decoded_reference, written)


def _decoded_reference(match: re.Match[str]) -> str:
    name = match[0][1:]
    if name.startswith("#") or (
        name in html5 and (name.endswith(";") or match.string[match.end() : match.end() + 1] != "=")
    ):
        return html.unescape(match[0])
    return match[0]
