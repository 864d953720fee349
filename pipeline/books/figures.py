"""Pictures in a tree: with a caption, among words, or a box that says which one is missing."""

from __future__ import annotations

from typing import Any

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, div, left_to_right, para, plain, text_nodes
from pipeline.books.phrases import phrase

LONGEST = 200  # characters of a missing image's address that are worth showing


def figure(name: str, caption: list[Node], alt: str) -> Node:
    """Return the picture called `name` with its caption; `alt` is its alternative text."""
    words = [{"t": "Plain", "c": caption}] if caption else []
    return {"t": "Figure", "c": [NO_ATTRIBUTES, [None, words], [{"t": "Plain", "c": [image(name, alt)]}]]}


def image(name: str, alt: str) -> Node:
    """Return the picture called `name`."""
    return {"t": "Image", "c": [NO_ATTRIBUTES, text_nodes(alt), [name, ""]]}


def file_name(written: str) -> str:
    """Return the name of the file at an address, which is what is known of a picture without words.

    >>> file_name("img/a.png")
    'a.png'
    """
    return written.rsplit("/", 1)[-1][:80]


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
