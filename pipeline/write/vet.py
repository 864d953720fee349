"""Markdown -> a vetted pandoc tree: nothing in it can reach a file, an address or a script."""

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
from pipeline.write.bounds import narrowed, pieces, unjoined
from pipeline.write.images import ELSEWHERE, USUAL, Pictures, data_address
from pipeline.write.maths import MATHS, all_maths, may_hold_maths, unlabelled
from pipeline.write.phrases import phrase
from pipeline.write.tree import NO_ATTRIBUTES, Node, div, left_to_right, link, para, plain, safe_address, text_nodes

DEEPEST = 24  # nodes in nodes; Typst gives up between 28 and 34 quotations in one another
LONGEST = 200  # characters of a missing image's address that are worth showing
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: what its relative addresses and image files are resolved against, and its language."""

    root: Path
    folder: Path
    source_url: str
    language: str
    pictures: Pictures = USUAL


def read_trees(texts: Sequence[tuple[str, Place]]) -> list[list[Node] | Unfit]:
    """Return the blocks of each text of Markdown, vetted; Unfit where pandoc gives up or it is nested too deep."""
    maths = [may_hold_maths(text) for text, _ in texts]
    vetted = _vetted(texts, [DIALECT + MATHS * read_so for read_so in maths])
    plainly = [
        at for at, blocks in enumerate(vetted) if maths[at] and isinstance(blocks, list) and not all_maths(blocks)
    ]
    again = _vetted([texts[at] for at in plainly], [DIALECT] * len(plainly))
    for at, blocks in zip(plainly, again, strict=True):
        vetted[at] = blocks
    return vetted


def _vetted(texts: Sequence[tuple[str, Place]], dialects: Sequence[str]) -> list[list[Node] | Unfit]:
    sources = [unjoined(_NOT_XML.sub("\ufffd", text)).encode() for text, _ in texts]
    told = read([Conversion(text, dialect, "json") for text, dialect in zip(sources, dialects, strict=True)])
    return [
        made if isinstance(made, Unfit) else _blocks(made, place) for made, (_, place) in zip(told, texts, strict=True)
    ]


def _blocks(made: bytes, place: Place) -> list[Node] | Unfit:
    try:
        vetted = _Vetter(place).blocks(msgspec.json.decode(made)["blocks"])
        if _depth(vetted) <= DEEPEST:
            return vetted
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

    def blocks(self, nodes: list[Node]) -> list[Node]:
        """Return blocks, images alone in a paragraph as figures with the caption that follows them."""
        nodes = list(narrowed(nodes))
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
            elif node["t"] != "RawBlock":
                vetted.append(self.node(node))
        return vetted

    def inlines(self, nodes: list[Node]) -> list[Node]:
        """Return inline nodes without raw HTML, with safe links, images and bare addresses."""
        return [vetted for node in nodes for vetted in self.inline(node)]

    def inline(self, node: Node) -> Iterator[Node]:
        """Yield what one inline node becomes."""
        if node["t"] == "RawInline":
            if re.match(r"<br\b", node["c"][1], re.IGNORECASE):
                yield {"t": "LineBreak"}
        elif node["t"] == "Str":
            yield from _linked(node["c"])
        elif node["t"] == "Link":
            inner = [part for part in self.inlines(node["c"][1]) if part["t"] != "Link"] or text_nodes(node["c"][2][0])
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

    def figure(self, written: str, caption: list[Node]) -> Node:
        """Return an image with its caption, or a box that says which image is missing."""
        if data := self.image(written):
            alt = plain(caption) or written.rsplit("/", 1)[-1][:80]
            image = {"t": "Image", "c": [NO_ATTRIBUTES, text_nodes(alt), [data, ""]]}
            return {"t": "Figure", "c": [NO_ATTRIBUTES, [None, _plain_block(caption)], _plain_block([image])]}
        missing = phrase("image-missing", self.place.language)
        address = [*text_nodes(": "), left_to_right(written)] if len(written) <= LONGEST else []
        said = para(*text_nodes(f"[{missing}"), *address, *text_nodes("]"))
        return div("missing-image", [para(*caption)] * bool(caption) + [div("address", [said])])

    def inline_image(self, node: Node) -> Iterator[Node]:
        """Yield an image among words: the image, or what it would have shown."""
        _, alt, (written, _) = node["c"]
        if data := self.image(written):
            yield {
                "t": "Image",
                "c": [NO_ATTRIBUTES, text_nodes(plain(alt) or written.rsplit("/", 1)[-1][:80]), [data, ""]],
            }
        else:
            yield from text_nodes(f"[{plain(alt) or phrase('image-missing', self.place.language)}]")

    def image(self, written: str) -> str:
        """Return the image file at `written` as a data: address, if it lies in the archive and is an image."""
        if ELSEWHERE.match(written):
            return ""
        return data_address(self.place.root, self.place.folder / unquote(written), self.place.pictures)


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


def _plain_block(inlines: list[Node]) -> list[Node]:
    return [{"t": "Plain", "c": inlines}] if inlines else []


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
