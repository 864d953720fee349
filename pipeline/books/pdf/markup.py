"""Sections of a book -> the input for pandoc, which writes Typst markup for templates/book.typ."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from pipeline.books.book import Book
from pipeline.books.html.anchors import is_anchor
from pipeline.books.maths.formula_check import in_pandoc_spelling
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, ast_plain_text, class_names, pandoc_json
from pipeline.books.pdf.front import head_title
from pipeline.books.pdf.headings import boxed_phrases, heading_with_hidden_notes
from pipeline.books.pdf.link_list import NumberedLinks
from pipeline.books.pdf.notes import TypstNotes, blocks_in_language, foreign_call
from pipeline.books.pdf.pictures import picture_call
from pipeline.books.pdf.struck import with_one_line
from pipeline.books.pdf.tables import fitted_code, typst_table
from pipeline.books.pdf.typst_values import typst_arguments, typst_block, typst_inline, typst_language, typst_literal
from pipeline.books.phrases import phrase
from pipeline.books.sections import BookSection
from pipeline.books.title_phrases import title_phrases, with_phrases
from pipeline.markdown.pandoc import Conversion

UNNUMBERED_DIVS = {"byline", "source-line", "missing-image", "colophon"}  # their links are not in the list of URLs
TASK_BOXES = ("\N{BALLOT BOX}", "\N{BALLOT BOX WITH X}")  # pandoc starts each item of a task list with one, and a space


def pdf_conversion(_book: Book, parts: list[BookSection], folder: Path) -> Conversion:
    """Return the pandoc conversion of the sections to Typst markup that calls the functions of templates/book.typ.

    The book's pictures are in `folder`, which is Typst's root.
    """
    blocks: list[Node] = []
    for part in parts:
        arguments = {
            "title": title_phrases(part.parts.title or part.title, part.language),
            "name": head_title(part),
            "series": part.parts.series,
            "label": part.label,
            **typst_language(part.language),
        }
        calls = _TypstCalls(part)
        start = typst_block(f"#chapter({typst_arguments(arguments)})[")
        blocks += [start, *calls.outer_blocks(part.blocks), typst_block("]")]
    return Conversion(pandoc_json(blocks, {}), "json", "typst", {"wrap_text": "wrap-none"}, folder=str(folder))


class _TypstCalls:
    """Replaces nodes that pandoc's Typst writer drops or breaks by calls of the functions in templates/book.typ.

    Examples are classes, alternative texts, task lists and ruby. A span of the class `kbd` becomes `#kbd[...];`.
    """

    def __init__(self, part: BookSection) -> None:
        self.prefix, self.language, self.count = part.label, part.language, 0
        self.notes = TypstNotes(part.label, part.blocks)
        self.links = None if part.kind else NumberedLinks()
        self.foreign = "foreign"  # the function for words in another language; in a heading, they keep its face

    def outer_blocks(self, part: list[Node]) -> list[Node]:
        """Return the blocks of a section: high figures float, and the URLs of links are listed before the colophon."""
        made: list[Node] = []
        lead: list[Node] = []  # the heading before a table
        floats = False  # whether a figure may float past what follows
        for node, following in pairwise([*part, {"t": ""}]):
            last = "colophon" in class_names(node)
            if node["t"] in {"Header", "Table"} or last:
                made += [typst_block("#place.flush()")] * floats
                floats = False
            made += self.listed_links(listed=last)
            if node["t"] == "Header" and following["t"] == "Table":
                lead = self.node(node)
            elif node["t"] == "Table":
                made += typst_table(node, self.cell, self.new_label("table"), lead)
                lead = []
            elif node["t"] == "Figure":
                start = f"#floating({typst_literal(self.new_label('figure'))})["
                made += [typst_block(start), *self.node(node), typst_block("]")]
                floats = True
            else:
                made += self.node(node)
        return [*made, *self.listed_links(listed=True)]

    def listed_links(self, *, listed: bool) -> list[Node]:
        """Return the list of the URLs, once."""
        if not listed or not self.links:
            return []
        links, self.links = self.links, None
        return [typst_block(links.listed())]

    def blocks(self, part: list[Node]) -> list[Node]:
        """Return blocks with their nodes replaced."""
        return [made for node in part for made in self.node(node)]

    def cell(self, blocks: list[Node], head_of: str = "") -> list[Node]:
        """Return the blocks of a cell; `head_of` is the label of the table if it is in its head."""
        return self.blocks(self.notes.in_head(blocks, head_of) if head_of else blocks)

    def new_label(self, kind: str) -> str:
        """Return a label that nothing else in the book has, such as `chapter-1-table-3`."""
        self.count += 1
        return f"{self.prefix}-{kind}-{self.count}"

    def node(self, node: Node) -> list[Node]:
        """Return the nodes that replace one node."""
        if fitted := fitted_code(node):
            return fitted
        match node["t"]:
            case "Table":
                made = typst_table(node, self.cell, self.new_label("table"))
            case "Div":
                made = self.div(node)
            case "Figure":
                made = self.figure(node)
            case "Header":
                level, (name, *_), inlines = node["c"]
                inlines = with_phrases(inlines, self.language, boxed_phrases)
                self.foreign = "text"
                made = blocks_in_language(node["c"][1], [heading_with_hidden_notes(level, name, self.part(inlines))])
                self.foreign = "foreign"
            case "DefinitionList":
                made = self.definitions(node["c"])
            case "BulletList" if all(map(_is_task, node["c"])):
                made = self.tasks(node["c"])
            case _:
                made = self.inline(node)
        return made

    def div(self, node: Node) -> list[Node]:
        """Return a div as a call of its class, with its language."""
        names, blocks = node["c"][0][1], node["c"][1]
        links, self.links = self.links, None if UNNUMBERED_DIVS & {*names} else self.links
        if names == ["subtitle"]:
            blocks = [block | {"c": with_phrases(block["c"], self.language, boxed_phrases)} for block in blocks]
        inner = blocks_in_language(node["c"][0], self.blocks(blocks))
        self.links = links
        return [typst_block(f"#{names[0]}["), *inner, typst_block("]")] if names else inner

    def figure(self, node: Node) -> list[Node]:
        """Return a figure with its caption."""
        caption = [inline for block in node["c"][1][1] for inline in block["c"]]
        call = f"#figure({picture_call(node['c'][2][0]['c'][0])}"
        start = f"{call}, caption: [" if caption else f"{call})"
        body = [{"t": "Plain", "c": caption}, typst_block("])")] if caption else []
        return [typst_block(start), *body]

    def definitions(self, entries: list[list[Any]]) -> list[Node]:
        """Return a definition list. pandoc's own markup breaks at a line break or a colon in a term."""
        made = [typst_block("#terms(")]
        for term, meanings in entries:
            inner = [block for meaning in meanings for block in self.blocks(meaning)]
            start = {"t": "Plain", "c": [typst_inline("(["), *self.part(term), typst_inline("], [")]}
            made += [start, *inner, typst_block("]),")]
        return [*made, typst_block(")")]

    def tasks(self, items: list[list[Node]]) -> list[Node]:
        """Return a task list whose boxes are the markers of its items."""
        marks = "".join(first["c"][0]["c"] for first, *_ in items)
        made = [typst_block(f"#tasks({typst_literal(self.new_label('tasks'))}, {typst_literal(marks)}")]
        for first, *rest in items:
            made += [
                typst_block(", ["),
                *self.blocks([first | {"c": first["c"][2:]}, *rest]),
                typst_block("]"),
            ]
        return [*made, typst_block(")")]

    def inline(self, node: Node) -> list[Node]:
        """Return the nodes that replace an inline node. A semicolon ends each call: a `(` or `[` would extend it."""
        if node["t"] in {"Span", "Note"}:
            return self.span(node) if node["t"] == "Span" else self.notes.nodes(node, self.blocks)
        if node["t"] in {"Strikeout", "Underline"}:
            node = with_one_line(node)
        made = {"t": node["t"], "c": self.part(node["c"])} if "c" in node else node
        if node["t"] == "Math":
            return [
                typst_inline(f"#maths({typst_literal(' '.join(node['c'][1].split()))})["),
                in_pandoc_spelling(node),
                typst_inline("];"),
            ]
        if node["t"] == "Link":
            cited = "cited" in node["c"][0][1]
            page = typst_inline(f"#cited({typst_literal(node['c'][2][0][1:])});")
            return [page] if cited else [made, *self.after_link(node)]
        if node["t"] == "Image":
            return [typst_inline(f"#box({picture_call(node)});")]
        if node["t"] == "Str" and node["c"].startswith("."):  # after a call, Typst would parse a field access
            return [typst_inline("\\."), {"t": "Str", "c": node["c"][1:]}]
        return [made]

    def after_link(self, node: Node) -> list[Node]:
        """Return what follows a link: the page that it leads to, or the number of a URL in the list of the chapter."""
        _, words, (url, _) = node["c"]
        text = ast_plain_text(words)
        if url.startswith("#"):
            shown = any(map(str.isalnum, text))
            form = typst_literal(phrase("page", self.language))
            return [typst_inline(f"#link-page({typst_literal(url[1:])}, {form});")] * bool(shown and self.links)
        number = self.links.number_of(url, text) if self.links else 0
        return [typst_inline(f"#link-number({number});")] if number else []

    def span(self, node: Node) -> list[Node]:
        """Return a span as a call of its class, language or direction, ruby as one call per annotation and its base."""
        (identifier, names, pairs), inner = node["c"]
        if is_anchor(node):
            return [typst_inline(f"#[#metadata(none)#label({typst_literal(identifier)})];")] if identifier else []
        if names != ["ruby"]:
            call = (
                names[0]
                if names
                else foreign_call(node["c"][0], self.foreign) or f"text(dir: {dict(pairs).get('dir', 'auto')})"
            )
            return self.called(call, inner)
        made: list[Node] = []
        base: list[Node] = []
        for one in inner:
            if one["t"] == "Span" and one["c"][0][1] == ["rt"]:
                made += [*self.called("ruby", base)[:-1], typst_inline("]["), *self.called("", one["c"][1])[1:]]
                base = []
            else:
                base.append(one)
        return [*made, *self.called("text", base)] if base else made

    def called(self, call: str, inlines: list[Node]) -> list[Node]:
        """Return inline nodes as the content argument of `call`: `#call[...];`."""
        inside = {"t": "Span", "c": [NO_ATTRIBUTES, self.part(inlines)]}
        return [typst_inline(f"#{call}["), inside, typst_inline("];")]

    def part(self, part: Any) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of an AST with the nodes in it replaced."""
        if not isinstance(part, list):
            return part
        made: list[Any] = []
        for item in part:
            made += self.node(item) if isinstance(item, dict) and "t" in item else [self.part(item)]
        return made


def _is_task(item: list[Node]) -> bool:
    if not item or item[0]["t"] not in {"Plain", "Para"}:
        return False
    box, *rest = item[0]["c"]
    return box["t"] == "Str" and box["c"] in TASK_BOXES and rest[:1] == [{"t": "Space"}]
