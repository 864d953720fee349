"""Numbers and file names -> the words that messages show."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 post`, `2 posts`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def on_one_line(name: str) -> str:
    """Return a file name on one line, with control characters escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)
