"""Typst markup of a book -> its tagged PDF."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.books.book import Book
from pipeline.books.cover import copy_templates, cover_data
from pipeline.books.fonts import typst_fonts
from pipeline.books.maths.typst_names import formulas_with_known_names
from pipeline.books.metadata import description_of, subjects_of
from pipeline.books.pdf.front import contents_entries, contents_groups, cut_for_head, front_pages
from pipeline.books.pdf.typst_values import typst_arguments, typst_language, typst_literal
from pipeline.books.sections import BookSection
from pipeline.document import SkipDocument

if TYPE_CHECKING:
    from typst import Compiler

PDF_STANDARDS = ["ua-1", "a-2a"]
TOO_MANY_MATCHES = "maximum grouping depth exceeded"  # Typst 0.15; templates/book.typ, `pattern`


def finished_pdf(body: bytes, book: Book, parts: list[BookSection], folder: Path) -> bytes:
    """Return the book as a tagged PDF (PDF/UA-1 and PDF/A-2a), typeset by templates/book.typ.

    `body` is Typst markup. Where the text cannot meet the standards, the PDF does not claim them: a character without a
    glyph, a forbidden code point, a word of more than 32,767 characters. Raises TypstError; SkipDocument where Typst
    crashes.
    """
    from typst import Compiler, TypstError  # noqa: PLC0415 - a run without new books does not need it

    arguments = {
        "title": book.title,
        "authors": book.authors,
        "date": [*map(int, book.date.split("-"))] if book.date else [],
        "description": description_of(book),
        "keywords": subjects_of(book),
        "cover": cover_data(book),
        "front": front_pages(book),
        "groups": contents_groups(parts),
        "entries": contents_entries(parts),
        "page-size": book.style.page,
        "two-sided": _is_two_sided(book),
        **typst_language(book.language),
    }
    setting = {
        "page-size": book.style.page,
        "book-name": cut_for_head(book.title),
        "two-sided": _is_two_sided(book),
        "recto": _is_two_sided(book) and book.style.sides == "two-recto",
        "first": parts[0].label,
    }
    copy_templates(folder)
    main = folder / "main.typ"
    start = f'#import "book.typ": *\n#let chapter = chapter.with(setting: {typst_literal(setting)})\n'
    markup = formulas_with_known_names(body.decode())
    main.write_bytes(f"{start}#show: book.with({typst_arguments(arguments)})\n{markup}".encode())
    compiler = Compiler(str(main), root=str(folder), font_paths=typst_fonts(), ignore_system_fonts=True)
    try:
        return _with_object_streams(_standard_pdf(compiler, book))
    except TypstError as error:
        if TOO_MANY_MATCHES not in str(error):
            raise
    plain = {"plain": "yes"}
    compiler = Compiler(
        str(main), root=str(folder), font_paths=typst_fonts(), ignore_system_fonts=True, sys_inputs=plain
    )
    return _with_object_streams(_standard_pdf(compiler, book))


def _is_two_sided(book: Book) -> bool:
    """Return whether left and right pages differ."""
    return len(book.chapters) > 1 and book.style.sides != "one" and book.style.page != "reader"


def _standard_pdf(compiler: Compiler, book: Book) -> bytes:
    """Return the PDF, which claims the standards where its text allows it. Raises TypstError, SkipDocument."""
    from typst import TypstError  # noqa: PLC0415 - a run without new books does not need it

    try:
        return _compiled_pdf(compiler, book, PDF_STANDARDS)
    except TypstError as error:
        if not str(error).startswith("PDF/"):
            raise
        return _compiled_pdf(compiler, book, [])


def _with_object_streams(data: bytes) -> bytes:
    """Return a PDF whose small objects are in compressed object streams (ISO 32000-1, 7.5.7).

    Typst writes each tag, link and page as an uncompressed object: 60 % of the bytes of a large book. The same PDF
    gives the same bytes, and all tags stay.
    """
    import pikepdf  # noqa: PLC0415 - a run without new books does not need it

    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(made, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return made.getvalue()


def _compiled_pdf(compiler: Compiler, book: Book, standards: list[str]) -> bytes:
    """Return the PDF that Typst compiles. Raises TypstError; SkipDocument where Typst crashes (a panic in Rust)."""
    try:
        return bytes(compiler.compile(format="pdf", pdf_standards=standards, timestamp=book.epoch))  # type: ignore[arg-type]
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        message = "makes Typst crash; split it, or run with --no-editions"
        raise SkipDocument(message) from error
