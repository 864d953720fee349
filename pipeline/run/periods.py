"""Posts by date -> volumes: one for each year, month or week, in parts where it has many posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Literal

from pipeline.store.stable_parts import stable_parts

Period = Literal["week", "month", "year"]
MOST_POSTS = 120  # in a volume: the PDF of 100 posts of 11 kB takes 0.8 GB of memory, and more than linearly more
LEAST_POSTS = 80  # then the volume ends at a path whose hash is a multiple of END_OF_VOLUME
END_OF_VOLUME = 10
CHARACTERS_OF_POST = 4_000  # a longer post counts as several: the PDF of 590,000 takes 1.07 GB (benchmarks/volumes.py)
NO_LENGTHS: Mapping[str, int] = MappingProxyType({})
UNDATED = "undated"
DatedPost = tuple[str, str, str]  # path, key, date


def period_of(date: str, every: Period) -> str:
    """Return the name of the period of a date (ISO 8601); empty if the date is not exact enough.

    >>> period_of("2021-01-03", "week"), period_of("2021-01-03", "month"), period_of("2021-01", "week")
    ('2020-W53', '2021-01', '')
    """
    if every != "week":
        length = len("2021" if every == "year" else "2021-01")
        return date[:length] if len(date) >= length else ""
    try:
        year, week, _ = dt.date.fromisoformat(date).isocalendar()
    except ValueError:
        return ""
    return f"{year}-W{week:02}"


def posts_it_counts_as(length: int) -> float:
    """Return how many posts a post of some characters counts as.

    >>> posts_it_counts_as(500), posts_it_counts_as(20_000)
    (1.0, 5.0)
    """
    return max(1.0, length / CHARACTERS_OF_POST)


def volumes_of(
    posts: Iterable[DatedPost], every: Period | None = None, lengths: Mapping[str, int] = NO_LENGTHS
) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the paths of each volume, from posts by date; those of no period come last.

    `lengths` are the characters of the posts, by path; a volume of long posts has fewer. Without a period, a volume
    has the posts of a year, or of a decade if they are few. A new post changes few volumes, none of other decades.

    >>> posts = [(f"{number}.md", "", "2021-05") for number in range(150)] + [("x.md", "", "")]
    >>> [(name, len(paths)) for name, paths in volumes_of([*posts, ("y.md", "", "2009"), ("z.md", "", "2001")])]
    [('2000-2009', 2), ('2021-1', 96), ('2021-2', 54), ('undated', 1)]
    """

    def weight(path: str) -> float:
        return posts_it_counts_as(lengths.get(path, 0))

    named = [(period_of(date, every or "year") or UNDATED, path) for path, _, date in posts]
    in_order = sorted(named, key=lambda one: (one[0] == UNDATED, one[0]))
    for decade, members in groupby(in_order, lambda one: one[0] if every else one[0][: len("202")]):
        by_period = {period: [path for _, path in some] for period, some in groupby(members, itemgetter(0))}
        paths = [path for some in by_period.values() for path in some]
        if len(by_period) > 1 and sum(map(weight, paths)) <= MOST_POSTS:
            yield f"{decade}0-{decade}9", paths
            continue
        for period, some in by_period.items():
            parts = [*stable_parts(some, LEAST_POSTS, MOST_POSTS, END_OF_VOLUME, weight)]
            for number, part in enumerate(parts, 1):
                yield (f"{period}-{number}" if len(parts) > 1 else period), part
