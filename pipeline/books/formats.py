"""Books -> EPUB and PDF, pandoc started once for all; a book's bytes are the same whatever is made beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.books import epub, pdf
from pipeline.books.book import Book, writable
from pipeline.books.sections import Section, sections
from pipeline.markdown.pandoc import write

KINDS = ("epub", "pdf")
_PREPARE = {"epub": epub.prepare, "pdf": pdf.prepare}
_FINISH = {"epub": epub.finish, "pdf": pdf.finish}


def editions(books: Sequence[Book], kinds: Sequence[str] = KINDS) -> list[dict[str, bytes]]:
    """Return each book in each of `kinds`.

    Raises SkipDocument where a book is more than pandoc can write within its limits, OSError or MemoryError where the machine
    fails, RuntimeError where pandoc or Typst does, or where what they made is broken.
    """
    with tempfile.TemporaryDirectory() as folder:
        jobs: list[tuple[str, Book, list[Section], Path]] = []
        conversions = []
        for book in map(writable, books):
            parts = sections(book)
            for kind in kinds:
                place = Path(folder, str(len(jobs)))
                place.mkdir()
                for name, data in book.pictures.items():
                    place.joinpath(name).write_bytes(data)
                jobs.append((kind, book, parts, place))
                conversions.append(_PREPARE[kind](book, parts, place))
        made = [
            _FINISH[kind](data, book, parts, place)
            for (kind, book, parts, place), data in zip(jobs, write(conversions), strict=True)
        ]
    return [dict(zip(kinds, made[at * len(kinds) :], strict=False)) for at in range(len(books))]


def to_epub(book: Book) -> bytes:
    """Return one book as EPUB 3."""
    return editions([book], ["epub"])[0]["epub"]


def to_pdf(book: Book) -> bytes:
    """Return one book as tagged PDF."""
    return editions([book], ["pdf"])[0]["pdf"]
