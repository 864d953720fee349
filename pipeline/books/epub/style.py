"""Book -> the style sheet of its EPUB, and the font files to embed."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from pipeline.books.book import Book
from pipeline.books.fonts import (
    BOLD_WEIGHT,
    CJK_LANGUAGES,
    EMBEDDED_RANGES,
    EMBEDDED_RANGES_IN_CJK,
    MEDIUM_WEIGHT,
    REGULAR_WEIGHT,
    FontSubset,
    font_subsets,
)
from pipeline.books.pandoc_ast import Node, ast_plain_text
from pipeline.books.phrases import phrase, written_language

TEMPLATE_FOLDER = files("pipeline.books").joinpath("templates")
_HEADING_ELEMENTS = ("h1", "h2", "h3", "h4", "h5", "h6")
TEXT_NODE_TYPES = ("Str", "Code", "CodeBlock", "Math")  # types of nodes that contain text


def style_sheet(book: Book, blocks: list[Node]) -> tuple[str, list[FontSubset]]:
    """Return the style sheet of an EPUB, and the fonts that it references in ../fonts/.

    Each language of CJK characters has its own fonts, so that a Japanese chapter of a Chinese book has Japanese forms.
    They have extra fonts for headings and emphasis: devices synthesize CJK bold, and have no CJK italics.
    """
    main = font_group(book.language)
    texts = _nodes_by_language(blocks, book.language)
    titles = book.title + phrase("contents", book.language) + "".join(chapter.title for chapter in book.chapters)
    sheets = ["epub.css", *["vertical.css"] * book.style.vertical]
    rules = [TEMPLATE_FOLDER.joinpath(name).read_text("utf-8") for name in sheets]
    fonts: list[FontSubset] = []
    if book.style.fonts == "none":
        return "".join(rules), fonts
    for group in sorted({main, *map(font_group, texts)}, key=lambda group: (group != main, group)):
        languages = [language for language in texts if font_group(language) == group]
        nodes = [node for language in languages for node in texts[language]]
        made, rules_of_group = _group_rules(group, languages, nodes, titles if group == main else "")
        fonts += made
        rules += rules_of_group
    return "".join(rules), fonts


def font_group(language: str) -> str:
    """Return which fonts a language (BCP 47) needs: those of zh, zh-Hant, ja or ko, or "" for those of all others.

    >>> font_group("zh-TW"), font_group("ja-JP"), font_group("pt")
    ('zh-Hant', 'ja', '')
    """
    tag = written_language(language).lower()
    if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return "zh-Hant"
    return tag[:2] if tag.split("-")[0] in CJK_LANGUAGES else ""


def _group_rules(
    group: str, languages: list[str], nodes: list[Node], titles: str
) -> tuple[list[FontSubset], list[str]]:
    """Return the fonts of the text in some languages, and their rules.

    `titles` is the text of the book outside its chapters; it is empty if the languages are not those of the book.
    """
    ranges = EMBEDDED_RANGES_IN_CJK if group else EMBEDDED_RANGES
    own = f"-{group or 'other'}" * (not titles)

    def subsets(text: str, weight: int) -> list[FontSubset]:
        made = font_subsets(text, ranges, group, weight)
        return [font._replace(name=f"{font.name.removesuffix('.otf')}{own}.otf") for font in made]

    regular = subsets(titles + _text_of_types(nodes, *TEXT_NODE_TYPES), REGULAR_WEIGHT)
    bold = subsets(titles + _text_of_types(nodes, "Header", "Strong"), BOLD_WEIGHT) if group else []
    medium = subsets(_text_of_types(nodes, "Emph"), MEDIUM_WEIGHT) if group else []
    places = [""] if titles else [f'[lang="{tag}"] ' for tag in languages]
    whole = [place.strip() or "body" for place in places]
    headings = [f"{place}{name}" for place in places for name in _HEADING_ELEMENTS]
    headings += [
        f"{name}{space}{place.strip()}"
        for place in places
        if place
        for name in _HEADING_ELEMENTS
        for space in ("", " ")
    ]
    strong = [f"{place or f':lang({tag}) '}strong" for place in places for tag in ("zh", "ja", "ko")] if group else []
    emphasis = [f"{place or f':lang({tag}) '}em" for place in places for tag in ("zh", "ja", "ko")] if group else []
    rules = [_font_face_rule(font, ranges) for font in (*regular, *bold, *medium)]
    rules += [
        f"{', '.join(dict.fromkeys(selectors))} {{ font-family: {', '.join([*map(_font_family, fonts), generic])}; }}\n"
        for selectors, fonts, generic in (
            (whole, regular, "serif"),
            ([*headings, *strong], bold + regular, "sans-serif"),
            (emphasis, medium + regular, "sans-serif"),
            ([f"{place}code" for place in places], regular, "monospace"),
        )
        if selectors
    ]
    return [*regular, *bold, *medium], rules


def _nodes_by_language(blocks: list[Node], language: str) -> dict[str, list[Node]]:
    """Return the nodes of blocks by the language (BCP 47) that the divisions and headings around them name."""
    found: dict[str, list[Node]] = {}
    waiting: list[tuple[Any, str]] = [(blocks, language)]
    while waiting:
        part, around = waiting.pop()
        if isinstance(part, list):
            waiting += [(item, around) for item in part if isinstance(item, list | dict)]
        elif isinstance(part, dict) and "t" in part:
            attributes = {"Div": 0, "Span": 0, "Header": 1}.get(part["t"])
            named = dict(part["c"][attributes][2]).get("lang", around) if attributes is not None else around
            found.setdefault(named, []).append(part)
            waiting.append((part.get("c", []), named))
        elif isinstance(part, dict):
            waiting.append(([*part.values()], around))
    return found


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
