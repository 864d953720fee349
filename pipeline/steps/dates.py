"""Text, a title, a value of front matter or a path -> the date in it, as ISO 8601; ambiguous ones are never guessed."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.patterns import lazy_pattern

ENGLISH_MONTHS = {
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    *("december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
}
"""With a year alone these are months in any text; in other languages the words have other meanings (`Mars 2020`)."""
BUDDHIST_ERA, EARLIEST_BUDDHIST_YEAR = 543, 2400  # years of the Thai calendar before the year 1; 1857
ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "民國": 1911, "民国": 1911}
"""Eras of Japan, and of the Republic of China: the year before their first."""
FIRST_EPOCH, LAST_EPOCH = 631_152_000, 1_893_456_000  # seconds: 1990 and 2030, between them a number is a time
_FULL_YEAR = r"(?P<y>(?:19|20)[0-9][0-9])"
_MONTH = r"(?P<m>1[0-2]|0?[1-9])"
_DAY = r"(?P<d>3[01]|[12][0-9]|0?[1-9])"
_NAME = r"(?P<name>[^\W\d_][^\s\d.,/()_:;·|，。、-]{1,20})"  # not \w: the vowels of Thai and Hindi are marks
_DIGIT = re.compile("[0-9]")  # every date has one
_OF = r"(?:(?:of|de|del|di|den|dello)\s{1,3}|d['’])?"
_NAMED_YEAR = r"(?P<y>(?:19|20|2[45])[0-9][0-9])(?![\d-])"
_ALL_IN_NUMBERS = (
    lazy_pattern(
        rf"(?<!\d)(?:{_FULL_YEAR}|(?P<era>{'|'.join(ERAS)})\s*(?P<n>元|1?[0-9]?[0-9]))\s*[年년]"
        rf"\s*{_MONTH}\s*[月월](?:\s*{_DAY}\s*[日号號일])?"
    ),
    lazy_pattern(rf"(?<![\d.]){_FULL_YEAR}(?P<sign>[-/]){_MONTH}(?P=sign){_DAY}(?![\d.]|\s?[-/]\d)"),
    lazy_pattern(
        rf"\b{_DAY}\s{{1,3}}tháng\s{{1,3}}{_MONTH}(?:,|\s{{1,3}}năm)?\s{{1,3}}{_FULL_YEAR}(?!\d)", re.IGNORECASE
    ),
    lazy_pattern(
        r"(?<!\d)(?P<y>(?:19|20)[0-9][0-9])[-/.](?P<m>1[0-2]|0[1-9])(?:[-/.](?P<d>3[01]|[12][0-9]|0[1-9]))?(?!\d)"
    ),
)
_NAMED = (  # 5 March 2021; 2021. március 5.; March 5, 2021; Fri Mar  5 10:00:00 2021; March 2021
    lazy_pattern(
        rf"(?<![\d.:/]){_DAY}(?:st|nd|rd|th|er|[ºª°.])?[\s/-]{{0,3}}{_OF}{_NAME}\.?,?[\s/-]{{0,3}}"
        rf"(?:พ\.ศ\.|ค\.ศ\.)?\s?{_OF}{_NAMED_YEAR}",
        re.IGNORECASE,
    ),
    lazy_pattern(
        rf"(?<!\d){_FULL_YEAR}(?:\.|,|\s?m\.)?[\s/-]{{1,3}}{_NAME}\.?[\s/-]{{1,3}}{_DAY}(?!\d)", re.IGNORECASE
    ),
    lazy_pattern(rf"(?<!\d){_FULL_YEAR}\.?\s{{0,3}}gada\s{{1,3}}{_DAY}\.?\s{{1,3}}{_NAME}", re.IGNORECASE),
    lazy_pattern(
        rf"(?<![^\W_]){_NAME}\.?[\s/-]{{1,3}}{_DAY}(?:st|nd|rd|th)?(?:,\s{{0,3}}|[\s/-]{{1,3}})"
        rf"(?:\d\d?:\d\d(?::\d\d)?\s(?:[A-Z]{{2,5}}\s|[+-]\d{{4}}\s){{0,2}})?{_OF}{_NAMED_YEAR}",
        re.IGNORECASE,
    ),
    lazy_pattern(rf"(?<![^\W_]){_NAME}\.?,?[\s/-]{{1,3}}{_OF}{_NAMED_YEAR}", re.IGNORECASE),
)
_MONTH_AND_YEAR = lazy_pattern(rf"{_NAME}\.?,?\s+{_OF}{_FULL_YEAR}(?:\s?г\.?)?", re.IGNORECASE)
_YEAR_FIRST = lazy_pattern(rf"(?<![\w.-]){_FULL_YEAR}(?P<sign>[-/.])\s?{_MONTH}(?P=sign)\s?{_DAY}(?!\d)")
_COMPACT = lazy_pattern(
    r"(?P<y>(?:19|20)[0-9][0-9])(?P<m>1[0-2]|0[1-9])(?P<d>3[01]|[12][0-9]"
    r"|0[1-9])(?:[T ]?\d{4}(?:\d\d)?(?:[.,]\d+)?Z?)?"
)
_COMPACT_DAY = lazy_pattern(r"(?<![\w.-])(?:19|20)\d\d(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])(?![\w.-])")
_COMPACT_IN_PATH = lazy_pattern(
    r"(?:^|/)(?P<y>(?:19|20)\d\d)(?P<sign>_?)(?P<m>1[0-2]|0[1-9])(?P=sign)(?P<d>3[01]|[12]\d|0[1-9])(?=[-_./ ]|$)"
)
_DAY_FIRST = lazy_pattern(
    rf"(?<![\w./-])(?P<one>\d{{1,2}})(?P<sign>[-/.])\s?(?P<two>\d{{1,2}})(?P=sign)\s?{_FULL_YEAR}(?!\d)"
)
_WEEKDAY = lazy_pattern(r"\A[^\W\d_]+\.?,?\s+(?=\d)")
_WEEK = lazy_pattern(r"(?P<y>(?:19|20)[0-9][0-9])-?W(?P<w>[0-5][0-9])-?(?P<d>[1-7])")
_DAY_OF_YEAR = lazy_pattern(r"(?P<y>(?:19|20)[0-9][0-9])-(?P<n>[0-3][0-9][0-9])")
_EPOCH = lazy_pattern(r"(?P<s>\d{9,10})(?:\.\d+)?|(?P<ms>\d{12,13})")
_CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_CHINESE_DATE = lazy_pattern(
    r"[〇零○一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十]{1,3}[日号號])?"
)


def date_in(text: str) -> str:
    """Return the first date in `text`: YYYY-MM-DD, or YYYY-MM where it has no day; empty if there is none.

    >>> date_in("2021 年 3 月要读的论文"), date_in("/posts/2021/03/09/x"), date_in("Tue, 9 Mar 2021 10:00")
    ('2021-03', '2021-03-09', '2021-03-09')
    >>> date_in("le 5 mars 2021"), date_in("2021. március 5."), date_in("令和3年3月5日")
    ('2021-03-05', '2021-03-05', '2021-03-05')
    """
    text = with_plain_digits(text)
    if not _DIGIT.search(text):
        return ""
    for pattern in _ALL_IN_NUMBERS:
        if match := pattern.search(text):
            groups = match.groupdict()
            year = int(groups["y"]) if groups["y"] else ERAS[groups["era"]] + int(groups["n"].replace("元", "1"))
            return _iso(year, int(groups["m"]), groups["d"])
    return next((date for pattern in _NAMED for match in pattern.finditer(text) if (date := _named_date(match))), "")


def date_span(text: str) -> tuple[int, int]:
    """Return where the first date of a line is, whether it has one or two readings; an empty span if there is none.

    >>> date_span("Friday, 5 March 2021"), date_span("05/03/2021"), date_span("no date")
    ((8, 20), (0, 10), (0, 0))
    """
    if not _DIGIT.search(text):
        return 0, 0
    for pattern in (*_ALL_IN_NUMBERS[:3], _YEAR_FIRST, _DAY_FIRST, _COMPACT_DAY):
        if match := pattern.search(text):
            return match.span()
    named = (match.span() for pattern in _NAMED for match in pattern.finditer(text) if _named_date(match))
    return next(named, (0, 0))


def _named_date(match: re.Match[str]) -> str:
    """Return the date of a match of _NAMED; empty if the word in it is not a month, or may be none."""
    groups = match.groupdict()
    name, year = groups["name"].lower(), int(groups["y"])
    thai = "\u0e00" <= name[0] <= "\u0e7f" and year >= EARLIEST_BUDDHIST_YEAR  # THAI CHARACTERS
    month = month_names().get(name, 0)
    if not month or ("d" not in groups and name not in ENGLISH_MONTHS) or (year >= EARLIEST_BUDDHIST_YEAR and not thai):
        return ""
    return _iso(year - BUDDHIST_ERA if thai else year, month, groups.get("d"))


def date_of(value: str) -> str:
    """Return the date that a value of front matter or a line with nothing else is; empty if none or ambiguous.

    >>> date_of("2021.3.5"), date_of("20210305"), date_of("1614938400"), date_of("13/03/2021"), date_of("05/03/2021")
    ('2021-03-05', '2021-03-05', '2021-03-05', '2021-03-13', '')
    """
    value = with_plain_digits(value.strip())
    if match := _YEAR_FIRST.match(value) or _COMPACT.fullmatch(value):
        return _iso(int(match["y"]), int(match["m"]), match["d"])
    if match := _DAY_FIRST.match(_WEEKDAY.sub("", value)):
        day_and_month = _day_and_month(match)
        return _iso(int(match["y"]), day_and_month[1], str(day_and_month[0])) if day_and_month else ""
    if (match := _MONTH_AND_YEAR.fullmatch(value)) and (month := month_names().get(match["name"].lower())):
        return _iso(int(match["y"]), month, None)
    return _counted_date(value) or date_in(value)


def _counted_date(value: str) -> str:
    """Return the date of a count: seconds since 1970, a week and its day, a day of the year; empty if it is none.

    >>> _counted_date("1614938400000"), _counted_date("2021-W09-5"), _counted_date("2021-064"), _counted_date("42")
    ('2021-03-05', '2021-03-05', '2021-03-05', '')
    """
    with suppress(ValueError):  # a year without that week or day
        if match := _EPOCH.fullmatch(value):
            seconds = int(match["s"] or match["ms"]) // (1 if match["s"] else 1000)
            if FIRST_EPOCH <= seconds <= LAST_EPOCH:
                return dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()
        elif match := _WEEK.match(value):
            return dt.date.fromisocalendar(int(match["y"]), int(match["w"]), int(match["d"])).isoformat()
        elif match := _DAY_OF_YEAR.fullmatch(value):
            return dt.datetime.strptime(value, "%Y-%j").replace(tzinfo=dt.UTC).date().isoformat()
    return ""


def is_ambiguous(value: str) -> bool:
    """Return whether a value is a date that has two readings: 05/03/2021 is the 5 March or May 3."""
    match = _DAY_FIRST.match(with_plain_digits(value.strip()))
    return match is not None and not _day_and_month(match) and max(int(match["one"]), int(match["two"])) <= 12  # noqa: PLR2004


def date_in_path(path: str) -> str:
    """Return the date in the path of a file or a URL.

    >>> date_in_path("_posts/2021-03-05-whales.md"), date_in_path("news/20210305/a.html"), date_in_path("x/12345.md")
    ('2021-03-05', '2021-03-05', '')
    """
    if match := _COMPACT_IN_PATH.search(path):
        return _iso(int(match["y"]), int(match["m"]), match["d"])
    return date_in(path)


@cache
def _calendar() -> dict[str, Any]:
    return tomllib.loads((files("pipeline.steps") / "calendar.toml").read_text("utf-8"))


@cache
def day_names() -> frozenset[str]:
    """Return the names of the days of the week, in full and cut short."""
    return frozenset(name for names in _calendar()["days"].values() for name in names.split())


@cache
def month_names() -> dict[str, int]:
    """Return the names of the months, with and without accents; without those of two months (`listopad`)."""
    months: dict[str, set[int]] = {}
    for names in _calendar()["months"].values():
        for month, written in enumerate(names, 1):
            for name in {form for word in written.split() for form in _forms(word)}:
                months.setdefault(name, set()).add(month)
    return {name: min(numbers) for name, numbers in months.items() if len(numbers) == 1} | {"sept": 9}


def _forms(name: str) -> Iterator[str]:
    """Yield a name, and without accents if it is Latin: `märz`, `marz`."""
    yield name
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    if plain.isascii():
        yield plain


def _day_and_month(match: re.Match[str]) -> tuple[int, int] | None:
    """Return the day and the month of two numbers before a year; None where both readings are dates.

    With full stops the day is first in every country that writes them.
    """
    one, two = int(match["one"]), int(match["two"])
    if one == two or match["sign"] == "." or one > 12:  # noqa: PLR2004
        return (one, two) if 1 <= two <= 12 and one else None  # noqa: PLR2004
    return (two, one) if two > 12 and one else None  # noqa: PLR2004


def with_plain_digits(text: str) -> str:
    """Return the text with dates in Chinese and other digits in ASCII: `二〇二一年三月五日` -> `2021年3月5日`."""
    if text.isascii():
        return text
    text = _CHINESE_DATE.sub(lambda match: re.sub(r"[^年月日号號]+", _plain_number, match[0]), text)
    if _DIGIT.search(text):
        return text.translate({0xFF10 + digit: str(digit) for digit in range(10)})  # FULLWIDTH DIGIT ZERO
    return re.sub(r"\d", lambda match: str(unicodedata.decimal(match[0])), text)


def _plain_number(match: re.Match[str]) -> str:
    """Return a Chinese number in ASCII digits: `二〇二一` -> `2021`, `二十五` -> `25`."""
    tens, ten, ones = match[0].partition("十")
    if not ten:
        return match[0].translate(_CHINESE_DIGITS)
    return (tens or "一").translate(_CHINESE_DIGITS) + (ones or "零").translate(_CHINESE_DIGITS)


def _iso(year: int, month: int, day: str | None) -> str:
    """Return a date in ISO 8601, without the day if there is none or the month does not have it."""
    try:
        return dt.date(year, month, int(day or "")).isoformat()
    except ValueError:
        return f"{year}-{month:02}"
