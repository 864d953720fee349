"""Books -> EPUB and PDF files, as bytes.

One pandoc process converts all books. The bytes of a book do not depend on the other books.
"""

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
    """Return the files of each book: format -> bytes, for each format in `kinds`.

    Raises SkipDocument where a book exceeds the limits of pandoc or Typst, OSError or MemoryError where the machine
    fails, RuntimeError where pandoc or Typst fails, or where its output is broken.
    """
    with tempfile.TemporaryDirectory() as folder:
        jobs: list[tuple[str, Book, list[Section], Path]] = []
        conversions = []
        for book in map(writable, books):
            parts = sections(book)
            for kind in kinds:
                job_folder = Path(folder, str(len(jobs)))
                job_folder.mkdir()
                for name, data in book.pictures.items():
                    job_folder.joinpath(name).write_bytes(data)
                jobs.append((kind, book, parts, job_folder))
                conversions.append(_PREPARE[kind](book, parts, job_folder))
        made = [
            _FINISH[kind](data, book, parts, job_folder)
            for (kind, book, parts, job_folder), data in zip(jobs, write(conversions), strict=True)
        ]
    return [dict(zip(kinds, made[at * len(kinds) :], strict=False)) for at in range(len(books))]


def to_epub(book: Book) -> bytes:
    """Return one book as EPUB 3."""
    return editions([book], ["epub"])[0]["epub"]


def to_pdf(book: Book) -> bytes:
    """Return one book as tagged PDF."""
    return editions([book], ["pdf"])[0]["pdf"]
