"""HTML element with an identifier -> an anchor: an empty span that links within the book can lead to."""

from __future__ import annotations

import re

from pipeline.books.html.dom import Element, attributes_of
from pipeline.books.pandoc_ast import Node

ANCHOR = "anchor"  # the class of the spans


def anchors_of(element: Element) -> list[Node]:
    """Return the anchor of an element, `<a id="x">` or `<a name="x">`; none if it has no identifier."""
    given = attributes_of(element)
    name = given.get("id") or (given.get("name", "") if element.name == "a" else "")
    written = re.sub(r"[\s#]", "", name)
    return [{"t": "Span", "c": [[written, [ANCHOR], []], []]}] if written else []


def is_anchor(node: Node) -> bool:
    """Return whether an AST node is an anchor."""
    return bool(node["t"] == "Span" and node["c"][0][1] == [ANCHOR])


def with_anchors(blocks: list[Node], anchors: list[Node]) -> list[Node]:
    """Return blocks with anchors at the start of their first paragraph, or before them."""
    if not anchors:
        return blocks
    if blocks and blocks[0]["t"] in {"Para", "Plain"}:
        return [{"t": blocks[0]["t"], "c": [*anchors, *blocks[0]["c"]]}, *blocks[1:]]
    return [{"t": "Plain", "c": anchors}, *blocks]
