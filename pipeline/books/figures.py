"""Image, caption and alternative text -> AST nodes: a figure, an inline image, or a box for a missing image."""

from __future__ import annotations

from typing import Any

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, ast_plain_text, div, left_to_right, para, text_nodes
from pipeline.books.phrases import phrase

MOST_SHOWN_URL_CHARACTERS = 200  # characters; a longer URL of a missing image is not shown


def figure_node(name: str, caption: list[Node], alt: str) -> Node:
    """Return a figure of the image file `name`, with its caption and alternative text."""
    blocks = [{"t": "Plain", "c": caption}] if caption else []
    return {"t": "Figure", "c": [NO_ATTRIBUTES, [None, blocks], [{"t": "Plain", "c": [image_node(name, alt)]}]]}


def image_node(name: str, alt: str) -> Node:
    """Return an inline image of the file `name`, with its alternative text."""
    return {"t": "Image", "c": [NO_ATTRIBUTES, text_nodes(alt), [name, ""]]}


def file_name_in_url(url: str) -> str:
    """Return the file name in an image's URL: the alternative text of an image that has none.

    >>> file_name_in_url("img/a.png")
    'a.png'
    """
    return url.rsplit("/", 1)[-1][:80]


def missing_image_box(caption: list[Node], url: str, language: str) -> Node:
    """Return a box in place of a missing image, with its caption and its URL; `url` may be empty."""
    shown_url = [*text_nodes(": "), left_to_right(url)] if 0 < len(url) <= MOST_SHOWN_URL_CHARACTERS else []
    notice = para(*text_nodes(f"[{phrase('image-missing', language)}"), *shown_url, *text_nodes("]"))
    return div("missing-image", [para(*caption)] * bool(caption) + [div("address", [notice])])


def missing_image_text(alt: str, language: str) -> list[Node]:
    """Return the text in place of a missing inline image.

    >>> ast_plain_text(missing_image_text("A map", "en")), ast_plain_text(missing_image_text("", "en"))
    ('[A map]', '[Image missing]')
    """
    return text_nodes(f"[{alt or phrase('image-missing', language)}]")


def without_images(part: Any, names: set[str], language: str) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST in which the images called `names` are missing: boxes for figures, text for others."""
    if isinstance(part, list):
        made: list[Any] = []
        for item in part:
            image = isinstance(item, dict) and item.get("t") == "Image" and item["c"][2][0] in names
            made += (
                missing_image_text(ast_plain_text(item["c"][1]), language)
                if image
                else [without_images(item, names, language)]
            )
        return made
    if not isinstance(part, dict) or "c" not in part:
        return part
    if part["t"] == "Figure" and part["c"][2][0]["c"][0]["c"][2][0] in names:
        caption = [inline for block in part["c"][1][1] for inline in block["c"]]
        return missing_image_box(caption or part["c"][2][0]["c"][0]["c"][1], "", language)
    return part | {"c": without_images(part["c"], names, language)}
