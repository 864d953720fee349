"""Markdown -> a vetted pandoc tree: nothing in it can reach a file, an address or a script.

Raw HTML is read first (elements.py), then vetted like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from pipeline.books.figures import absent, figure, file_name, image, unseen
from pipeline.books.html_to_ast import with_html_read
from pipeline.books.images import MAX_TOGETHER, USUAL, Pictures, picture
from pipeline.books.maths import MATHS, all_maths, may_hold_maths, unlabelled
from pipeline.books.page_limits import narrowed, pieces, unjoined
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, link, plain, printable, retarget, safe_address, text_nodes
from pipeline.document import SkipDocument
from pipeline.markdown import IDENTIFIER
from pipeline.markdown.pandoc import DIALECT, Conversion, read
from pipeline.read.pictures import ELSEWHERE
from pipeline.steps.figures import CAPTION
from pipeline.steps.profiles import Pattern
from pipeline.urls.bare_urls import bare

DEEPEST = 24  # nodes in nodes; Typst gives up between 28 and 34 quotations in one another


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: what its relative addresses and image files are resolved against, and its language."""

    root: Path
    folder: Path
    source_url: str
    language: str
    pictures: Pictures = USUAL
    captions: tuple[Pattern, ...] = (CAPTION,)


@dataclass(frozen=True, slots=True)
class Tree:
    """A text as a book shows it: its vetted blocks, the pictures in them by name, and how many it has no room for."""

    blocks: list[Node]
    pictures: dict[str, bytes]
    left_out: int = 0


def read_trees(texts: Sequence[tuple[str, Place]]) -> list[Tree | SkipDocument]:
    """Return the tree of each text of Markdown, vetted; SkipDocument where pandoc gives up or it is nested too deep."""
    maths = [may_hold_maths(text) for text, _ in texts]
    vetted = _vetted(texts, [DIALECT + MATHS * read_so for read_so in maths])
    plainly = [
        at for at, tree in enumerate(vetted) if maths[at] and isinstance(tree, Tree) and not all_maths(tree.blocks)
    ]
    again = _vetted([texts[at] for at in plainly], [DIALECT] * len(plainly))
    for at, tree in zip(plainly, again, strict=True):
        vetted[at] = tree
    return vetted


def _vetted(texts: Sequence[tuple[str, Place]], dialects: Sequence[str]) -> list[Tree | SkipDocument]:
    sources = [unjoined(printable(text)).encode() for text, _ in texts]
    told = read([Conversion(text, dialect, "json") for text, dialect in zip(sources, dialects, strict=True)])
    return [
        made if isinstance(made, SkipDocument) else _tree(made, place)
        for made, (_, place) in zip(told, texts, strict=True)
    ]


def _tree(made: bytes, place: Place) -> Tree | SkipDocument:
    vetter = _Vetter(place)
    try:
        vetted = vetter.blocks(with_html_read(msgspec.json.decode(made)["blocks"], place.language))
        if _depth(vetted) <= DEEPEST:
            return Tree(vetted, vetter.pictures, len(vetter.left_out))
    except RecursionError:
        pass
    return SkipDocument(
        f"is nested more than {DEEPEST} deep, more than a book can show; split it, or run with --no-editions"
    )


def _depth(nodes: list[Node]) -> int:
    """Return how deep nodes are nested in one another."""
    deepest = 0
    waiting: list[tuple[Any, int]] = [(nodes, 0)]
    while waiting:
        part, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner, depth = (part.get("c", []), depth + 1) if isinstance(part, dict) else (part, depth)
        waiting += [(item, depth) for item in inner if isinstance(item, list | dict)] if isinstance(inner, list) else []
    return deepest


class _Vetter:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.names: dict[str, str] = {}  # of pictures, by their addresses as written
        self.pictures: dict[str, bytes] = {}
        self.room = MAX_TOGETHER
        self.left_out: set[str] = set()

    def blocks(self, nodes: list[Node]) -> list[Node]:
        """Return blocks, images alone in a paragraph as figures with the caption that follows them."""
        nodes = list(narrowed(nodes))
        vetted: list[Node] = []
        at = 0
        while at < len(nodes):
            node, following = nodes[at], nodes[at + 1] if at + 1 < len(nodes) else None
            at += 1
            if node["t"] == "Para" and (only := _only_image(node["c"])):
                caption = only["c"][1]
                said = plain(following) if following and following["t"] == "Para" else ""
                captioned = any(pattern.match(said) for pattern in self.place.captions)
                if following and captioned and said.startswith(plain(caption)):
                    caption = following["c"]
                    at += 1
                vetted.append(self.figure(only["c"][2][0], self.inlines(caption)))
            elif node["t"] == "Figure":  # of HTML: its caption is not its alternative text
                (only,) = node["c"][2][0]["c"]
                caption = self.inlines([inline for block in node["c"][1][1] for inline in block["c"]])
                vetted.append(self.figure(only["c"][2][0], caption or only["c"][1], plain(only["c"][1])))
            elif node["t"] != "RawBlock":
                vetted.append(self.node(node))
        return vetted

    def inlines(self, nodes: list[Node]) -> list[Node]:
        """Return inline nodes with safe links, images and bare addresses; comments are gone."""
        return [vetted for node in nodes for vetted in self.inline(node)]

    def inline(self, node: Node) -> Iterator[Node]:
        """Yield what one inline node becomes."""
        if node["t"] == "RawInline":
            return
        if node["t"] == "Str":
            yield from _linked(node["c"])
        elif node["t"] == "Link":
            inner = retarget(self.inlines(node["c"][1]), lambda _: "") or text_nodes(node["c"][2][0])
            written = node["c"][2][0]
            address = written if written.startswith("#") else safe_address(written, self.place.source_url)
            if address:
                yield {"t": "Link", "c": [NO_ATTRIBUTES, inner, [address, node["c"][2][1]]]}
            else:
                yield from inner
        elif node["t"] == "Image":
            yield from self.inline_image(node)
        else:
            yield self.node(node)

    def node(self, node: Node) -> Node:
        """Return a node of any other kind, its parts vetted."""
        if node["t"] in {"CodeBlock", "Code"}:
            names = [name for name in node["c"][0][1] if re.fullmatch(r"[\w+#.-]{1,32}", name)]
            return {"t": node["t"], "c": [["", names, []], node["c"][1]]}
        if node["t"] in {"Para", "Plain"}:
            return {"t": node["t"], "c": _unindented(self.inlines(node["c"]))}
        if node["t"] == "Header":
            level, attributes, inlines = node["c"]
            attributes, inlines = _identified(attributes, inlines)
            return {"t": "Header", "c": [level, attributes, self.inlines(inlines)]}
        if node["t"] == "Math":
            return {"t": "Math", "c": [node["c"][0], unlabelled(node["c"][1])]}
        return {"t": node["t"], "c": self.part(node["c"])} if "c" in node else node

    def part(self, part: Any) -> Any:  # noqa: ANN401 - any part of a tree
        """Return a part of a node: lists of blocks and of inline nodes are told by their first node."""
        if not isinstance(part, list) or not part:
            return part
        first = part[0]
        if isinstance(first, dict) and "t" in first:
            return self.blocks(part) if first["t"] in BLOCKS else self.inlines(part)
        return [self.part(item) for item in part]

    def figure(self, written: str, caption: list[Node], alt: str = "") -> Node:
        """Return an image with its caption, or a box that says which image is missing."""
        if name := self.picture(written):
            return figure(name, caption, alt or plain(caption) or file_name(written))
        untold = [] if alt in plain(caption) else [*text_nodes(alt), {"t": "LineBreak"}]
        return absent([*untold, *caption], written, self.place.language)

    def inline_image(self, node: Node) -> list[Node]:
        """Return an image among words: the image, or what it would have shown."""
        _, alt, (written, _) = node["c"]
        if name := self.picture(written):
            return [image(name, plain(alt) or file_name(written))]
        return unseen(plain(alt), self.place.language)

    def picture(self, written: str) -> str:
        """Return the name of the picture at `written`, if it lies in the archive, is one, and has room in a book."""
        if written not in self.names:
            self.names[written] = "" if ELSEWHERE.match(written) else self.taken(self.place.folder / unquote(written))
        return self.names[written]

    def taken(self, path: Path) -> str:
        """Return the name of the picture at `path`, taken into the book; empty where it is none or has no room."""
        found = picture(self.place.root, path, self.place.pictures)
        if not found:
            return ""
        if found.name not in self.pictures:
            if self.room < len(found.data):
                self.left_out.add(found.name)
                return ""
            self.room -= len(found.data)
            self.pictures[found.name] = found.data
        return found.name


BLOCKS = {
    "Plain", "Para", "LineBlock", "CodeBlock", "RawBlock", "BlockQuote", "OrderedList", "BulletList", "DefinitionList",
    "HorizontalRule", "Header", "Table", "Figure", "Div",
}  # fmt: skip


def _identified(attributes: list[Any], inlines: list[Node]) -> tuple[list[Any], list[Node]]:
    """Return the attributes and the words of a heading, the identifier that it names at its end no word of it."""
    if [node["t"] for node in inlines[-2:]] != ["Space", "Str"]:
        return attributes, inlines
    named = re.fullmatch(IDENTIFIER, inlines[-1]["c"])
    return ([named[1], [], []], inlines[:-2]) if named else (attributes, inlines)


def _unindented(inlines: list[Node]) -> list[Node]:
    """Return a paragraph's nodes without the wide spaces that indent it: the book's style does."""
    if not inlines or inlines[0]["t"] != "Str":
        return inlines
    first = inlines[0]["c"].lstrip("\N{IDEOGRAPHIC SPACE}")
    return [*([{"t": "Str", "c": first}] if first else []), *inlines[1:]]


def _only_image(inlines: list[Node]) -> Node | None:
    visible = [node for node in inlines if node["t"] not in {"Space", "SoftBreak"}]
    return visible[0] if len(visible) == 1 and visible[0]["t"] == "Image" else None


def _linked(text: str) -> Iterator[Node]:
    """Yield a word, the addresses in it as links."""
    done = 0
    for start, address in bare(text):
        if start > done:
            yield from pieces(text[done:start])
        yield link(address, address)
        done = start + len(address)
    if done < len(text):
        yield from pieces(text[done:])
