"""A label of an encoding, as files, pages and mails declare it -> the row of the codec table.

The standard of browsers (WHATWG, "Names and labels") is asked first, then Python's aliases.
"""

from __future__ import annotations

import codecs
import functools

import webencodings

from pipeline.encoding.codecs import CODECS


def codec_of_label(label: str) -> str | None:
    """Return the codec that browsers, or else Python, use for a label; None if no row of the table is that codec.

    >>> codec_of_label("x-mac-cyrillic"), codec_of_label("Latin1"), codec_of_label("rot13")
    ('mac_cyrillic', 'cp1252', None)
    """
    known = webencodings.lookup(label)
    try:
        name = known.codec_info.name if known else codecs.lookup(label).name
    except (LookupError, ValueError):  # a label with a NUL is not a valid one
        return None
    return _rows_by_python_name().get(name)


@functools.cache
def _rows_by_python_name() -> dict[str, str]:
    """Return the name in the table for each name that Python's codecs give themselves: `mac-cyrillic` is one."""
    return {codecs.lookup(row.name).name: row.name for row in reversed(CODECS)}
