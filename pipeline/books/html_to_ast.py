"""Raw HTML of a Markdown tree -> pandoc nodes: what a browser shows of it, and nothing that does something.

No element, attribute or address gets through by itself: nodes are made of the names listed here and in structures.py,
and vetted as those of Markdown are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline.books.dom import Element, attributes, hidden, inside, parsed, unwrapped
from pipeline.books.html_blocks import STRUCTURES, Styles
from pipeline.books.inline_styles import CODE, Run, Style, nested, words, worn
from pipeline.books.maths import is_maths
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, plain, text_nodes
from pipeline.books.phrases import phrase
from pipeline.books.raw_html import Markup, holds_html, markup

BLOCKS = {
    "address", "article", "body", "center", "dd", "dialog", "div", "dt", "fieldset", "figcaption", "footer", "form",
    "header", "hgroup", "html", "legend", "li", "main", "nav", "optgroup", "option", "p", "search", "section",
    "summary", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
RUBY: Style = ("Span", (("ruby",), ""))
STYLES: dict[str, Style] = {
    **dict.fromkeys(("b", "strong"), ("Strong", "")),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), ("Emph", "")),
    **dict.fromkeys(("u", "ins"), ("Underline", "")),
    **dict.fromkeys(("s", "strike", "del"), ("Strikeout", "")),
    **dict.fromkeys(("code", "samp", "tt"), CODE),
    **{name: ("Span", ((name,), "")) for name in ("mark", "kbd", "small")},
    "sup": ("Superscript", ""),
    "sub": ("Subscript", ""),
}
UNSEEN = {  # by element: what a book, which cannot show it, calls it (phrases.toml)
    **dict.fromkeys(("iframe", "frame", "object", "embed", "applet"), "embedded"),
    **dict.fromkeys(("svg", "canvas"), "drawing"),
    "video": "video",
    "audio": "audio",
    "math": "formula",
}

_MATHML = re.compile(r"#text|m(?!ath)[a-z]+|semantics|annotation(?:-xml)?|none")


def with_html_read(blocks: list[Node], language: str) -> list[Node]:
    """Return a tree, as pandoc read it from Markdown, with its raw HTML as nodes; as it is, if it holds none."""
    if not holds_html(blocks):
        return blocks
    made = markup(blocks)
    return _Reader(made, language).blocks(parsed(made.html), (), "Para")


@dataclass(slots=True)
class _Frame:
    """An element whose children are being read: those left, their styles, and what their words become."""

    children: Iterator[Element]
    styles: Styles
    kind: str  # Para or Plain
    block: bool = False
    after: list[Node] = field(default_factory=list)  # what stands behind them


class _Reader:
    def __init__(self, source: Markup, language: str) -> None:
        self.source, self.language = source, language

    def blocks(self, children: Iterable[Element], styles: Styles, kind: str) -> list[Node]:
        """Return elements as blocks; words that stand in no block of their own become blocks of `kind`."""
        made: list[Node] = []
        runs: list[Run] = []

        def end(kind: str) -> None:
            if inlines := nested(runs):
                made.append({"t": kind, "c": inlines})
            runs.clear()

        frames = [_Frame(iter(children), styles, kind)]
        while frames:
            frame = frames[-1]
            element = next(frame.children, None)
            if element is None:
                runs += [(node, frame.styles) for node in frame.after]
                frames.pop()
                if frame.block:
                    end(frame.kind)
            elif element.name == "#text":
                runs += words(element.data, frame.styles)
            elif hidden(element):
                continue
            elif element.name in STRUCTURES:
                end(frame.kind)
                made += STRUCTURES[element.name](self, element, frame.styles)
            elif element.name in BLOCKS:
                end(frame.kind)
                frames.append(_Frame(iter(element.children), frame.styles, "Para", block=True))
            else:
                runs += [(node, frame.styles) for node in self.before(element, frame.styles)]
                worn_inside, after = self.styles(element, frame.styles), text_nodes("”" if element.name == "q" else "")
                frames.append(_Frame(iter(self.children(element)), worn_inside, frame.kind, after=after))
        end(kind)
        return made

    def kept(self, element: Element) -> Node | None:
        """Return the node that was kept aside for an element, if one was."""
        number = attributes(element).get(self.source.mark)
        return self.source.kept[int(number)] if number else None

    def styles(self, element: Element, styles: Styles) -> Styles:
        """Return the styles of the words in an element."""
        said = attributes(element)
        if element.name == "a":
            kept = self.kept(element)
            address, title = kept["c"][2] if kept else (said.get("href", ""), said.get("title", ""))
            return worn(styles, ("Link", (address, title))) if kept or address else styles
        if element.name in STYLES:
            return worn(styles, STYLES[element.name])
        direction = said.get("dir", "").lower()
        return worn(styles, ("Span", ((), direction))) if direction in {"ltr", "rtl"} else styles

    def children(self, element: Element) -> list[Element]:
        """Return what is to be read in an element that stands among words."""
        if element.name == "iframe":
            return parsed(element.to_text())
        return [] if element.name == "ruby" or _tex(element) else list(element.children)

    def before(self, element: Element, styles: Styles) -> list[Node]:
        """Return what an element that stands among words shows before its children."""
        if element.name == "q":
            return text_nodes("“")
        if element.name == "ruby":
            inner = self.ruby(element)
            return [{"t": "Span", "c": [["", ["ruby"], []], inner]}] if inner and RUBY not in styles else inner
        if tex := _tex(element):
            return [{"t": "Math", "c": [{"t": "InlineMath"}, tex]}]
        return [self.instead(element), {"t": "Space"}] if element.name in UNSEEN else self.replaced(element)

    def replaced(self, element: Element) -> list[Node]:
        """Return what an element that holds no words shows: a node that was kept aside, a picture."""
        if element.name == self.source.mark and (kept := self.kept(element)):
            return [kept | {"c": with_html_read(kept["c"], self.language)} if kept["t"] == "Note" else kept]
        if element.name == "br":
            return [{"t": "LineBreak"}]
        if element.name in {"img", "image"}:
            return _image(attributes(element))
        return _input(attributes(element)) if element.name == "input" else []

    def ruby(self, element: Element) -> list[Node]:
        """Return the words of a ruby, each reading behind them as a node of its own."""
        made: list[Node] = []
        base: list[Element] = []
        for one in [*unwrapped(element, {"rt", "rp", "rb"}), None]:
            if one is not None and one.name not in {"rt", "rp"}:
                base.append(one)
                continue
            made += _in_line(self.blocks(base, (RUBY,), "Plain"))
            base = []
            if one is not None and one.name == "rt" and (said := _in_line(self.blocks(one.children, (RUBY,), "Plain"))):
                made.append({"t": "Span", "c": [["", ["rt"], []], said]})
        return made

    def instead(self, element: Element) -> Node:
        """Return what a book says in place of what it cannot show: its kind and host, as a link to it."""
        found = [attributes(one) for one in (element, *element.children) if one.name != "img"]
        address = next((one[key] for one in found for key in ("src", "data", "data-src") if one.get(key)), "")
        try:
            host = urlsplit(address).hostname or ""
        except ValueError:
            host = ""
        kind = phrase(UNSEEN[element.name], self.language)
        said = text_nodes(f"[{kind}: {host}]" if host else f"[{kind}]")
        link = [{"t": "Link", "c": [NO_ATTRIBUTES, said, [address, ""]]}] if host else said
        return {"t": "Span", "c": [["", ["not-shown"], []], link]}


def _in_line(blocks: list[Node]) -> list[Node]:
    """Return the words of blocks in a line, without the span of a ruby; of what is no paragraph, its text."""
    made: list[Node] = []
    for block in blocks:
        inlines = block["c"] if block["t"] in {"Para", "Plain"} else text_nodes(" ".join(plain(block).split()))
        for node in inlines:
            made += node["c"][1] if node["t"] == "Span" and node["c"][0][1] == ["ruby"] else [node]
    return made


def _image(said: dict[str, str]) -> list[Node]:
    alt = text_nodes(" ".join(said.get("alt", "").split()))
    address = said.get("src") or said.get("data-src", "")
    return [{"t": "Image", "c": [NO_ATTRIBUTES, alt, [address, ""]]}] if address else alt


def _input(said: dict[str, str]) -> list[Node]:
    kind = said.get("type", "").lower()
    if kind in {"checkbox", "radio"}:
        return text_nodes("☒" if "checked" in said else "☐")
    return text_nodes("" if kind in {"hidden", "password", "file"} else " ".join(said.get("value", "").split()))


def _tex(element: Element) -> str:
    """Return the TeX that MathML names as its source, if it is no more than that, and MathML is all there is."""
    if element.name != "math" or not all(map(_MATHML.fullmatch, (one.name for one in inside(element)))):
        return ""
    if any(one.name == "#text" and one.parent.name[0] not in "ma" and one.data.strip() for one in inside(element)):
        return ""
    found = (one for one in inside(element) if attributes(one).get("encoding") == "application/x-tex")
    tex = next((one.to_text().strip() for one in found), "")
    return tex if is_maths(tex) else ""
