"""A text -> what closes its regions: each closing mark is searched once, however many openings come before it."""

from __future__ import annotations

import re


class Closers:
    """The next match of each pattern in a text.

    A mark that the text lacks is searched once, not once for each opening: 100 kB of `{{<` take linear time.
    """

    def __init__(self, text: str) -> None:
        """Search in `text`."""
        self._text = text
        self._next: dict[re.Pattern[str], re.Match[str] | None] = {}

    def after(self, at: int, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the first match of `pattern` from offset `at` on; calls for one pattern come from left to right.

        >>> closers, mark = Closers("{{ a }} {{ b"), re.compile("}}")
        >>> closers.after(2, mark).start(), closers.after(10, mark)
        (5, None)
        """
        known = self._next.get(pattern, ...)
        if known is ... or (known and known.start() < at):
            known = self._next[pattern] = pattern.search(self._text, at)
        return known
