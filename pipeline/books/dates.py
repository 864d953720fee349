"""ISO 8601 dates -> dates in words, in the language of a chapter: `2024-04-14` -> 14 April 2024."""

from __future__ import annotations

import datetime as dt
import re

from pipeline.books.phrases import has_phrases, phrase


def date_in_words(date: str, language: str) -> str:
    """Return a year, a year and month, or a full date in words; as it is in a language without phrases.

    >>> date_in_words("2024-04-14", "en"), date_in_words("2024-04-14", "zh-Hans"), date_in_words("2024-04", "ru")
    ('14 April 2024', '2024年4月14日', 'апрель 2024')
    """
    if not date or not has_phrases(language):
        return date
    year, *rest = date.split("-")
    if not rest:
        return phrase("year-alone", language).format(year=year)
    months = phrase("months-alone" if len(rest) == 1 else "months", language).split("|")
    month = months[int(rest[0]) - 1]
    form = phrase("month-and-year" if len(rest) == 1 else "date", language)
    return form.format(year=year, month=month, day=int(rest[-1]))


def iso_date_or_empty(written: str) -> str:
    """Return an ISO 8601 date unchanged; anything else, and a day that does not exist, as "".

    >>> iso_date_or_empty("2021-02"), iso_date_or_empty("2021-02-31"), iso_date_or_empty("May 2021")
    ('2021-02', '', '')
    """
    if not re.fullmatch(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?", written):
        return ""
    try:
        dt.date.fromisoformat(f"{written}-01-01"[:10])
    except ValueError:
        return ""
    return written
