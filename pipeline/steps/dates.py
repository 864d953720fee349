"""Text, a title or the path of a URL -> the first date in it, as ISO 8601."""

from __future__ import annotations

import datetime as dt
import re

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH_NAME = "|".join(rf"{month[:3]}(?:{month[3:]}|\.)?" for month in MONTHS) + r"|sept\.?"  # in full or cut short
DATE_PATTERNS = (
    re.compile(
        r"(?<!\d)(?P<y>(?:19|20)[0-9][0-9])\s*[年년]"
        r"\s*(?P<m>1[0-2]|0?[1-9])\s*[月월](?:\s*(?P<d>3[01]|[12][0-9]|0?[1-9])\s*[日일])?"
    ),
    re.compile(
        r"(?<!\d)(?P<y>(?:19|20)[0-9][0-9])[-/.](?P<m>1[0-2]|0[1-9])(?:[-/.](?P<d>3[01]|[12][0-9]|0[1-9]))?(?!\d)"
    ),
    re.compile(
        r"(?<![\d.])(?P<y>(?:19|20)[0-9][0-9])(?P<sign>[-/])(?P<m>1[0-2]|0?[1-9])"
        r"(?P=sign)(?P<d>3[01]|[12][0-9]|0?[1-9])(?![\d.])"
    ),
    re.compile(
        rf"\b(?P<d>3[01]|[12][0-9]|0?[1-9])[\s-]+(?P<m>{_MONTH_NAME})[\s-]+(?P<y>(?:19|20)[0-9][0-9])\b", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?P<m>{_MONTH_NAME})[\s-]+(?:(?P<d>3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?,?[\s-]+)?"
        r"(?P<y>(?:19|20)[0-9][0-9])\b",
        re.IGNORECASE,
    ),
)


def date_in(text: str) -> str:
    """Return the first date in `text`: YYYY-MM-DD, or YYYY-MM where it has no day; empty if there is none.

    >>> date_in("2021 年 3 月要读的论文"), date_in("/posts/2021/03/09/x"), date_in("Tue, 9 Mar 2021 10:00")
    ('2021-03', '2021-03-09', '2021-03-09')
    """
    for pattern in DATE_PATTERNS:
        if match := pattern.search(text):
            month = match["m"].lower()[:3]
            number = int(month) if month.isdigit() else [name[:3] for name in MONTHS].index(month) + 1
            year_and_month = f"{match['y']}-{number:02}"
            return f"{year_and_month}-{int(match['d']):02}" if match["d"] and _is_day(match, number) else year_and_month
    return ""


def _is_day(match: re.Match[str], month: int) -> bool:
    try:
        dt.date(int(match["y"]), month, int(match["d"]))
    except ValueError:
        return False
    return True
