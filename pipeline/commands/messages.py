"""Numbers and file names -> the words that messages show."""

from __future__ import annotations

import os


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 post`, `2 posts`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def on_one_line(name: str) -> str:
    r"""Return a file name on one line, with control characters and invalid bytes escaped.

    >>> print(on_one_line("a\n\udce9"))
    a\n\xe9
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
