"""Titles of a book -> titles without the name of their series: `Letter #12: Frost` is `Frost`, number 12."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

LEAST_SERIES_SHARE = 0.6  # of the titles of a book that begin with the series; fewer may be a coincidence
LEAST_SERIES_TITLES = 3  # that begin with the series
_ISSUE_NUMBER = re.compile(r"[0-9]+(?:[.-][0-9]+)*|(?<=第)\s*[〇零一二三四五六七八九十百千]+")
_SERIES_SEPARATOR = re.compile(
    r"\s*[:：|｜\N{EN DASH}\N{EM DASH}\N{MIDDLE DOT}]+\s*|\s+[-/]+\s+|(?<=[)）】\]」』])\s*|(?<=[期回集])\s+"
)


class SeriesTitle(NamedTuple):
    """A title in two parts. `series` and `number` are empty if the title has no series."""

    title: str  # without the series
    series: str = ""  # the series and the number, as written: "Letter #12"
    number: str = ""  # "12"


NO_SERIES = SeriesTitle("")


def series_titles(titles: Sequence[str]) -> list[SeriesTitle]:
    """Return each title with its series split off, if most titles begin with the same words and a number.

    Otherwise, and where nothing would be left, a title stays whole.

    >>> series_titles(["Letter #9: Frost", "Letter #10: Thaw", "Letter #11: Rain"])[1]
    SeriesTitle(title='Thaw', series='Letter #10', number='10')
    """
    split = [_split_title(title) for title in titles]
    counts = Counter(_without_numbers(one.series) for one in split if one)
    pattern, count = counts.most_common(1)[0] if counts else ("", 0)
    if count < max(LEAST_SERIES_TITLES, LEAST_SERIES_SHARE * len(titles)):
        return [SeriesTitle(title) for title in titles]
    return [
        one if one and _without_numbers(one.series) == pattern else SeriesTitle(title)
        for title, one in zip(titles, split, strict=True)
    ]


def _split_title(title: str) -> SeriesTitle | None:
    """Return a title split after its first number with words around it; None if it has no such beginning."""
    number = _ISSUE_NUMBER.search(title)
    separator = number and _SERIES_SEPARATOR.search(title, number.end())
    if not number or not separator:
        return None
    series, rest = title[: separator.start()], title[separator.end() :].strip()
    words = re.search(r"[^\W\d_]", _ISSUE_NUMBER.sub("", series))
    return SeriesTitle(rest, series.strip(), number[0].strip()) if words and re.search(r"\w", rest) else None


def _without_numbers(series: str) -> str:
    """Return the beginning of a title without its numbers, to compare.

    >>> _without_numbers("Letter #12") == _without_numbers("letter #7")
    True
    """
    return " ".join(_ISSUE_NUMBER.sub("0", series).casefold().split())
