"""HTML elements that are block structures (lists, tables, figures, code) -> pandoc blocks.

`STRUCTURES` maps an element's name to its function. Each function takes the reader of the element's contents, the
element, and the inline styles around it. It returns blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pipeline.books import table_grid
from pipeline.books.dom import Element, attributes, hidden, inside, number, unwrapped
from pipeline.books.inline_styles import Style, worn
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, div, para

NUMBERS = {"a": "LowerAlpha", "A": "UpperAlpha", "i": "LowerRoman", "I": "UpperRoman"}
MOST = 10**6  # largest start number of a list
Styles = tuple[Style, ...]


class Reads(Protocol):
    """Reads the contents of an element."""

    def blocks(self, children: Iterable[Element], styles: Styles, kind: str) -> list[Node]:
        """Return elements as blocks. Text outside a block element becomes blocks of type `kind` (Para or Plain)."""

    def kept(self, element: Element) -> Node | None:
        """Return the AST node that an element is the placeholder of, or None (see raw_html.py)."""

    def replaced(self, element: Element) -> list[Node]:
        """Return the inline nodes of an element without text: an image, a line break, an AST node."""


def code(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return `<pre>` as a code block, followed by a paragraph of its images.

    If Markdown was parsed inside it, the `<pre>` was not closed: its contents are then read as blocks.
    """
    if kept := reader.kept(element):
        return [kept]
    every = [*inside(element)]
    if any(map(reader.kept, every)):
        return reader.blocks(element.children, styles, "Para")
    text = "".join("\n" if one.name == "br" else one.data if one.name == "#text" else "" for one in every)
    images = [node for one in every for node in reader.replaced(one)]
    classes = " ".join(attributes(one).get("class", "") for one in (element, *every) if one.name in {"pre", "code"})
    languages = re.findall(r"\blang(?:uage)?-([\w+#.-]+)", classes)[:1]
    block = {"t": "CodeBlock", "c": [["", languages, []], text.removeprefix("\n").rstrip("\n")]}
    return [block] * bool(text.strip()) + [para(*images)] * bool(images)


def heading(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return a heading of its first paragraph, followed by its other blocks.

    `<h2>Title` that is not closed contains all that follows it.
    """
    first, rest = headed(reader.blocks(element.children, styles, "Plain"))
    kept = reader.kept(element)
    identified = kept["c"][1] if kept else [re.sub(r"[\s#]", "", attributes(element).get("id", "")), [], []]
    return [{"t": "Header", "c": [int(element.name[1]), identified, first]}] * bool(first) + rest


def quotation(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return a block quotation."""
    inner = reader.blocks(element.children, styles, "Para")
    return [{"t": "BlockQuote", "c": inner}] if inner else []


def aside(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return an aside (a pull quote, a remark) as a division of that class."""
    inner = reader.blocks(element.children, styles, "Para")
    return [div("aside", inner)] if inner else []


def bullets(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return a bullet list."""
    items = _items(reader, element, styles)
    return [{"t": "BulletList", "c": items}] if items else []


def numbered(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return an ordered list with its start number and numbering style."""
    items, kept, given = _items(reader, element, styles), reader.kept(element), attributes(element)
    style = {"t": NUMBERS.get(given.get("type", ""), "Decimal")}
    numbering = kept["c"][0] if kept else [number(given.get("start", ""), 1, MOST), style, {"t": "Period"}]
    return [{"t": "OrderedList", "c": [numbering, items]}] if items else []


def _items(reader: Reads, element: Element, styles: Styles) -> list[list[Node]]:
    """Return the items of a list. Contents between two `<li>` become an item too."""
    parts: list[tuple[bool, list[Element]]] = []
    for one in element.children:
        if one.name == "li":
            parts.append((True, one.children))
        elif parts and not parts[-1][0]:
            parts[-1][1].append(one)
        else:
            parts.append((False, [one]))
    items = [(item, reader.blocks(part, styles, "Plain")) for item, part in parts]
    return [made for item, made in items if item or made]


def definitions(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return a definition list. `<dt>` elements that share a `<dd>` become one term of several lines."""
    entries: list[tuple[list[Node], list[list[Node]]]] = []
    for one in unwrapped(element, {"dt", "dd"}):
        rest = reader.blocks([one], styles, "Plain")
        if one.name == "dt":
            first, rest = headed(rest)
            if first and entries and not entries[-1][1]:  # the term before has no definition yet
                entries[-1][0].extend([{"t": "LineBreak"}, *first])
            elif first:
                entries.append((first, []))
        if rest:
            single = len(rest) == 1 and rest[0]["t"] == "Para"
            entries = entries or [([], [])]
            entries[-1][1].append([{"t": "Plain", "c": rest[0]["c"]}] if single else rest)
    made = [[term, meanings or [[{"t": "Plain", "c": []}]]] for term, meanings in entries]
    return [{"t": "DefinitionList", "c": made}] if made else []


def details(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return `<details>` as if it were open: its summary in bold, then its contents."""
    made: list[Node] = []
    for one in element.children:
        if one.name == "summary":
            first, rest = headed(reader.blocks(one.children, worn(styles, ("Strong", "")), "Para"))
            made += [para(*first)] * bool(first) + rest
    return made + reader.blocks([one for one in element.children if one.name != "summary"], styles, "Para")


def figure(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return a `<figure>` of one image as a figure with its caption; any other as its blocks, then its caption."""
    caption = next((one for one in inside(element) if one.name == "figcaption"), None)
    if caption is not None:
        caption.parent.remove_child(caption)
    inner = reader.blocks(element.children, styles, "Para")
    caption_blocks = reader.blocks(caption.children, styles, "Para") if caption is not None else []
    first, rest = headed(caption_blocks)
    if len(inner) == 1 and inner[0]["t"] == "Para" and [node["t"] for node in inner[0]["c"]] == ["Image"]:
        return [{"t": "Figure", "c": [NO_ATTRIBUTES, [None, [para(*first)] * bool(first)], inner]}, *rest]
    return inner + caption_blocks


def table(reader: Reads, element: Element, styles: Styles) -> list[Node]:
    """Return a table, or its contents as blocks where it is too large for one (see table_grid.py)."""
    caption: list[Node] = []
    sections: list[table_grid.Section] = []
    for one in element.children:
        if one.name == "caption":
            caption += reader.blocks(one.children, styles, "Plain")
        elif one.name in {"thead", "tbody", "tfoot"} and not hidden(one):
            rows = [row.children for row in one.children if row.name == "tr" and not hidden(row)]
            if rows and one.name == "tbody" and not sections and _heads(rows[0]):
                sections.append(table_grid.Section(head=True, rows=[_cells(reader, rows.pop(0), styles)]))
            cells = [_cells(reader, row, styles) for row in rows]
            sections += [table_grid.Section(one.name == "thead", cells)] if cells else []
    kept = reader.kept(element)
    return table_grid.table(caption, sections, kept["c"][2] if kept else [])


def _heads(row: Iterable[Element]) -> bool:
    """Return whether all cells of a row are header cells (`th`)."""
    names = {cell.name for cell in row if cell.name in {"td", "th"}}
    return names == {"th"}


def _cells(reader: Reads, row: Iterable[Element], styles: Styles) -> list[table_grid.Cell]:
    made = []
    for one in row:
        if one.name in {"td", "th"} and not hidden(one):
            given = attributes(one)
            columns, rows = (number(given.get(name, ""), 1, table_grid.MOST_CELLS) for name in ("colspan", "rowspan"))
            made.append(table_grid.Cell(reader.blocks(one.children, styles, "Plain"), columns, rows))
    return made


def headed(blocks: list[Node]) -> tuple[list[Node], list[Node]]:
    """Return the inline nodes of the first block if it is a paragraph, and the other blocks."""
    first = bool(blocks) and blocks[0]["t"] in {"Para", "Plain"}
    return (blocks[0]["c"], blocks[1:]) if first else ([], blocks)


STRUCTURES: dict[str, Callable[[Any, Element, Styles], list[Node]]] = {
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext", "textarea"), code),
    **{f"h{level}": heading for level in range(1, 7)},
    **dict.fromkeys(("ul", "menu", "dir"), bullets),
    "hr": lambda *_: [{"t": "HorizontalRule"}],
    "blockquote": quotation,
    "aside": aside,
    "ol": numbered,
    "dl": definitions,
    "details": details,
    "figure": figure,
    "table": table,
}
