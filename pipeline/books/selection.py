"""Chapters -> those that meet the conditions of an `[[edition]]` in the settings, in its order."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.books.book import Chapter
from pipeline.books.pandoc_ast import ast_plain_text
from pipeline.settings import Edition
from pipeline.store.natural_order import natural_key


def selected_chapters(edition: Edition, chapters: Iterable[Chapter]) -> list[Chapter]:
    """Return the chapters that meet every condition of `edition`. An empty condition matches all chapters.

    `chapters` are sorted by date, oldest first. A chapter without a date does not meet a condition on dates.
    """
    selected = [chapter for chapter in chapters if meets_conditions(edition, chapter)]
    if edition.order == "newest":
        dated = [chapter for chapter in selected if chapter.date]
        return [*reversed(dated), *(chapter for chapter in selected if not chapter.date)]
    return sorted(selected, key=lambda chapter: natural_key(chapter.title)) if edition.order == "title" else selected


def meets_conditions(edition: Edition, chapter: Chapter) -> bool:
    """Return whether a chapter meets every condition of `edition`."""
    language = edition.language.casefold()
    return (
        _is_between_dates(chapter.date, edition.since, edition.until)
        and edition.tag.casefold() in {"", *map(str.casefold, chapter.tags)}
        and edition.series.casefold() in {"", chapter.series.casefold()}
        and (not language or f"{chapter.language}-".casefold().startswith(f"{language}-"))
        and (not edition.query or _contains_query(chapter, edition.query.casefold()))
    )


def _is_between_dates(date: str, since: str, until: str) -> bool:
    """Return whether `date` is between two dates, inclusive. A year or month means all its days.

    >>> _is_between_dates("2021-08", "2021", "2021-08"), _is_between_dates("2021-09", "", "2021-08")
    (True, False)
    """
    if not (since or until):
        return True
    return bool(date) and date >= since[: len(date)] and (not until or date[: len(until)] <= until)


def _contains_query(chapter: Chapter, query: str) -> bool:
    return query in chapter.title.casefold() or query in ast_plain_text(chapter.blocks).casefold()
