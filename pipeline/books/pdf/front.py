"""Book -> the data of its front matter in the PDF: title page, imprint, contents, running heads."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from pipeline.books.book import Book
from pipeline.books.contents import date_groups
from pipeline.books.metadata import MOST_AUTHORS_ON_TITLE_PAGE, hosts_of, named_authors, series_of, years_of
from pipeline.books.sections import BookSection

MOST_HEAD_WIDTH = 60  # of a running head, in Latin characters; a CJK character is as wide as two


def front_pages(book: Book) -> dict[str, object]:
    """Return what the title page and the imprint show."""
    lines = [" · ".join(hosts_of(book)), _dates(book), book.identifier]
    return {
        "several": len(book.chapters) > 1,
        "series": series_of(book),
        "authors": named_authors(book.authors, book.language, MOST_AUTHORS_ON_TITLE_PAGE),
        "foot": " · ".join(part for part in ("Lacuna", years_of(book)) if part),
        "imprint": [line for line in lines if line],
    }


def contents_groups(sections: list[BookSection]) -> list[list[object]]:
    """Return the groups of the contents: the year or month, and the labels of its chapters.

    The back matter is a group.
    """
    keys = [(group, bool(section.kind)) for group, section in zip(date_groups(sections), sections, strict=True)]
    grouped = groupby(zip(keys, sections, strict=True), key=lambda pair: pair[0])
    return [[group, [section.label for _, section in inside]] for (group, _), inside in grouped]


def contents_entries(sections: list[BookSection]) -> dict[str, dict[str, str]]:
    """Return the entries of the contents by label: number in the series, title, authors if they differ."""
    differ = len({section.authors for section in sections if not section.kind}) > 1
    return {
        section.label: {
            "number": section.parts.number,
            "title": section.parts.title or section.title,
            "authors": ", ".join(named_authors([*section.authors], section.language)) if differ else "",
        }
        for section in sections
    }


def head_title(section: BookSection) -> str:
    """Return the title of a section in its running head, without the name of the series."""
    return cut_for_head(section.parts.title or section.title)


def cut_for_head(title: str) -> str:
    """Return a title cut to one line, with an ellipsis.

    >>> cut_for_head("word " * 20)
    'word word word word word word word word word word word word…'
    """
    width = 0
    for at, char in enumerate(title):
        width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width > MOST_HEAD_WIDTH:
            return title[:at].rstrip() + "…"
    return title


def _dates(book: Book) -> str:
    dates = sorted(chapter.date for chapter in book.chapters if chapter.date)
    return " \N{EN DASH} ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else ""
