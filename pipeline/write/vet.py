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

from pipeline.addresses.bare import bare
from pipeline.document import Unfit
from pipeline.markdown import IDENTIFIER
from pipeline.pandoc import DIALECT, Conversion, read
from pipeline.steps.figures import CAPTION
from pipeline.write.elements import with_html_read
from pipeline.write.images import ELSEWHERE, MAX_TOGETHER, USUAL, Picture, Pictures, picture
from pipeline.write.maths import MATHS, all_maths, may_hold_maths, unlabelled
from pipeline.write.phrases import phrase
from pipeline.write.tree import (
    NO_ATTRIBUTES,
    Node,
    div,
    left_to_right,
    link,
    para,
    plain,
    printable,
    retarget,
    safe_address,
    text_nodes,
)

DEEPEST = 24  # nodes in nodes; Typst gives up between 28 and 34 quotations in one another
LONGEST = 200  # characters of a missing image's address that are worth showing


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: what its relative addresses and image files are resolved against, and its language."""

    root: Path
    folder: Path
    source_url: str
    language: str
    pictures: Pictures = USUAL


@dataclass(frozen=True, slots=True)
class Tree:
    """A text as a book shows it: its vetted blocks, the pictures in them by name, and how many it has no room for."""

    blocks: list[Node]
    pictures: dict[str, bytes]
    left_out: int = 0


def read_trees(texts: Sequence[tuple[str, Place]]) -> list[Tree | Unfit]:
    """Return the tree of each text of Markdown, vetted; Unfit where pandoc gives up or it is nested too deep."""
    maths = [may_hold_maths(text) for text, _ in texts]
    vetted = _vetted(texts, [DIALECT + MATHS * read_so for read_so in maths])
    plainly = [
        at for at, tree in enumerate(vetted) if maths[at] and isinstance(tree, Tree) and not all_maths(tree.blocks)
    ]
    again = _vetted([texts[at] for at in plainly], [DIALECT] * len(plainly))
    for at, tree in zip(plainly, again, strict=True):
        vetted[at] = tree
    return vetted


def _vetted(texts: Sequence[tuple[str, Place]], dialects: Sequence[str]) -> list[Tree | Unfit]:
    sources = [printable(text).encode() for text, _ in texts]
    told = read([Conversion(text, dialect, "json") for text, dialect in zip(sources, dialects, strict=True)])
    return [
        made if isinstance(made, Unfit) else _tree(made, place) for made, (_, place) in zip(told, texts, strict=True)
    ]


def _tree(made: bytes, place: Place) -> Tree | Unfit:
    vetter = _Vetter(place)
    try:
        vetted = vetter.blocks(with_html_read(msgspec.json.decode(made)["blocks"], place.language))
        if _depth(vetted) <= DEEPEST:
            return Tree(vetted, vetter.pictures, len(vetter.left_out))
    except RecursionError:
        pass
    return Unfit(f"is nested more than {DEEPEST} deep, more than a book can show; split it, or run with --no-editions")


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
        self.found: dict[str, Picture | None] = {}  # by the address as written
        self.pictures: dict[str, bytes] = {}
        self.left_out: set[str] = set()

    def blocks(self, nodes: list[Node]) -> list[Node]:
        """Return blocks, images alone in a paragraph as figures with the caption that follows them."""
        vetted: list[Node] = []
        at = 0
        while at < len(nodes):
            node, following = nodes[at], nodes[at + 1] if at + 1 < len(nodes) else None
            at += 1
            if node["t"] == "Para" and (image := _only_image(node["c"])):
                caption = image["c"][1]
                said = plain(following) if following and following["t"] == "Para" else ""
                if following and CAPTION.match(said) and said.startswith(plain(caption)):
                    caption = following["c"]
                    at += 1
                vetted.append(self.figure(image["c"][2][0], self.inlines(caption)))
            elif node["t"] == "Figure":  # of HTML: its caption is not its alternative text
                (image,) = node["c"][2][0]["c"]
                caption = self.inlines([inline for block in node["c"][1][1] for inline in block["c"]])
                vetted.append(self.figure(image["c"][2][0], caption or image["c"][1], plain(image["c"][1])))
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
            image = _image(name, alt or plain(caption) or _file_name(written))
            return {"t": "Figure", "c": [NO_ATTRIBUTES, [None, _plain_block(caption)], _plain_block([image])]}
        untold = [] if alt in plain(caption) else [*text_nodes(alt), {"t": "LineBreak"}]
        return absent([*untold, *caption], written, self.place.language)

    def inline_image(self, node: Node) -> Iterator[Node]:
        """Yield an image among words: the image, or what it would have shown."""
        _, alt, (written, _) = node["c"]
        if name := self.picture(written):
            yield _image(name, plain(alt) or _file_name(written))
        else:
            yield from unseen(plain(alt), self.place.language)

    def picture(self, written: str) -> str:
        """Return the name of the picture at `written`, if it lies in the archive, is one, and has room in a book."""
        if ELSEWHERE.match(written):
            return ""
        if written not in self.found:
            self.found[written] = picture(self.place.root, self.place.folder / unquote(written), self.place.pictures)
        found = self.found[written]
        if not found:
            return ""
        if found.name not in self.pictures:
            if sum(map(len, self.pictures.values())) + len(found.data) > MAX_TOGETHER:
                self.left_out.add(found.name)
                return ""
            self.pictures[found.name] = found.data
        return found.name


def absent(caption: list[Node], written: str, language: str) -> Node:
    """Return a box that says which image is missing; `written` is its address, if it is known."""
    address = [*text_nodes(": "), left_to_right(written)] if 0 < len(written) <= LONGEST else []
    said = para(*text_nodes(f"[{phrase('image-missing', language)}"), *address, *text_nodes("]"))
    return div("missing-image", [para(*caption)] * bool(caption) + [div("address", [said])])


def unseen(alt: str, language: str) -> list[Node]:
    """Return what stands among words in the place of an image that is missing."""
    return text_nodes(f"[{alt or phrase('image-missing', language)}]")


def without(part: Any, names: set[str], language: str) -> Any:  # noqa: ANN401 - any part of a tree
    """Return a tree's part with boxes, or words, in the place of the pictures called `names`."""
    if isinstance(part, list):
        made: list[Any] = []
        for item in part:
            image = isinstance(item, dict) and item.get("t") == "Image" and item["c"][2][0] in names
            made += unseen(plain(item["c"][1]), language) if image else [without(item, names, language)]
        return made
    if not isinstance(part, dict) or "c" not in part:
        return part
    if part["t"] == "Figure" and part["c"][2][0]["c"][0]["c"][2][0] in names:
        caption = [inline for block in part["c"][1][1] for inline in block["c"]]
        return absent(caption or part["c"][2][0]["c"][0]["c"][1], "", language)
    return part | {"c": without(part["c"], names, language)}


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


def _image(name: str, alt: str) -> Node:
    return {"t": "Image", "c": [NO_ATTRIBUTES, text_nodes(alt), [name, ""]]}


def _file_name(written: str) -> str:
    return written.rsplit("/", 1)[-1][:80]


def _only_image(inlines: list[Node]) -> Node | None:
    visible = [node for node in inlines if node["t"] not in {"Space", "SoftBreak"}]
    return visible[0] if len(visible) == 1 and visible[0]["t"] == "Image" else None


def _plain_block(inlines: list[Node]) -> list[Node]:
    return [{"t": "Plain", "c": inlines}] if inlines else []


def _linked(text: str) -> Iterator[Node]:
    """Yield a word, the addresses in it as links."""
    done = 0
    for start, address in bare(text):
        if start > done:
            yield {"t": "Str", "c": text[done:start]}
        yield link(address, address)
        done = start + len(address)
    if done < len(text):
        yield {"t": "Str", "c": text[done:]}
