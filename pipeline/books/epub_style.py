"""Book -> the style sheet of its EPUB, and the font files to embed."""

from __future__ import annotations

from importlib.resources import files

from pipeline.books.book import Book
from pipeline.books.fonts import (
    BOLD_WEIGHT,
    CJK_LANGUAGES,
    EMBEDDED_RANGES,
    EMBEDDED_RANGES_IN_CJK,
    MEDIUM_WEIGHT,
    FontSubset,
    font_subsets,
)
from pipeline.books.pandoc_ast import Node, all_nodes, ast_plain_text
from pipeline.books.phrases import phrase

TEMPLATE_FOLDER = files("pipeline.books").joinpath("templates")
BOLD_SELECTORS = "h1, h2, h3, h4, h5, h6, :lang(zh) strong, :lang(ja) strong, :lang(ko) strong"
EMPHASIS_SELECTORS = ":lang(zh) em, :lang(ja) em, :lang(ko) em"
TEXT_NODE_TYPES = ("Str", "Code", "CodeBlock", "Math")  # types of nodes that contain text


def style_sheet(book: Book, blocks: list[Node]) -> tuple[str, list[FontSubset]]:
    """Return the style sheet of an EPUB, and the fonts that it references in ../fonts/.

    Books in CJK languages get extra fonts for headings and emphasis: devices synthesize CJK bold, and have no CJK
    italics.
    """
    cjk = book.language[:2] in CJK_LANGUAGES
    ranges = EMBEDDED_RANGES_IN_CJK if cjk else EMBEDDED_RANGES
    titles = book.title + phrase("contents", book.language)
    every = [*all_nodes(blocks)]  # including those in footnotes
    regular = font_subsets(titles + _text_of_types(every, *TEXT_NODE_TYPES), ranges, book.language)
    bold = (
        font_subsets(titles + _text_of_types(every, "Header", "Strong"), ranges, book.language, BOLD_WEIGHT)
        if cjk
        else []
    )
    medium = font_subsets(_text_of_types(every, "Emph"), ranges, book.language, MEDIUM_WEIGHT) if cjk else []
    sheets = ["epub.css", *["vertical.css"] * book.style.vertical]
    rules = [TEMPLATE_FOLDER.joinpath(name).read_text("utf-8") for name in sheets]
    rules += [_font_face_rule(font, ranges) for font in (*regular, *bold, *medium)]
    rules += [
        f"{selector} {{ font-family: {', '.join([*(_font_family(font) for font in fonts), generic])}; }}\n"
        for selector, fonts, generic in (
            ("body", regular, "serif"),
            (BOLD_SELECTORS, bold + regular, "sans-serif"),
            (EMPHASIS_SELECTORS, medium + regular, "sans-serif"),
            ("code", regular, "monospace"),
        )
    ]
    return "".join(rules), [*regular, *bold, *medium]


def _font_family(font: FontSubset) -> str:
    return f'"Lacuna {font.name.removesuffix(".otf")}"'


def _font_face_rule(font: FontSubset, ranges: str) -> str:
    """Return the `@font-face` rule of a font, limited to the characters in `ranges`.

    The rules of `style_sheet` name these fonts before the device's own. In the other order, Chromium keeps showing
    boxes for short words that it laid out before the fonts were loaded.
    """
    weight = "bold" if font.weight == BOLD_WEIGHT else "normal"
    family = f"font-family: {_font_family(font)}; font-weight: {weight}"
    return f"@font-face {{ {family}; src: url(../fonts/{font.name}); unicode-range: {ranges}; }}\n"


def _text_of_types(every: list[Node], *types: str) -> str:
    return "".join(ast_plain_text(node) for node in every if node["t"] in types)
