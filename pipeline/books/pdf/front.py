"""Book -> the data of its front matter in the PDF: title page, imprint, contents, running heads."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from pipeline.books.book import Book
from pipeline.books.contents import date_groups
from pipeline.books.dates import date_in_words
from pipeline.books.metadata import MOST_AUTHORS_ON_TITLE_PAGE, hosts_of, named_authors, series_of, years_of
from pipeline.books.pandoc_ast import ast_plain_text
from pipeline.books.sections import BookSection
from pipeline.books.table_columns import em_width
from pipeline.books.title_phrases import title_phrases

LONG_BOOK = 100  # pages of text; a longer book has a page with its title alone
EMS_OF_PAGE = 32 * 28  # of text on a page of A5
MOST_HEAD_WIDTH = 60  # of a running head, in Latin characters; a CJK character is as wide as two


def front_pages(book: Book) -> dict[str, object]:
    """Return what the title page and the imprint show."""
    lines = [" · ".join(hosts_of(book)), _dates(book), book.identifier]
    return {
        "several": len(book.chapters) > 1,
        "title": title_phrases(book.title, book.language),
        "half-title": _ems(book) > LONG_BOOK * EMS_OF_PAGE,
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
    language = sections[-1].language  # of the colophon: the language of the book
    return [[date_in_words(group, language), [one.label for _, one in inside]] for (group, _), inside in grouped]


def contents_entries(sections: list[BookSection]) -> dict[str, dict[str, object]]:
    """Return the entries of the contents by label: number in the series, title, authors if they differ."""
    differ = len({section.authors for section in sections if not section.kind}) > 1
    return {
        section.label: {
            "number": section.parts.number,
            "title": title_phrases(section.parts.title or section.title, section.language),
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


def _ems(book: Book) -> float:
    """Return about how long the text of a book is in em; a chapter takes half a page more."""
    return sum(em_width(ast_plain_text(one.blocks)) + EMS_OF_PAGE / 2 for one in book.chapters)


def _dates(book: Book) -> str:
    dates = sorted(chapter.date for chapter in book.chapters if chapter.date)
    return " \N{EN DASH} ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else ""
