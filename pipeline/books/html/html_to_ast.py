"""Pandoc AST with raw HTML -> AST without it: nodes for what a browser shows of the HTML.

`text <b>bold</b>` becomes the nodes of `text **bold**`. This is an allow-list: only elements and attributes named here
and in blocks.py and inline_styles.py have an effect. The result is sanitized like the rest of the AST.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline.books.html.anchors import anchors_of, is_anchor
from pipeline.books.html.blocks import BLOCK_READERS, HEADINGS, InlineStyles
from pipeline.books.html.dom import (
    Element,
    attributes_of,
    children_through_wrappers,
    descendants,
    is_hidden,
    parsed_html,
)
from pipeline.books.html.inline_styles import (
    ELEMENT_STYLES,
    RUBY_STYLE,
    StyledNode,
    nested_inlines,
    styled_nodes,
    with_style,
)
from pipeline.books.html.inline_svg import image_of_svg
from pipeline.books.html.raw_html import HtmlWithPlaceholders, contains_html, html_with_placeholders
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, ast_plain_text, text_nodes
from pipeline.books.phrases import phrase

HTML_BLOCK_ELEMENTS = {
    "address", "article", "body", "center", "dd", "dialog", "div", "dt", "fieldset", "figcaption", "footer", "form",
    "header", "hgroup", "html", "legend", "li", "main", "nav", "optgroup", "option", "p", "search", "section",
    "summary", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
UNSUPPORTED_ELEMENTS = {  # elements that no book can show -> the phrase that replaces them (phrases.toml)
    **dict.fromkeys(("iframe", "frame", "object", "embed", "applet"), "embedded"),
    **dict.fromkeys(("svg", "canvas"), "drawing"),
    "video": "video",
    "audio": "audio",
    "math": "formula",
}

_MATHML_NAMES = re.compile(r"#text|m(?!ath)[a-z]+|semantics|annotation(?:-xml)?|none")


def with_html_parsed(blocks: list[Node], language: str, *, maths: bool = False) -> list[Node]:
    """Return pandoc's AST of a Markdown text with its raw HTML converted to nodes.

    `language` (BCP 47) is the language of replacements such as "[Video: example.org]".
    `maths` says that the text has formulas outside its HTML.
    """
    if not contains_html(blocks):
        return blocks
    source = html_with_placeholders(blocks, maths=maths)
    return _HtmlReader(source, language).blocks(parsed_html(source.html), (), "Para")


@dataclass(slots=True)
class _OpenElement:
    """An element whose children are being read (an entry of the stack that replaces recursion)."""

    children: Iterator[Element]  # those not read yet
    styles: InlineStyles  # of the text in them
    kind: str  # of the blocks that their text becomes: Para or Plain
    block: bool = False  # whether the element is a block
    after: list[Node] = field(default_factory=list)  # inline nodes to add after the children


class _HtmlReader:
    """Reads HTML elements to AST nodes; see html_blocks.Reads."""

    def __init__(self, source: HtmlWithPlaceholders, language: str) -> None:
        self.source, self.language = source, language

    def blocks(self, children: Iterable[Element], styles: InlineStyles, kind: str) -> list[Node]:
        """Return elements as blocks. Text outside a block element becomes blocks of type `kind` (Para or Plain)."""
        made: list[Node] = []
        runs: list[StyledNode] = []

        def end(kind: str) -> None:
            if inlines := nested_inlines(runs):
                made.append({"t": "Plain" if all(map(is_anchor, inlines)) else kind, "c": inlines})
            runs.clear()

        frames = [_OpenElement(iter(children), styles, kind)]
        while frames:
            frame = frames[-1]
            element = next(frame.children, None)
            if element is None:
                runs += [(node, frame.styles) for node in frame.after]
                frames.pop()
                if frame.block:
                    end(frame.kind)
            elif element.name == "#text":
                runs += styled_nodes(element.data, frame.styles)
            elif is_hidden(element):
                continue
            elif element.name in BLOCK_READERS:
                end(frame.kind)
                anchors = [] if element.name in HEADINGS else anchors_of(element)
                made += [{"t": "Plain", "c": anchors}] * bool(anchors)
                made += BLOCK_READERS[element.name](self, element, frame.styles)
            elif element.name in HTML_BLOCK_ELEMENTS:
                end(frame.kind)
                runs += [(node, frame.styles) for node in anchors_of(element)]
                frames.append(_OpenElement(iter(element.children), frame.styles, "Para", block=True))
            else:
                runs += [(node, frame.styles) for node in self.before(element, frame.styles)]
                inner_styles, after = self.styles(element, frame.styles), text_nodes("”" if element.name == "q" else "")
                frames.append(_OpenElement(iter(self.children(element)), inner_styles, frame.kind, after=after))
        end(kind)
        return made

    def kept(self, element: Element) -> Node | None:
        """Return the AST node that an element is the placeholder of, or None (see raw_html.py)."""
        number = attributes_of(element).get(self.source.mark)
        return self.source.kept[int(number)] if number else None

    def styles(self, element: Element, styles: InlineStyles) -> InlineStyles:
        """Return the styles of the text in an inline element, which `styles` are around."""
        given = attributes_of(element)
        if element.name == "a":
            kept = self.kept(element)
            url, title = kept["c"][2] if kept else (given.get("href", ""), given.get("title", ""))
            return with_style(styles, ("Link", (url, title))) if kept or url else styles
        if element.name in ELEMENT_STYLES:
            return with_style(styles, ELEMENT_STYLES[element.name])
        direction = given.get("dir", "").lower()
        return with_style(styles, ("Span", ((), direction))) if direction in {"ltr", "rtl"} else styles

    def children(self, element: Element) -> list[Element]:
        """Return the children of an inline element that `blocks` is to read; none where `before` reads them."""
        if element.name == "iframe":
            return parsed_html(element.to_text())
        unread = element.name == "ruby" or _tex_of_mathml(element) or image_of_svg(element)
        return [] if unread else list(element.children)

    def before(self, element: Element, styles: InlineStyles) -> list[Node]:
        """Return the nodes of an inline element that come before its children."""
        anchors = anchors_of(element)
        return [*anchors, *self.shown_before(element, styles)] if anchors else self.shown_before(element, styles)

    def shown_before(self, element: Element, styles: InlineStyles) -> list[Node]:
        """Return what `before` returns, without the anchors of the element."""
        if element.name == "q":
            return text_nodes("“")
        if element.name == "ruby":
            inner = self.ruby(element)
            return [{"t": "Span", "c": [["", ["ruby"], []], inner]}] if inner and RUBY_STYLE not in styles else inner
        if drawing := image_of_svg(element):
            return [drawing]
        if tex := _tex_of_mathml(element):
            return [{"t": "Math", "c": [{"t": "InlineMath"}, tex]}]
        return (
            [self.instead(element), {"t": "Space"}] if element.name in UNSUPPORTED_ELEMENTS else self.replaced(element)
        )

    def replaced(self, element: Element) -> list[Node]:
        """Return the inline nodes of an element without text: an image, a line break, an AST node."""
        if element.name == self.source.mark and (kept := self.kept(element)):
            return [kept | {"c": with_html_parsed(kept["c"], self.language)} if kept["t"] == "Note" else kept]
        if element.name == "br":
            return [{"t": "LineBreak"}]
        if element.name in {"img", "image"}:
            return _image_of_attributes(attributes_of(element))
        return _input_text(attributes_of(element)) if element.name == "input" else []

    def ruby(self, element: Element) -> list[Node]:
        """Return the base text of a `<ruby>`, each annotation after its base as a span of the class `rt`."""
        made: list[Node] = []
        base: list[Element] = []
        for one in [*children_through_wrappers(element, {"rt", "rp", "rb"}), None]:
            if one is not None and one.name not in {"rt", "rp"}:
                base.append(one)
                continue
            made += _as_inlines(self.blocks(base, (RUBY_STYLE,), "Plain"))
            base = []
            if (
                one is not None
                and one.name == "rt"
                and (text := _as_inlines(self.blocks(one.children, (RUBY_STYLE,), "Plain")))
            ):
                made.append({"t": "Span", "c": [["", ["rt"], []], text]})
        return made

    def instead(self, element: Element) -> Node:
        """Return the replacement of an element that no book can show, with a link to it: [Video: example.org]."""
        given = [attributes_of(one) for one in (element, *element.children) if one.name != "img"]
        url = next((one[key] for one in given for key in ("src", "data", "data-src") if one.get(key)), "")
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        kind = phrase(UNSUPPORTED_ELEMENTS[element.name], self.language)
        text = text_nodes(f"[{kind}: {host}]" if host else f"[{kind}]")
        link = [{"t": "Link", "c": [NO_ATTRIBUTES, text, [url, ""]]}] if host else text
        return {"t": "Span", "c": [["", ["not-shown"], []], link]}


def _as_inlines(blocks: list[Node]) -> list[Node]:
    """Return the inline nodes of blocks without their ruby spans. A block that is not a paragraph becomes text."""
    made: list[Node] = []
    for block in blocks:
        inlines = block["c"] if block["t"] in {"Para", "Plain"} else text_nodes(" ".join(ast_plain_text(block).split()))
        for node in inlines:
            made += node["c"][1] if node["t"] == "Span" and node["c"][0][1] == ["ruby"] else [node]
    return made


def _image_of_attributes(given: dict[str, str]) -> list[Node]:
    """Return an `<img>` with these attributes as an image, or as its alternative text if it has no URL."""
    alt = text_nodes(" ".join(given.get("alt", "").split()))
    url = given.get("src") or given.get("data-src", "")
    size = [[name, given[name]] for name in ("width", "height", "style") if name in given]
    return [{"t": "Image", "c": [["", [], size], alt, [url, ""]]}] if url else alt


def _input_text(given: dict[str, str]) -> list[Node]:
    """Return the text of an `<input>` with these attributes: a box, or its value.

    >>> _input_text({"type": "checkbox", "checked": ""}), _input_text({"type": "password", "value": "x"})
    ([{'t': 'Str', 'c': '☒'}], [])
    """
    kind = given.get("type", "").lower()
    if kind in {"checkbox", "radio"}:
        return text_nodes("☒" if "checked" in given else "☐")
    return text_nodes("" if kind in {"hidden", "password", "file"} else " ".join(given.get("value", "").split()))


def _tex_of_mathml(element: Element) -> str:
    """Return the TeX source in the annotation of a `<math>` element, or "".

    It is "" if the annotation has a sign of Typst code, or if `<math>` contains anything but MathML.
    """
    if element.name != "math" or not all(map(_MATHML_NAMES.fullmatch, (one.name for one in descendants(element)))):
        return ""
    if any(one.name == "#text" and one.parent.name[0] not in "ma" and one.data.strip() for one in descendants(element)):
        return ""
    annotations = (one for one in descendants(element) if attributes_of(one).get("encoding") == "application/x-tex")
    tex = next((one.to_text().strip() for one in annotations), "")
    return "" if re.search(r"[#\"`]", tex) else tex
