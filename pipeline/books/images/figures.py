"""Image, caption and alternative text -> AST nodes: a figure, an inline image, or a line for missing images."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.books.pandoc_ast import (
    NO_ATTRIBUTES,
    Node,
    ast_plain_text,
    is_node,
    left_to_right,
    para,
    safe_url,
    text_nodes,
)
from pipeline.books.phrases import phrase

MOST_FILE_NAME = 80  # characters of a missing file's name that are shown
# An alternative text that says nothing: a file name, or what editors write for any image.
_NO_WORDS = re.compile(
    r"\s*+(?:image|img|photo|picture|figure|untitled|screenshot|图片|圖片|图|插图|在这里插入图片描述|画像|이미지|bild|imagen|изображение)?"
    r"[\s_\-\d]*|[^\s]+\.(?:png|jpe?g|gif|webp|svg|avif|bmp|tiff?|heic)",
    re.IGNORECASE,
)


class MissingImage(NamedTuple):
    """An image that is not in the archive: its caption, and its target as written; "" if unknown."""

    caption: list[Node]
    written: str


def figure_node(image: Node, caption: list[Node]) -> Node:
    """Return a figure of an image or a linked image, with its caption."""
    blocks = [{"t": "Plain", "c": caption}] if caption else []
    return {"t": "Figure", "c": [NO_ATTRIBUTES, [None, blocks], [{"t": "Plain", "c": [image]}]]}


def image_node(name: str, alt: str, style: str = "") -> Node:
    """Return an inline image of the file `name`, with its alternative text and its size as CSS."""
    attributes = ["", [], [["style", style]]] if style else NO_ATTRIBUTES
    return {"t": "Image", "c": [attributes, text_nodes(alt), [name, ""]]}


def image_in(node: Node) -> Node:
    """Return the image in a figure or in a link around it."""
    while node["t"] != "Image":
        node = node["c"][2][0]["c"][0] if node["t"] == "Figure" else node["c"][1][0]
    return node


def only_image(inlines: list[Node]) -> Node | None:
    """Return the image of a paragraph that shows nothing else, or the link around it."""
    visible = [node for node in inlines if node["t"] not in {"Space", "SoftBreak"} and not _is_empty_span(node)]
    if len(visible) != 1 or visible[0]["t"] not in {"Image", "Link"}:
        return None
    found: Node = visible[0]
    return found if found["t"] == "Image" or [node["t"] for node in found["c"][1]] == ["Image"] else None


def images_of_paragraph(block: Node) -> list[Node]:
    """Return the images of a paragraph that shows nothing else, such as badges, each or the link around it."""
    inlines = block["c"] if block["t"] == "Para" else []
    visible = [node for node in inlines if node["t"] not in {"Space", "SoftBreak", "LineBreak"}]
    found = [only_image([node]) for node in visible]
    return [image for image in found if image] if all(found) else []


def image_of_block(block: Node) -> Node | None:
    """Return the image of a figure, or of a paragraph that shows nothing else, or the link around it."""
    figure = block["t"] == "Figure"
    return only_image(block["c"][2][0]["c"] if figure else block["c"]) if figure or block["t"] == "Para" else None


def _is_empty_span(node: Node) -> bool:
    return node["t"] == "Span" and not node["c"][1]


def size_style(attributes: dict[str, str]) -> str:
    """Return the size in the attributes of an `<img>` as CSS; "" if it has none.

    >>> size_style({"width": "50%"}), size_style({"width": "100", "height": "20"}), size_style({"height": "20"})
    ('width:50%', 'width:100px', 'height:20px;width:auto')
    """
    declared = dict(re.findall(r"(?:^|;)\s*(width|height)\s*:\s*([^;]+)", attributes.get("style", "")))
    for name, style in (("width", "width:{}"), ("height", "height:{};width:auto")):
        match = re.fullmatch(r"\s*(\d{1,5})(?:\.\d+)?(%|px)?\s*", declared.get(name) or attributes.get(name, ""))
        if match and int(match[1]) and not (match[2] == "%" and name == "height"):
            return style.format(f"{min(int(match[1]), 100)}%" if match[2] == "%" else f"{match[1]}px")
    return ""


def file_name_in_url(url: str) -> str:
    """Return the file name in an image's target: the alternative text of an image that has none.

    >>> file_name_in_url("img/a.png?raw=true"), file_name_in_url("data:image/png;base64,AAAA")
    ('a.png', '')
    """
    path = "" if url[:5].lower() == "data:" else re.split(r"[?#]", url)[0].strip("[]")
    return path.rsplit("/", 1)[-1][:MOST_FILE_NAME]


def is_caption(alt: str) -> bool:
    """Return whether an alternative text says something that a reader of the page wants to know.

    >>> is_caption("A red boat"), is_caption("image-3"), is_caption("IMG_20210309.jpg")
    (True, False, False)
    """
    return _NO_WORDS.fullmatch(alt) is None


def missing_images_block(missing: list[MissingImage], language: str) -> Node:
    """Return the block in place of consecutive missing images: their captions, and one line with their hosts.

    >>> one = missing_images_block([MissingImage([], "https://e.org/a.png"), MissingImage([], "b.png")], "en")
    >>> ast_plain_text(one)
    'Image missing (2) · e.org, b.png'
    """
    places: dict[str, Node] = {}
    for one in missing:
        for name, url in [_place_of_image(one.written)] if one.written else []:
            shown = {"t": "Link", "c": [NO_ATTRIBUTES, [{"t": "Str", "c": name}], [url, ""]]} if url else None
            places.setdefault(name, shown or left_to_right(name))
    count = f" ({len(missing)})" if len(missing) > 1 else ""
    notice = text_nodes(f"{phrase('image-missing', language)}{count}")
    for at, node in enumerate(places.values()):
        notice += [*text_nodes(", " if at else " · "), node]
    lines = [para(*one.caption) for one in missing if one.caption]
    address = {"t": "Div", "c": [["", ["address"], []], [para(*notice)]]}
    counted = [["count", str(len(missing))]] if len(missing) > 1 else []
    return {"t": "Div", "c": [["", ["missing-image"], counted], [*lines, address]]}


def missing_image_count(blocks: Node) -> int:
    """Return how many images a block of the class `missing-image` is in place of."""
    return int(dict(blocks["c"][0][2]).get("count", "1"))


def _place_of_image(written: str) -> tuple[str, str]:
    """Return the host and the URL of a remote image; the file name of any other, and ""."""
    url = safe_url(written)
    host = urlsplit(url).hostname if url else ""
    return (host, url) if host else (file_name_in_url(written) or "data:", "")


def missing_image_text(alt: str, language: str) -> list[Node]:
    """Return the text in place of a missing inline image.

    >>> ast_plain_text(missing_image_text("A map", "en")), ast_plain_text(missing_image_text("", "en"))
    ('[A map]', '[Image missing]')
    """
    return text_nodes(f"[{alt or phrase('image-missing', language)}]")


def without_images(part: Any, names: set[str], language: str) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST in which the images called `names` are missing: lines for figures, text for others."""
    if isinstance(part, list):
        made: list[Any] = []
        for item in part:
            image = is_node(item, "Image") and item["c"][2][0] in names
            made += (
                missing_image_text(ast_plain_text(item["c"][1]), language)
                if image
                else [without_images(item, names, language)]
            )
        return made
    if not isinstance(part, dict) or "c" not in part:
        return part
    if part["t"] == "Figure" and image_in(part)["c"][2][0] in names:
        caption = [inline for block in part["c"][1][1] for inline in block["c"]]
        return missing_images_block([MissingImage(caption or image_in(part)["c"][1], "")], language)
    return part | {"c": without_images(part["c"], names, language)}
