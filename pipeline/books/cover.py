"""Book -> what its cover shows and its colour (`cover_data`); the cover as an image for the EPUB (`cover_jpeg`)."""

from __future__ import annotations

import hashlib
import io
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from pipeline.books.book import Book
from pipeline.books.fonts import typst_fonts
from pipeline.books.metadata import collection_of, hosts_of, named_authors, series_of, years_of
from pipeline.books.pdf.typst_values import typst_arguments, typst_language
from pipeline.books.title_phrases import title_phrases

TEMPLATES = ("book.typ", "cover.typ", "code.tmTheme")
COVER_WIDTH, COVER_HEIGHT = 1600, 2400  # pixels; 2:3, between what Kindle (1.6) and Kobo (1.33) ask for
COVER_QUALITY = 88  # of the JPEG; without subsampling, which blurs the edges of type
# Twelve colours of the same lightness (OKLCH L 36 %, C 0.075): white text has a contrast of 10.3:1 or more on each.
PALETTE = (
    "#5e2b2c", "#5c3015", "#513800", "#404005", "#26461f", "#004937",
    "#00484d", "#00445d", "#253d64", "#3d3561", "#4e2f55", "#5a2b43",
)  # fmt: skip
MOST_COVER_CHARACTERS = 2_000  # of a title; templates/cover.typ shows the first 120 grapheme clusters
MOST_AUTHOR_CHARACTERS = 80
TINT = 0.14  # share of white in the colour of the large number


def copy_templates(folder: Path) -> None:
    """Copy the Typst templates to `folder`."""
    for name in TEMPLATES:
        folder.joinpath(name).write_bytes(files("pipeline.books").joinpath("templates", name).read_bytes())


def cover_colour(book: Book) -> str:
    """Return the colour of a cover (CSS, #rrggbb): the one of the settings, or that of the book's collection."""
    digest = hashlib.sha256(collection_of(book).casefold().encode()).digest()
    return book.style.cover or PALETTE[int.from_bytes(digest) % len(PALETTE)]


def cover_data(book: Book) -> dict[str, object]:
    """Return what templates/cover.typ shows of a book."""
    colour = cover_colour(book)
    years = years_of(book)
    series = series_of(book) or " · ".join(hosts_of(book)[:2])
    return {
        "title": book.title[:MOST_COVER_CHARACTERS],
        "phrases": title_phrases(book.title[:MOST_COVER_CHARACTERS], book.language),
        "series": "" if series == book.title else series,
        "number": years,
        "numeral": years if len(years) <= 4 else "",  # noqa: PLR2004 - a year
        "authors": [author[:MOST_AUTHOR_CHARACTERS] for author in named_authors(book.authors, book.language)],
        "date": "",
        "colour": colour,
        "tint": _lighter(colour),
    }


def cover_jpeg(book: Book, folder: Path) -> bytes:
    """Return the cover as JPEG, set by Typst in `folder`, which has the templates."""
    arguments = typst_arguments({"data": cover_data(book), **typst_language(book.language)})
    import pypdfium2  # noqa: PLC0415 - a run without new books does not need it
    from typst import Compiler  # noqa: PLC0415 - likewise

    copy_templates(folder)
    main = folder / "cover-main.typ"
    main.write_text(f'#import "book.typ": cover-page\n#cover-page(width: 160mm, height: 240mm, {arguments})\n', "utf-8")
    compiler = Compiler(str(main), root=str(folder), font_paths=typst_fonts(), ignore_system_fonts=True)
    # pdfium draws the page in a third of the time that Typst's PNG takes to be written and read.
    with closing(pypdfium2.PdfDocument(bytes(compiler.compile(format="pdf")))) as pdf:  # type: ignore[arg-type]
        image = pdf[0].render(scale=COVER_WIDTH / pdf[0].get_width()).to_pil()
    image = image if image.mode == "RGB" else image.convert("RGB")  # which would copy it
    made = io.BytesIO()
    image.crop((0, 0, COVER_WIDTH, COVER_HEIGHT)).save(
        made, "JPEG", quality=COVER_QUALITY, subsampling=0, optimize=True
    )
    return made.getvalue()


def _lighter(colour: str) -> str:
    """Return a colour mixed with white.

    >>> _lighter("#000000")
    '#242424'
    """
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * TINT):02x}" for part in parts)
