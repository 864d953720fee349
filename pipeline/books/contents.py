"""Sections of a book -> its contents: entries in groups by year or month, or with the headings of each chapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from pipeline.books.dates import date_in_words
from pipeline.books.pandoc_ast import Node, ast_plain_text
from pipeline.books.sections import BookSection

MOST_UNGROUPED = 20  # dated chapters without headings of years: more do not fit on two pages of contents
MOST_IN_YEAR = 24  # dated chapters in a year; more are grouped by month
MOST_WITH_SECTIONS = 40  # chapters whose headings are also in the contents
SECTION_LEVEL = 2  # of the headings of a chapter that are in the contents


class ContentsEntry(NamedTuple):
    """One line of the contents, and the lines below it."""

    text: str
    section: int  # its number in the book, from 1
    target: str  # identifier of its heading
    language: str  # BCP 47
    children: tuple[ContentsEntry, ...] = ()


def contents_of(sections: list[BookSection]) -> list[ContentsEntry]:
    """Return the contents of a book, at most two levels deep, because many devices show no more.

    A book of one post lists its headings of levels 2 and 3. A book of a few posts lists the posts, with their headings
    of level 2. A large book lists the posts by year or month.
    """
    entries = [_entry(section, at) for at, section in enumerate(sections, 1)]
    if len(sections) == 1:
        return [entries[0], *_headings(sections[0], 1, deep=True)]
    groups = date_groups(sections)
    if any(groups):
        return list(_grouped(entries, [date_in_words(group, sections[-1].language) for group in groups]))
    if len(sections) > MOST_WITH_SECTIONS:
        return entries
    return [
        entry._replace(children=tuple(_headings(section, entry.section, deep=False)))
        for entry, section in zip(entries, sections, strict=True)
    ]


def date_groups(sections: list[BookSection]) -> list[str]:
    """Return the year, or the year and month, under which the contents list each section; "" for no group.

    Only books with many dated chapters, in the order of their dates, have groups.
    """
    dates = [section.date for section in sections]
    dated = [date for date in dates if date]
    years = Counter(date[:4] for date in dated)
    if len(dated) <= MOST_UNGROUPED or dated not in (sorted(dated), sorted(dated, reverse=True)):
        return [""] * len(sections)
    return [date[:7] if years[date[:4]] > MOST_IN_YEAR else date[:4] for date in dates]


def short_title(section: BookSection) -> str:
    """Return the title of a section for the contents: the number in its series and the title, or the whole title."""
    return f"{section.parts.number} {section.parts.title}" if section.parts.number else section.title


def _entry(section: BookSection, at: int) -> ContentsEntry:
    return ContentsEntry(short_title(section), at, section.label, section.language)


def _grouped(entries: list[ContentsEntry], groups: list[str]) -> Iterator[ContentsEntry]:
    for group, pairs in groupby(zip(groups, entries, strict=True), key=lambda pair: pair[0]):
        inside = tuple(entry for _, entry in pairs)
        if group:
            yield ContentsEntry(group, inside[0].section, inside[0].target, "", inside)
        else:
            yield from inside


def _headings(section: BookSection, at: int, *, deep: bool) -> Iterator[ContentsEntry]:
    """Yield the headings of a section; if `deep`, with those of the next level below them."""
    found = [
        (node["c"][0], ContentsEntry(ast_plain_text(node["c"][2]).strip(), at, node["c"][1][0], section.language))
        for node in _outer_headings(section.blocks)
        if node["c"][0] <= SECTION_LEVEL + deep
    ]
    while found:
        _, entry = found.pop(0)
        inside = []
        while found and found[0][0] > SECTION_LEVEL:
            inside.append(found.pop(0)[1])
        yield entry._replace(children=tuple(inside))


def _outer_headings(blocks: list[Node]) -> Iterator[Node]:
    """Yield the headings among blocks and in divisions, not those in quotations or lists."""
    for block in blocks:
        if block["t"] == "Header":
            yield block
        elif block["t"] == "Div":
            yield from _outer_headings(block["c"][1])
