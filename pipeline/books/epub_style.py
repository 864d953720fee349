"""Book -> how its EPUB looks: the style sheet, and the fonts that come along."""

from __future__ import annotations

from importlib.resources import files

from pipeline.books.book import Book
from pipeline.books.fonts import BOLD, CJK, MEDIUM, RARE, RARE_IN_CJK, Subset, subsets
from pipeline.books.pandoc_ast import Node, nodes, plain
from pipeline.books.phrases import phrase

TEMPLATES = files("pipeline.books").joinpath("templates")
PROMINENT = "h1, h2, h3, h4, h5, h6, :lang(zh) strong, :lang(ja) strong, :lang(ko) strong"
EMPHASIS = ":lang(zh) em, :lang(ja) em, :lang(ko) em"
WORDS = ("Str", "Code", "CodeBlock", "Math")  # the nodes that hold letters


def style(book: Book, blocks: list[Node]) -> tuple[str, list[Subset]]:
    """Return the style sheet of an EPUB and the fonts it names, in ../fonts/.

    In CJK, where a device makes up what is bold and has no slant, headings and emphasis have fonts of their own.
    """
    cjk = book.language[:2] in CJK
    ranges = RARE_IN_CJK if cjk else RARE
    titles = book.title + phrase("contents", book.language)
    found = [*nodes(blocks)]  # those in footnotes too
    usual = subsets(titles + _letters(found, *WORDS), ranges, book.language)
    bold = subsets(titles + _letters(found, "Header", "Strong"), ranges, book.language, BOLD) if cjk else []
    medium = subsets(_letters(found, "Emph"), ranges, book.language, MEDIUM) if cjk else []
    sheets = ["epub.css", *["vertical.css"] * book.look.vertical]
    rules = [TEMPLATES.joinpath(name).read_text("utf-8") for name in sheets]
    rules += [_face(font, ranges) for font in (*usual, *bold, *medium)]
    rules += [
        f"{selector} {{ font-family: {', '.join([*(_family(font) for font in fonts), generic])}; }}\n"
        for selector, fonts, generic in (
            ("body", usual, "serif"),
            (PROMINENT, bold + usual, "sans-serif"),
            (EMPHASIS, medium + usual, "sans-serif"),
            ("code", usual, "monospace"),
        )
    ]
    return "".join(rules), [*usual, *bold, *medium]


def _family(font: Subset) -> str:
    return f'"Lacuna {font.name.removesuffix(".otf")}"'


def _face(font: Subset, ranges: str) -> str:
    """Return the rule for a font: it stands before the device's own, and for the characters it holds only.

    Behind them, Chromium keeps showing boxes for short words that it set before the fonts were loaded.
    """
    weight = "bold" if font.weight == BOLD else "normal"
    known = f"font-family: {_family(font)}; font-weight: {weight}"
    return f"@font-face {{ {known}; src: url(../fonts/{font.name}); unicode-range: {ranges}; }}\n"


def _letters(found: list[Node], *kinds: str) -> str:
    return "".join(plain(node) for node in found if node["t"] in kinds)
