"""Contents of a book -> the lists in nav.xhtml (EPUB 3) and toc.ncx (older devices)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import count

from pipeline.books.book import Book
from pipeline.books.contents import ContentsEntry
from pipeline.books.phrases import phrase
from pipeline.books.sections import BookSection


def with_nav_list(page: str, entries: list[ContentsEntry]) -> str:
    """Return nav.xhtml with `entries` as its contents."""
    listed = f'<ol class="toc">{"".join(map(_list_item, entries))}</ol></nav>'
    return re.sub(r'<ol class="toc">.*?</ol></nav>', lambda _: listed, page, count=1, flags=re.DOTALL)


def landmarks(book: Book, sections: list[BookSection]) -> str:
    """Return the landmarks of a book, with labels in its language, for nav.xhtml."""
    title = escape(book.title)
    places = [("text/title_page.xhtml", "titlepage", title), ("#toc", "toc", phrase("contents", book.language))]
    places.append(("text/ch001.xhtml", "bodymatter", title))
    places += [
        (f"text/ch{at:03}.xhtml", "backmatter" if section.kind == "colophon" else section.kind, escape(section.title))
        for at, section in enumerate(sections, 1)
        if section.kind
    ]
    items = "".join(f'<li><a href="{path}" epub:type="{kind}">{text}</a></li>' for path, kind, text in places)
    return f'<nav epub:type="landmarks" id="landmarks" hidden="hidden"><ol>{items}</ol></nav>'


def with_ncx_points(ncx: str, entries: list[ContentsEntry]) -> str:
    """Return toc.ncx with `entries` as its contents."""
    numbers = count(1)
    points = "".join(point for entry in entries for point in _ncx_point(entry, numbers))
    depth = 2 if any(entry.children for entry in entries) else 1
    ncx = re.sub(r'(?<=name="dtb:depth" content=")\d+', str(depth), ncx)
    return re.sub(r"<navMap>.*</navMap>", lambda _: f"<navMap>\n{points}  </navMap>", ncx, flags=re.DOTALL)


def _list_item(entry: ContentsEntry) -> str:
    """Return an entry as an element of a list, in the direction that its text has.

    >>> _list_item(ContentsEntry("A & B", 1, "chapter-1", "en"))
    '<li><a dir="auto" lang="en" xml:lang="en" href="text/ch001.xhtml#chapter-1">A &amp; B</a></li>'
    """
    inside = f"<ol>{''.join(map(_list_item, entry.children))}</ol>" if entry.children else ""
    language = escape(entry.language)
    named = f' lang="{language}" xml:lang="{language}"' if language else ""
    return f'<li><a dir="auto"{named} href="{_path(entry)}">{escape(entry.text)}</a>{inside}</li>'


def _ncx_point(entry: ContentsEntry, numbers: Iterator[int]) -> Iterator[str]:
    text = escape(entry.text)
    yield f'    <navPoint id="navPoint-{next(numbers)}"><navLabel><text>{text}</text></navLabel>'
    yield f'<content src="{_path(entry)}" />\n'
    for child in entry.children:
        yield from _ncx_point(child, numbers)
    yield "    </navPoint>\n"


def _path(entry: ContentsEntry) -> str:
    return f"text/ch{entry.section:03}.xhtml#{entry.target}"
