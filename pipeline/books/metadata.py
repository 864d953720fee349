"""Book -> what catalogues, covers and title pages show: hosts, years, series, authors, subjects, description."""

from __future__ import annotations

import re
from collections import Counter

from pipeline.books.book import Book, Chapter
from pipeline.books.pandoc_ast import ast_plain_text
from pipeline.books.phrases import phrase
from pipeline.urls.canonical import host_of

MOST_NAMED_AUTHORS = 2  # on a cover; more become a count
MOST_AUTHORS_ON_TITLE_PAGE = 4
MOST_SUBJECTS = 8  # of a book, the most used
DESCRIPTION_LENGTH = 300  # characters
_POSITION = re.compile(  # an issue number that a word or sign announces; other numbers of a title mean something else
    r"(?:[#№]|第|\b(?:n[.°ºor]{0,2}|vol|issue|part|episode|teil|folge|ausgabe|partie|numéro|parte|número|часть|выпуск))"
    r"\.?\s*([0-9]{1,4}(?:\.[0-9]{1,2})?)(?![0-9.,]*[0-9])",
    re.IGNORECASE,
)
LANGUAGE_SHARE = 0.05  # of the characters of a book; a language with fewer is not a language of the book


def hosts_of(book: Book) -> list[str]:
    """Return the hosts of the source URLs, without `www.`, the most frequent first."""
    hosts = Counter(host_of(one.source_url).removeprefix("www.") for one in book.chapters if one.source_url)
    return [host for host, _ in hosts.most_common() if host]


def series_of(book: Book) -> str:
    """Return the series that all chapters are in; empty if there is none."""
    names = {chapter.series for chapter in book.chapters}
    return names.pop() if len(names) == 1 else ""


def rights_of(book: Book) -> str:
    """Return the licence or copyright of a book: that of its posts, if all have the same."""
    named = {chapter.rights for chapter in book.chapters}
    return named.pop() if len(named) == 1 else ""


def position_in_series(title: str) -> str:
    """Return the number of an issue that a title names; empty if there is none.

    >>> position_in_series("Letter #12: Frost"), position_in_series("第3期 海边"), position_in_series("Top 10 birds")
    ('12', '3', '')
    """
    found = _POSITION.search(title)
    return found[1] if found else ""


def position_of(book: Book) -> str:
    """Return the position of a book of one post in its series; empty if it is unknown."""
    return position_in_series(book.title) if len(book.chapters) == 1 and series_of(book) else ""


def collection_of(book: Book) -> str:
    """Return the name of the set that a book belongs to: a series, a title or a host. It decides the cover's colour.

    Volumes and books of periods (`Collected posts, 2021`, `Yearbook 2022`, `Digest, 2021-W09`) are a set.
    """
    title = re.sub(r"[\s,]*(?:19|20)\d\d(?:-W?\d+)*$", "", book.title)
    return series_of(book) or (title if len(book.chapters) > 1 else next(iter(hosts_of(book)), ""))


def years_of(book: Book) -> str:
    """Return the year of a book, or its first and last year: `2021–2024`; empty if no chapter has a date."""
    years = sorted({chapter.date[:4] for chapter in book.chapters if chapter.date})
    return "\N{EN DASH}".join(dict.fromkeys((years[0], years[-1]))) if years else ""


def named_authors(authors: list[str], language: str, most: int = MOST_NAMED_AUTHORS) -> list[str]:
    """Return the first authors, and a line that counts the others.

    >>> named_authors(["Ann", "Bo", "Cy", "Di"], "en")
    ['Ann', 'Bo', 'and 2 others']
    """
    if len(authors) <= most + 1:
        return authors
    return [*authors[:most], phrase("others", language).format(len(authors) - most)]


def publisher_of(book: Book) -> str:
    """Return the site that published the posts of a book: its host, if there is one only."""
    hosts = hosts_of(book)
    return hosts[0] if len(hosts) == 1 else ""


def subjects_of(book: Book) -> list[str]:
    """Return the tags of a book, the most used first."""
    tags = Counter(tag for chapter in book.chapters for tag in dict.fromkeys(chapter.tags))
    return [tag for tag, _ in tags.most_common(MOST_SUBJECTS)]


def description_of(book: Book) -> str:
    """Return the first words of a post, or the number of posts with their dates and hosts."""
    if len(book.chapters) > 1:
        parts = [
            f"{phrase('posts', book.language)}: {len(book.chapters)}",
            years_of(book),
            ", ".join(hosts_of(book)[:3]),
        ]
        return " · ".join(part for part in parts if part)
    text = " ".join(_running_text(book.chapters[0]).split())
    return text if len(text) <= DESCRIPTION_LENGTH else text[: DESCRIPTION_LENGTH - 1].rstrip() + "…"


def languages_of(book: Book) -> list[str]:
    """Return the languages of a book: the main one, then each that has a share of the text."""
    sizes: Counter[str] = Counter()
    for chapter in book.chapters:
        sizes[chapter.language] += len(ast_plain_text(chapter.blocks))
    least = LANGUAGE_SHARE * sizes.total()
    found = [language for language, size in sizes.most_common() if language and size > least]
    return list(dict.fromkeys([book.language or "und", *found]))


def has_pictures(book: Book) -> bool:
    """Return whether a book shows pictures."""
    return any(chapter.pictures for chapter in book.chapters)


def _running_text(chapter: Chapter) -> str:
    """Return the beginning of the running text of a chapter: its paragraphs, without headings."""
    parts: list[str] = []
    for block in chapter.blocks:
        if block["t"] == "Para":
            parts.append(ast_plain_text(block))
        if sum(map(len, parts)) > DESCRIPTION_LENGTH:
            break
    return " ".join(parts)
