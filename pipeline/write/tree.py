"""Markdown -> a vetted pandoc tree: nothing in it can reach a file, an address or a script.

The tree is pandoc's JSON (pandoc-types 1.23): a node is {"t": type, "c": content}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from pipeline.document import Unfit
from pipeline.pandoc import DIALECT, pandoc
from pipeline.steps.figures import CAPTION
from pipeline.steps.links import BARE
from pipeline.write.images import ELSEWHERE, data_address

Node = dict[str, Any]

NO_ATTRIBUTES: list[Any] = ["", [], []]
DEEPEST = 24  # nodes in nodes; Typst gives up between 28 and 34 quotations in one another
LONGEST = 200  # characters of a missing image's address that are worth showing
LONGEST_ADDRESS = 2_000  # characters of an address that still is a link; Typst refuses longer than 8,000
SCHEMES = {"http", "https", "mailto"}
MISSING = {
    "zh-Hant": "圖片缺失",
    "zh": "图片缺失",
    "ja": "画像がありません",
    "ko": "이미지 없음",
    "ru": "Изображение отсутствует",
    "de": "Bild fehlt",
    "fr": "Image manquante",
    "es": "Falta la imagen",
    "pt": "Imagem ausente",
}
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: what its relative addresses and image files are resolved against, and its language."""

    root: Path
    folder: Path
    source_url: str
    language: str


def read_tree(markdown: str, place: Place) -> list[Node]:
    """Return the blocks of `markdown`, vetted. Raises Unfit where pandoc gives up on it or it is nested too deeply."""
    text = _NOT_XML.sub("\ufffd", markdown)
    read = pandoc("-f", DIALECT, "-t", "json", data=text.encode())
    try:
        vetted = _Vetter(place).blocks(msgspec.json.decode(read)["blocks"])
        if _depth(vetted) <= DEEPEST:
            return vetted
    except RecursionError:
        pass
    message = f"is nested more than {DEEPEST} deep, more than a book can show; split it, or run with --no-editions"
    raise Unfit(message)


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


def plain(node: Any) -> str:  # noqa: ANN401 - any part of a tree
    """Return the text of a tree's part."""
    if isinstance(node, list):
        return "".join(map(plain, node))
    if not isinstance(node, dict) or node["t"] == "Note":
        return ""
    if node["t"] in {"Space", "SoftBreak", "LineBreak"}:
        return " "
    if node["t"] in {"Str", "Code", "CodeBlock", "Math"}:
        return str(node["c"] if node["t"] == "Str" else node["c"][1])
    return plain([part for part in node.get("c", []) if not isinstance(part, str)])


def text_nodes(text: str) -> list[Node]:
    """Return a plain text as inline nodes."""
    words = (({"t": "Str", "c": word} if word else None, {"t": "Space"}) for word in text.split(" "))
    return [node for pair in words for node in pair if node][:-1]


def link(text: str, address: str) -> Node:
    """Return a link; where the address is unsafe or no address, its text."""
    word = {"t": "Str", "c": text}
    safe = safe_address(address)
    return {"t": "Link", "c": [NO_ATTRIBUTES, [word], [safe, ""]]} if safe else word


def retarget(part: Any, target: Callable[[str], str]) -> Any:  # noqa: ANN401 - any part of a tree
    """Return a tree's part, every link leading to `target` of its address; where that is empty, its text instead."""
    if isinstance(part, dict):
        return part | {"c": retarget(part["c"], target)} if "c" in part else part
    if not isinstance(part, list):
        return part
    made: list[Any] = []
    for item in part:
        if isinstance(item, dict) and item.get("t") == "Link":
            attributes, inner, (address, title) = item["c"]
            leads = target(address)
            made += [{"t": "Link", "c": [attributes, inner, [leads, title]]}] if leads else inner
        else:
            made.append(retarget(item, target))
    return made


def safe_address(written: str, base: str = "") -> str:
    """Return an address made absolute and safe to follow; empty if it is not http, https or mailto, or endless."""
    try:
        absolute = urljoin(base, written.strip())
        parts = urlsplit(absolute)
        host = parts.hostname if parts.port != 0 else ""
    except ValueError:
        return ""
    if (
        len(absolute) > LONGEST_ADDRESS
        or parts.scheme not in SCHEMES
        or not (parts.scheme == "mailto" or (host and re.fullmatch(r"[^\[\]]+|[0-9a-f:.]+", host)))
    ):
        return ""
    return re.sub(r"[\s<>\"{}|\\^`\x00-\x20]", lambda match: quote(match[0]), absolute)


def div(name: str, blocks: list[Node]) -> Node:
    """Return a block of the class `name`."""
    return {"t": "Div", "c": [["", [name], []], blocks]}


class _Vetter:
    def __init__(self, place: Place) -> None:
        self.place = place

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
        said = text_nodes(f"[{self.missing()}: {written}]" if len(written) <= LONGEST else f"[{self.missing()}]")
        return div(
            "missing-image",
            [{"t": "Para", "c": caption}] * bool(caption) + [div("address", [{"t": "Para", "c": said}])],
        )

    def inline_image(self, node: Node) -> Iterator[Node]:
        """Yield an image among words: the image, or what it would have shown."""
        _, alt, (written, _) = node["c"]
        if data := self.image(written):
            yield {
                "t": "Image",
                "c": [NO_ATTRIBUTES, text_nodes(plain(alt) or written.rsplit("/", 1)[-1][:80]), [data, ""]],
            }
        else:
            yield from text_nodes(f"[{plain(alt) or self.missing()}]")

    def image(self, written: str) -> str:
        """Return the image file at `written` as a data: address, if it lies in the archive and is an image."""
        if ELSEWHERE.match(written):
            return ""
        return data_address(self.place.root, self.place.folder / unquote(written))

    def missing(self) -> str:
        """Return how the document's language says that an image is missing."""
        language = self.place.language
        return MISSING.get(language) or MISSING.get(language.split("-")[0]) or "Image missing"


BLOCKS = {
    "Plain", "Para", "LineBlock", "CodeBlock", "RawBlock", "BlockQuote", "OrderedList", "BulletList", "DefinitionList",
    "HorizontalRule", "Header", "Table", "Figure", "Div",
}  # fmt: skip


def _only_image(inlines: list[Node]) -> Node | None:
    visible = [node for node in inlines if node["t"] not in {"Space", "SoftBreak"}]
    return visible[0] if len(visible) == 1 and visible[0]["t"] == "Image" else None


def _plain_block(inlines: list[Node]) -> list[Node]:
    return [{"t": "Plain", "c": inlines}] if inlines else []


def _linked(text: str) -> Iterator[Node]:
    """Yield a word, the addresses in it as links."""
    done = 0
    for match in BARE.finditer(text):
        if match.start() > done:
            yield {"t": "Str", "c": text[done : match.start()]}
        yield link(match[0], match[0])
        done = match.end()
    if done < len(text):
        yield {"t": "Str", "c": text[done:]}
