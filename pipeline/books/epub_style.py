"""Book -> the style sheet of its EPUB, and the font files to embed."""

from __future__ import annotations

from importlib.resources import files

from pipeline.books.book import Book
from pipeline.books.fonts import BOLD, CJK, MEDIUM, RARE, RARE_IN_CJK, Subset, subsets
from pipeline.books.pandoc_ast import Node, nodes, plain
from pipeline.books.phrases import phrase

TEMPLATES = files("pipeline.books").joinpath("templates")
PROMINENT = "h1, h2, h3, h4, h5, h6, :lang(zh) strong, :lang(ja) strong, :lang(ko) strong"
EMPHASIS = ":lang(zh) em, :lang(ja) em, :lang(ko) em"
WORDS = ("Str", "Code", "CodeBlock", "Math")  # types of nodes that contain text


def style(book: Book, blocks: list[Node]) -> tuple[str, list[Subset]]:
    """Return the style sheet of an EPUB, and the fonts that it references in ../fonts/.

    Books in CJK languages get extra fonts for headings and emphasis: devices synthesize CJK bold, and have no CJK
    italics.
    """
    cjk = book.language[:2] in CJK
    ranges = RARE_IN_CJK if cjk else RARE
    titles = book.title + phrase("contents", book.language)
    every = [*nodes(blocks)]  # including those in footnotes
    regular = subsets(titles + _letters(every, *WORDS), ranges, book.language)
    bold = subsets(titles + _letters(every, "Header", "Strong"), ranges, book.language, BOLD) if cjk else []
    medium = subsets(_letters(every, "Emph"), ranges, book.language, MEDIUM) if cjk else []
    sheets = ["epub.css", *["vertical.css"] * book.style.vertical]
    rules = [TEMPLATES.joinpath(name).read_text("utf-8") for name in sheets]
    rules += [_face(font, ranges) for font in (*regular, *bold, *medium)]
    rules += [
        f"{selector} {{ font-family: {', '.join([*(_family(font) for font in fonts), generic])}; }}\n"
        for selector, fonts, generic in (
            ("body", regular, "serif"),
            (PROMINENT, bold + regular, "sans-serif"),
            (EMPHASIS, medium + regular, "sans-serif"),
            ("code", regular, "monospace"),
        )
    ]
    return "".join(rules), [*regular, *bold, *medium]


def _family(font: Subset) -> str:
    return f'"Lacuna {font.name.removesuffix(".otf")}"'


def _face(font: Subset, ranges: str) -> str:
    """Return the `@font-face` rule of a font, limited to the characters in `ranges`.

    The rules of `style` name these fonts before the device's own. In the other order, Chromium keeps showing
    boxes for short words that it laid out before the fonts were loaded.
    """
    weight = "bold" if font.weight == BOLD else "normal"
    family = f"font-family: {_family(font)}; font-weight: {weight}"
    return f"@font-face {{ {family}; src: url(../fonts/{font.name}); unicode-range: {ranges}; }}\n"


def _letters(every: list[Node], *types: str) -> str:
    return "".join(plain(node) for node in every if node["t"] in types)
