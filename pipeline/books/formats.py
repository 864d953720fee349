"""Books -> EPUB and PDF files, as bytes.

One pandoc process converts all books. The bytes of a book do not depend on the other books.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.books.book import Book, within_format_limits
from pipeline.books.epub.package import epub_conversion, finished_epub
from pipeline.books.pdf.markup import pdf_conversion
from pipeline.books.pdf.pdf_file import finished_pdf
from pipeline.books.sections import BookSection, sections_of
from pipeline.markdown.pandoc import convert_sanitized
from pipeline.settings import BOOK_FORMATS

_CONVERSIONS = {"epub": epub_conversion, "pdf": pdf_conversion}
_FINISHERS = {"epub": finished_epub, "pdf": finished_pdf}


def books_as_files(books: Sequence[Book], kinds: Sequence[str] = BOOK_FORMATS) -> list[dict[str, bytes]]:
    """Return the files of each book: format -> bytes, for each format in `kinds`.

    Raises SkipDocument where a book exceeds the limits of pandoc or Typst, OSError or MemoryError where the machine
    fails, RuntimeError where pandoc or Typst fails, or where its output is broken.
    """
    with tempfile.TemporaryDirectory() as folder:
        jobs: list[tuple[str, Book, list[BookSection], Path]] = []
        conversions = []
        for book in map(within_format_limits, books):
            parts = sections_of(book)
            for kind in kinds:
                job_folder = Path(folder, str(len(jobs)))
                job_folder.mkdir()
                for name, data in book.pictures.items():
                    job_folder.joinpath(name).write_bytes(data)
                jobs.append((kind, book, parts, job_folder))
                conversions.append(_CONVERSIONS[kind](book, parts, job_folder))
        made = [
            _FINISHERS[kind](data, book, parts, job_folder)
            for (kind, book, parts, job_folder), data in zip(jobs, convert_sanitized(conversions), strict=True)
        ]
    return [dict(zip(kinds, made[at * len(kinds) :], strict=False)) for at in range(len(books))]
