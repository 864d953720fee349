"""HTML -> pandoc nodes: what a browser shows of it, and nothing that does something.

No element, attribute or address gets through by itself: nodes are made of the names listed here, and vetted as those of
Markdown are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from justhtml import JustHTML

from pipeline.write import grid
from pipeline.write.markup import Markup, holds_html, markup
from pipeline.write.maths import is_maths
from pipeline.write.phrases import phrase
from pipeline.write.runs import CODE, Run, Style, nested, words, worn
from pipeline.write.tree import NO_ATTRIBUTES, Node, div, para, plain, text_nodes

HIDDEN = {
    "script", "style", "template", "head", "title", "meta", "link", "base", "noembed", "noframes", "datalist", "rp",
    "source", "track", "param", "area", "col", "colgroup", "#comment",
}  # fmt: skip
BLOCK = {
    "address", "article", "body", "center", "dd", "dialog", "dir", "div", "dt", "fieldset", "figcaption", "footer",
    "form", "header", "hgroup", "html", "legend", "li", "main", "menu", "nav", "optgroup", "option", "p", "search",
    "section", "summary", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
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
SHOWN_AS = {  # by element: what a book, which cannot show it, calls it (phrases.toml)
    **dict.fromkeys(("iframe", "frame", "object", "embed", "applet"), "embedded"),
    **dict.fromkeys(("svg", "canvas"), "drawing"),
    **{name: name for name in ("video", "audio")},
    "math": "formula",
}
NUMBERS = {"a": "LowerAlpha", "A": "UpperAlpha", "i": "LowerRoman", "I": "UpperRoman"}
MOST = 10**6  # the largest number that a list is taken to start with


def with_html_read(blocks: list[Node], language: str) -> list[Node]:
    """Return a tree, as pandoc read it from Markdown, with its raw HTML as nodes; as it is, if it holds none."""
    if not holds_html(blocks):
        return blocks
    made = markup(blocks)
    return _Reader(made, language).blocks(parsed(made.html), (), "Para")


def parsed(html: str) -> list[Any]:
    """Return the elements of HTML as a browser has them that runs no script."""
    return list(JustHTML(html, fragment=True, sanitize=False, scripting_enabled=False).root.children or ())


@dataclass(slots=True)
class _Frame:
    """An element whose children are being read: those left, their styles, and what their words become."""

    children: Iterator[Any]
    styles: tuple[Style, ...]
    kind: str  # Para or Plain
    block: bool = False
    after: list[Run] = field(default_factory=list)  # what stands behind them


class _Reader:
    def __init__(self, source: Markup, language: str) -> None:
        self.mark, self.kept, self.language = source.mark, source.kept, language

    def blocks(self, children: Iterable[Any], styles: tuple[Style, ...], kind: str) -> list[Node]:
        """Return elements as blocks; words that stand in no block of their own become blocks of `kind`."""
        made: list[Node] = []
        runs: list[Run] = []

        def flush(as_kind: str) -> None:
            if inlines := nested(runs):
                made.append({"t": as_kind, "c": inlines})
            runs.clear()

        frames = [_Frame(iter(children), styles, kind)]
        while frames:
            frame = frames[-1]
            element = next(frame.children, None)
            if element is None:
                runs += frame.after
                frames.pop()
                if frame.block:
                    flush(frame.kind)
            elif element.name == "#text":
                runs += words(element.data, frame.styles)
            elif self.hidden(element):
                continue
            elif (blocks := self.block(element, frame.styles)) is not None:
                flush(frame.kind)
                made += blocks
            elif element.name in BLOCK:
                flush(frame.kind)
                frames.append(_Frame(iter(element.children), frame.styles, "Para", block=True))
            else:
                before, inner, after = self.inline(element, frame.styles)
                runs += before
                frames.append(_Frame(iter(inner), self.styles(element, frame.styles), frame.kind, after=after))
        flush(kind)
        return made

    def hidden(self, element: Any) -> bool:  # noqa: ANN401
        """Tell whether a browser shows nothing of an element."""
        if element.name == "noscript":  # for what a script would show
            return any(map(_shows, (one for one in element.parent.children if one is not element)))
        return element.name in HIDDEN or "hidden" in _attributes(element)

    def block(self, element: Any, styles: tuple[Style, ...]) -> list[Node] | None:  # noqa: ANN401, C901, PLR0911 - a table
        """Return an element as blocks of its own; None if it is words, or only holds blocks."""
        name, attributes, children = element.name, _attributes(element), element.children
        if name == "pre" and self.mark in attributes:
            return [self.kept[int(attributes[self.mark])]]
        if name in {"pre", "listing", "xmp", "plaintext", "textarea"}:
            return self.code(element)
        if name == "hr":
            return [{"t": "HorizontalRule"}]
        if re.fullmatch("h[1-6]", name):
            return self.heading(element, styles)
        if name == "blockquote":
            return _unless_empty("BlockQuote", self.blocks(children, styles, "Para"))
        if name == "aside":
            inner = self.blocks(children, styles, "Para")
            return [div("aside", inner)] if inner else []
        if name in {"ul", "menu", "dir"}:
            return _unless_empty("BulletList", self.items(element, styles))
        if name == "ol":
            return self.numbered(element, styles)
        if name == "dl":
            return self.definitions(element, styles)
        if name == "details":
            return self.details(element, styles)
        if name == "figure":
            return self.figure(element, styles)
        return self.table(element, styles) if name == "table" else None

    def code(self, element: Any) -> list[Node]:  # noqa: ANN401
        """Return preformatted text as code, and what it holds beside text."""
        parts, others = [], []
        for one in _all(element):
            if one.name == "#text":
                parts.append(one.data)
            elif one.name == "br":
                parts.append("\n")
            elif one.name == self.mark:
                others.append(self.kept[int(one.attrs[self.mark])])
            elif one.name == "img":
                others += [node for node, _ in self.inline(one, ())[0]]
        names = re.findall(r"\blang(?:uage)?-([\w+#.-]+)", " ".join(_classes(element)))
        text = "".join(parts).removeprefix("\n")
        made: list[Node] = [{"t": "CodeBlock", "c": [["", names[:1], []], text.rstrip("\n")]}] if text.strip() else []
        return made + ([para(*others)] if others else [])

    def heading(self, element: Any, styles: tuple[Style, ...]) -> list[Node]:  # noqa: ANN401
        attributes = _attributes(element)
        first, rest = _headed(self.blocks(element.children, styles, "Plain"))
        if self.mark in attributes:
            named = self.kept[int(attributes[self.mark])]["c"][1]
        else:
            named = [re.sub(r"[\s#]", "", attributes.get("id", "")), [], []]
        return [{"t": "Header", "c": [int(element.name[1]), named, first]}] * bool(first) + rest

    def items(self, element: Any, styles: tuple[Style, ...]) -> list[list[Node]]:  # noqa: ANN401
        """Return the items of a list; what stands between them is an item too."""
        parts: list[list[Any]] = []
        for one in element.children:
            if one.name == "li":
                parts.append(one.children)
            elif parts and parts[-1] and parts[-1][-1].parent is element:
                parts[-1].append(one)
            else:
                parts.append([one])
        items = [(part, self.blocks(part, styles, "Plain")) for part in parts]
        return [made for part, made in items if made or (part and part[0].parent is not element)]

    def numbered(self, element: Any, styles: tuple[Style, ...]) -> list[Node]:  # noqa: ANN401
        attributes, items = _attributes(element), self.items(element, styles)
        if self.mark in attributes:
            how = self.kept[int(attributes[self.mark])]["c"][0]
        else:
            start = _number(attributes.get("start", ""), 1, MOST)
            how = [start, {"t": NUMBERS.get(attributes.get("type", ""), "Decimal")}, {"t": "Period"}]
        return [{"t": "OrderedList", "c": [how, items]}] if items else []

    def definitions(self, element: Any, styles: tuple[Style, ...]) -> list[Node]:  # noqa: ANN401
        entries: list[tuple[list[Node], list[list[Node]]]] = []
        for one in _unwrapped(element, {"dt", "dd"}):
            rest = self.blocks([one], styles, "Plain")
            if one.name == "dt":
                first, rest = _headed(rest)
                if entries and not entries[-1][1] and first:  # two terms of one definition
                    entries[-1][0].extend([{"t": "LineBreak"}, *first])
                elif first:
                    entries.append((first, []))
            if rest:
                if not entries:
                    entries.append(([], []))
                entries[-1][1].append([_plain_if_alone(block, rest) for block in rest])
        made = [[term, meanings or [[{"t": "Plain", "c": []}]]] for term, meanings in entries]
        return [{"t": "DefinitionList", "c": made}] if made else []

    def details(self, element: Any, styles: tuple[Style, ...]) -> list[Node]:  # noqa: ANN401
        """Return what can be folded as it is when unfolded, its summary in bold."""
        made: list[Node] = []
        for one in element.children:
            if one.name == "summary":
                first, rest = _headed(self.blocks(one.children, worn(styles, ("Strong", "")), "Para"))
                made += [para(*first)] * bool(first) + rest
        return made + self.blocks([one for one in element.children if one.name != "summary"], styles, "Para")

    def figure(self, element: Any, styles: tuple[Style, ...]) -> list[Node]:  # noqa: ANN401
        """Return one picture with a caption as a figure, anything else with its caption behind it."""
        captions = [one for one in _all(element) if one.name == "figcaption"][:1]
        inner = self.blocks(_without(element, captions), styles, "Para")
        said = [block for one in captions for block in self.blocks(one.children, styles, "Para")]
        first, rest = _headed(said)
        if len(inner) == 1 and inner[0]["t"] == "Para" and [node["t"] for node in inner[0]["c"]] == ["Image"]:
            return [{"t": "Figure", "c": [NO_ATTRIBUTES, [None, [para(*first)] * bool(first)], inner]}, *rest]
        return inner + said

    def table(self, element: Any, styles: tuple[Style, ...]) -> list[Node]:  # noqa: ANN401
        caption: list[Node] = []
        sections: list[grid.Section] = []
        for one in element.children:
            if one.name == "caption":
                caption += self.blocks(one.children, styles, "Plain")
            elif one.name in {"thead", "tbody", "tfoot"} and not self.hidden(one):
                rows = [row.children for row in one.children if row.name == "tr" and not self.hidden(row)]
                if rows and one.name == "tbody" and not sections and all(map(_heads, rows[:1])):
                    sections.append(grid.Section(head=True, rows=[self.cells(rows.pop(0), styles)]))
                cells = [self.cells(row, styles) for row in rows]
                sections += [grid.Section(one.name == "thead", cells)] if cells else []
        kept = _attributes(element).get(self.mark)
        specs = self.kept[int(kept)]["c"][2] if kept else []
        return grid.table(caption, sections, specs)

    def cells(self, row: Iterable[Any], styles: tuple[Style, ...]) -> list[grid.Cell]:
        made = []
        for one in row:
            if one.name in {"td", "th"} and not self.hidden(one):
                attributes = _attributes(one)
                columns = _number(attributes.get("colspan", ""), 1, grid.MOST_CELLS)
                rows = _number(attributes.get("rowspan", ""), 1, grid.MOST_CELLS)
                made.append(grid.Cell(self.blocks(one.children, styles, "Plain"), columns, rows))
        return made

    def styles(self, element: Any, styles: tuple[Style, ...]) -> tuple[Style, ...]:  # noqa: ANN401
        """Return the styles of the words in an element."""
        name, attributes = element.name, _attributes(element)
        if name == "a" and self.mark in attributes:
            named, _, (address, title) = self.kept[int(attributes[self.mark])]["c"]
            return worn(styles, ("Link", ((named[0], (), ()), address, title)))
        if name == "a" and attributes.get("href"):
            return worn(styles, ("Link", (("", (), ()), attributes["href"], attributes.get("title", ""))))
        if name in STYLES:
            return worn(styles, STYLES[name])
        direction = attributes.get("dir", "").lower()
        return worn(styles, ("Span", ((), direction))) if direction in {"ltr", "rtl"} else styles

    def inline(self, element: Any, styles: tuple[Style, ...]) -> tuple[list[Run], list[Any], list[Run]]:  # noqa: ANN401
        """Return what an element shows before its children, those to read, and what it shows behind them."""
        name, attributes = element.name, _attributes(element)
        if name == self.mark:
            return [(self.restored(self.kept[int(attributes[self.mark])]), styles)], element.children, []
        if name == "br":
            return [({"t": "LineBreak"}, styles)], [], []
        if name in {"img", "image"}:
            return [(node, styles) for node in _image(attributes)], [], []
        if name == "input":
            return [(node, styles) for node in _input(attributes)], [], []
        if name == "q":
            return [({"t": "Str", "c": "“"}, styles)], element.children, [({"t": "Str", "c": "”"}, styles)]
        if name == "ruby" and ("Span", (("ruby",), "")) not in styles:
            inner = nested([*self.ruby(element)])
            return [({"t": "Span", "c": [["", ["ruby"], []], inner]}, styles)] if inner else [], [], []
        if name == "math" and (tex := _tex(element)) and not any(one.name == self.mark for one in _all(element)):
            return [({"t": "Math", "c": [{"t": "InlineMath"}, tex]}, styles)], [], []
        if name in SHOWN_AS:
            children = parsed(element.to_text()) if name == "iframe" else element.children
            return [(self.instead(element), styles), ({"t": "Space"}, styles)], children, []
        return [], element.children, []

    def ruby(self, element: Any) -> Iterator[Run]:  # noqa: ANN401
        """Yield the words of a ruby, each reading as a node of its own."""
        inside: tuple[Style, ...] = (("Span", (("ruby",), "")),)
        base: list[Any] = []
        for one in [*_unwrapped(element, {"rt", "rp", "rb"}), None]:
            if one is not None and one.name not in {"rt", "rp"}:
                base.append(one)
                continue
            for node in _joined(self.blocks(base, inside, "Plain")):
                yield from _undressed(node)
            base = []
            if one is not None and one.name == "rt" and (said := _joined(self.blocks(one.children, inside, "Plain"))):
                reading = [inner for node in said for inner, _ in _undressed(node)]
                yield {"t": "Span", "c": [["", ["rt"], []], reading]}, ()

    def restored(self, node: Node) -> Node:
        """Return a node that was kept aside; raw HTML in a note is read by itself."""
        if node["t"] == "Note":
            return {"t": "Note", "c": with_html_read(node["c"], self.language)}
        return node

    def instead(self, element: Any) -> Node:  # noqa: ANN401
        """Return what a book says in place of what it cannot show: its kind and host, as a link to it."""
        inside = [element, *(one for one in _all(element) if one.name in {"source", "embed", "param"})]
        found = [_attributes(one) for one in inside]
        address = next((one[key] for one in found for key in ("src", "data", "data-src") if one.get(key)), "")
        try:
            host = urlsplit(address).hostname or ""
        except ValueError:
            host = ""
        kind = phrase(SHOWN_AS[element.name], self.language)
        words = text_nodes(f"[{kind}: {host}]" if host else f"[{kind}]")
        link = [{"t": "Link", "c": [NO_ATTRIBUTES, words, [address, ""]]}] if host else words
        return {"t": "Span", "c": [["", ["not-shown"], []], link]}


def _attributes(element: Any) -> dict[str, str]:  # noqa: ANN401
    return {name: value or "" for name, value in (element.attrs or {}).items()}


def _classes(element: Any) -> list[str]:  # noqa: ANN401
    return [_attributes(one).get("class", "") for one in (element, *_all(element)) if one.name in {"pre", "code"}]


def _all(element: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield what stands in an element, in order, at any depth."""
    waiting = [*element.children][::-1]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [*(one.children or ())][::-1]


def _shows(element: Any) -> bool:  # noqa: ANN401
    """Tell whether a browser shows anything of an element."""
    if element.name == "#text":
        return bool(element.data.strip())
    if element.name in HIDDEN or element.name == "noscript" or "hidden" in _attributes(element):
        return False
    return element.name in {"img", "input", *SHOWN_AS} or any(
        (one.name == "#text" and one.data.strip()) or one.name == "img" for one in _all(element)
    )


def _unwrapped(element: Any, names: set[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield the children of an element, those in wrappers that hold elements called `names` too."""
    waiting = [*element.children][::-1]
    while waiting:
        one = waiting.pop()
        if one.name in {"div", "rtc"} and any(inner.name in names for inner in one.children):
            waiting += [*one.children][::-1]
        else:
            yield one


def _without(element: Any, removed: list[Any]) -> list[Any]:  # noqa: ANN401
    for one in removed:
        one.parent.remove_child(one)
    return list(element.children)


def _heads(row: Iterable[Any]) -> bool:
    names = [cell.name for cell in row if cell.name in {"td", "th"}]
    return bool(names) and set(names) == {"th"}


def _headed(blocks: list[Node]) -> tuple[list[Node], list[Node]]:
    """Return the words of the first block, if it is a paragraph, and all other blocks."""
    first = bool(blocks) and blocks[0]["t"] in {"Para", "Plain"}
    return (blocks[0]["c"], blocks[1:]) if first else ([], blocks)


def _plain_if_alone(block: Node, blocks: list[Node]) -> Node:
    return {"t": "Plain", "c": block["c"]} if len(blocks) == 1 and block["t"] == "Para" else block


def _unless_empty(kind: str, content: list[Any]) -> list[Node]:
    return [{"t": kind, "c": content}] if content else []


def _joined(blocks: list[Node]) -> list[Node]:
    """Return the words of blocks in a line; of what is no paragraph, its text."""
    return [
        node
        for block in blocks
        for node in (block["c"] if block["t"] in {"Para", "Plain"} else text_nodes(" ".join(plain(block).split())))
    ]


def _undressed(node: Node) -> Iterator[Run]:
    """Yield what stands in the span of a ruby."""
    inner = node["c"][1] if node["t"] == "Span" and node["c"][0][1] == ["ruby"] else [node]
    yield from ((one, ()) for one in inner)


def _number(written: str, least: int, most: int) -> int:
    found = re.match(r"\s*\+?(\d{1,9})", written)
    return min(max(int(found[1]), 0), most) if found else least


def _image(attributes: dict[str, str]) -> list[Node]:
    alt = text_nodes(" ".join(attributes.get("alt", "").split()))
    address = attributes.get("src") or attributes.get("data-src", "")
    return [{"t": "Image", "c": [NO_ATTRIBUTES, alt, [address, ""]]}] if address else alt


def _input(attributes: dict[str, str]) -> list[Node]:
    kind = attributes.get("type", "").lower()
    if kind in {"checkbox", "radio"}:
        return text_nodes("☒" if "checked" in attributes else "☐")
    shown = "" if kind in {"hidden", "password", "file"} else attributes.get("value", "")
    return text_nodes(" ".join(shown.split()))


def _tex(element: Any) -> str:  # noqa: ANN401
    """Return the TeX that MathML names as its source, if it is no more than that."""
    for one in _all(element):
        if one.name == "annotation" and _attributes(one).get("encoding") == "application/x-tex":
            tex = str(one.to_text()).strip()
            return tex if is_maths(tex) else ""
    return ""
