"""HTML elements that are block structures (lists, tables, figures, code) -> pandoc blocks.

`BLOCK_READERS` maps an element's name to its function. Each function takes the reader of the element's contents, the
element, and the inline styles around it. It returns blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from pipeline.books.html import table_grid
from pipeline.books.html.anchors import anchors_of, with_anchors
from pipeline.books.html.dom import (
    Element,
    attributes_of,
    children_through_wrappers,
    descendants,
    is_hidden,
    leading_number,
)
from pipeline.books.html.inline_styles import InlineStyle, with_style
from pipeline.books.images.figures import only_image
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, div, para

NUMBERING_STYLES = {"a": "LowerAlpha", "A": "UpperAlpha", "i": "LowerRoman", "I": "UpperRoman"}
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
MOST_LIST_START = 10**6  # largest start number of a list
InlineStyles = tuple[InlineStyle, ...]


class ElementReader(Protocol):
    """Reads the contents of an element."""

    def blocks(self, children: Iterable[Element], styles: InlineStyles, kind: str) -> list[Node]:
        """Return elements as blocks. Text outside a block element becomes blocks of type `kind` (Para or Plain)."""

    def kept(self, element: Element) -> Node | None:
        """Return the AST node that an element is the placeholder of, or None (see raw_html.py)."""

    def replaced(self, element: Element) -> list[Node]:
        """Return the inline nodes of an element without text: an image, a line break, an AST node."""


def code_block(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return `<pre>` as a code block, followed by a paragraph of its images.

    If Markdown was parsed inside it, the `<pre>` was not closed: its contents are then read as blocks.
    """
    if kept := reader.kept(element):
        return [kept]
    every = [*descendants(element)]
    if any(map(reader.kept, every)):
        return reader.blocks(element.children, styles, "Para")
    text = "".join("\n" if one.name == "br" else one.data if one.name == "#text" else "" for one in every)
    images = [node for one in every for node in reader.replaced(one)]
    classes = " ".join(attributes_of(one).get("class", "") for one in (element, *every) if one.name in {"pre", "code"})
    languages = re.findall(r"\blang(?:uage)?-([\w+#.-]+)", classes)[:1]
    block = {"t": "CodeBlock", "c": [["", languages, []], text.removeprefix("\n").rstrip("\n")]}
    return [block] * bool(text.strip()) + [para(*images)] * bool(images)


def heading_block(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return a heading of its first paragraph, followed by its other blocks.

    `<h2>Title` that is not closed contains all that follows it.
    """
    first, rest = leading_paragraph(reader.blocks(element.children, styles, "Plain"))
    kept = reader.kept(element)
    identified = kept["c"][1] if kept else [re.sub(r"[\s#]", "", attributes_of(element).get("id", "")), [], []]
    return [{"t": "Header", "c": [int(element.name[1]), identified, first]}] * bool(first) + rest


def quotation_block(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return a block quotation."""
    inner = reader.blocks(element.children, styles, "Para")
    return [{"t": "BlockQuote", "c": inner}] if inner else []


def aside_block(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return an aside (a pull quote, a remark) as a division of that class."""
    inner = reader.blocks(element.children, styles, "Para")
    return [div("aside", inner)] if inner else []


def bullet_list(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return a bullet list."""
    items = _list_items(reader, element, styles)
    return [{"t": "BulletList", "c": [made for _, made in items]}] if items else []


def ordered_list(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return an ordered list with its numbers and numbering style; where a number does not follow, a list begins."""
    items, kept, given = _list_items(reader, element, styles), reader.kept(element), attributes_of(element)
    if kept:
        return [{"t": "OrderedList", "c": [kept["c"][0], [made for _, made in items]]}] if items else []
    style = {"t": NUMBERING_STYLES.get(given.get("type", ""), "Decimal")}
    step = -1 if "reversed" in given else 1
    number = leading_number(given.get("start", ""), len(items) if step < 0 else 1, MOST_LIST_START)
    lists: list[Node] = []
    after = -1  # the number that continues the last list
    for item, made in items:
        value = attributes_of(item).get("value", "") if item is not None else ""
        number = leading_number(value, number, MOST_LIST_START)
        if number != after or not lists:
            lists.append({"t": "OrderedList", "c": [[number, style, {"t": "Period"}], []]})
        lists[-1]["c"][1].append(made)
        after, number = number + 1, max(0, number + step)
    return lists


def _list_items(
    reader: ElementReader, element: Element, styles: InlineStyles
) -> list[tuple[Element | None, list[Node]]]:
    """Return the items of a list, each with its `<li>`. Contents between two `<li>` become an item too."""
    parts: list[tuple[Element | None, list[Element]]] = []
    for one in element.children:
        if one.name == "li":
            parts.append((one, one.children))
        elif parts and parts[-1][0] is None:
            parts[-1][1].append(one)
        else:
            parts.append((None, [one]))
    items = []
    for item, part in parts:
        anchors = anchors_of(item) if item is not None else []
        items.append((item, with_anchors(reader.blocks(part, styles, "Plain"), anchors)))
    return [(item, made) for item, made in items if item is not None or made]


def definition_list(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return a definition list. `<dt>` elements that share a `<dd>` become one term of several lines."""
    entries: list[tuple[list[Node], list[list[Node]]]] = []
    for one in children_through_wrappers(element, {"dt", "dd"}):
        rest = reader.blocks([one], styles, "Plain")
        if one.name == "dt":
            first, rest = leading_paragraph(rest)
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


def details_blocks(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return `<details>` as if it were open: its summary in bold, then its contents."""
    made: list[Node] = []
    for one in element.children:
        if one.name == "summary":
            first, rest = leading_paragraph(reader.blocks(one.children, with_style(styles, ("Strong", "")), "Para"))
            made += [para(*first)] * bool(first) + rest
    return made + reader.blocks([one for one in element.children if one.name != "summary"], styles, "Para")


def figure_blocks(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return a `<figure>` of one image as a figure with its caption; any other as its blocks, then its caption."""
    caption = next((one for one in descendants(element) if one.name == "figcaption"), None)
    if caption is not None:
        caption.parent.remove_child(caption)
    inner = reader.blocks(element.children, styles, "Para")
    caption_blocks = reader.blocks(caption.children, styles, "Para") if caption is not None else []
    first, rest = leading_paragraph(caption_blocks)
    if len(inner) == 1 and inner[0]["t"] == "Para" and only_image(inner[0]["c"]):
        return [{"t": "Figure", "c": [NO_ATTRIBUTES, [None, [para(*first)] * bool(first)], inner]}, *rest]
    return inner + caption_blocks


def html_table_blocks(reader: ElementReader, element: Element, styles: InlineStyles) -> list[Node]:
    """Return a table, or its contents as blocks where it is too large for one (see table_grid.py)."""
    caption: list[Node] = []
    sections: list[table_grid.TableSection] = []
    for one in element.children:
        if one.name == "caption":
            caption += reader.blocks(one.children, styles, "Plain")
        elif one.name in {"thead", "tbody", "tfoot"} and not is_hidden(one):
            rows = [row.children for row in one.children if row.name == "tr" and not is_hidden(row)]
            if rows and one.name == "tbody" and not sections and _is_header_row(rows[0]):
                sections.append(table_grid.TableSection(head=True, rows=[_html_cells(reader, rows.pop(0), styles)]))
            cells = [_html_cells(reader, row, styles) for row in rows]
            sections += [table_grid.TableSection(one.name == "thead", cells)] if cells else []
    kept = reader.kept(element)
    return table_grid.table_or_blocks(caption, sections, kept["c"][2] if kept else [])


def _is_header_row(row: Iterable[Element]) -> bool:
    """Return whether all cells of a row are header cells (`th`)."""
    names = {cell.name for cell in row if cell.name in {"td", "th"}}
    return names == {"th"}


def _html_cells(reader: ElementReader, row: Iterable[Element], styles: InlineStyles) -> list[table_grid.HtmlCell]:
    made = []
    for one in row:
        if one.name in {"td", "th"} and not is_hidden(one):
            given = attributes_of(one)
            columns, rows = (
                leading_number(given.get(name, ""), 1, table_grid.MOST_TABLE_CELLS) for name in ("colspan", "rowspan")
            )
            blocks = with_anchors(reader.blocks(one.children, styles, "Plain"), anchors_of(one))
            made.append(table_grid.HtmlCell(blocks, columns, rows))
    return made


def leading_paragraph(blocks: list[Node]) -> tuple[list[Node], list[Node]]:
    """Return the inline nodes of the first block if it is a paragraph, and the other blocks."""
    first = bool(blocks) and blocks[0]["t"] in {"Para", "Plain"}
    return (blocks[0]["c"], blocks[1:]) if first else ([], blocks)


BLOCK_READERS: dict[str, Callable[[Any, Element, InlineStyles], list[Node]]] = {
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext", "textarea"), code_block),
    **dict.fromkeys(HEADINGS, heading_block),
    **dict.fromkeys(("ul", "menu", "dir"), bullet_list),
    "hr": lambda *_: [{"t": "HorizontalRule"}],
    "blockquote": quotation_block,
    "aside": aside_block,
    "ol": ordered_list,
    "dl": definition_list,
    "details": details_blocks,
    "figure": figure_blocks,
    "table": html_table_blocks,
}
