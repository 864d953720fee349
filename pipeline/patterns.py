"""A regular expression -> a pattern that is compiled at its first use, because a command uses few of all patterns."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, AnyStr, cast

SPACE_BEFORE = (
    r"(?:(?<!\s)\s++)?+"  # as `\s*` before what is searched, but a run of spaces is read once, from its start
)


class _LazyPattern:
    """Stands for a compiled pattern, and becomes as fast as one with the first use of each method."""

    def __init__(self, regex: str | bytes, flags: int) -> None:
        self._regex, self._flags = regex, flags

    @cached_property
    def _compiled(self) -> re.Pattern[Any]:
        return re.compile(self._regex, self._flags)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of re.Pattern
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found


def lazy_pattern(regex: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    r"""Return the pattern of a regular expression, compiled at its first use.

    >>> lazy_pattern(r"\d+").findall("1 of 20")
    ['1', '20']
    """
    return cast("re.Pattern[AnyStr]", _LazyPattern(regex, flags))
