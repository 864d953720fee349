"""Struck and underlined text -> the same with one line at most for each word, which is all that PDF/UA allows."""

from __future__ import annotations

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, all_nodes, is_node, with_changed_nodes


def with_one_line(node: Node) -> Node:
    """Return a node for struck or underlined text: what is struck out, here or inside, has no line below it."""
    if node["t"] == "Strikeout":
        return node | {"c": with_changed_nodes(node["c"], _without_underline)}
    struck = any(one["t"] == "Strikeout" for one in all_nodes(node["c"]))
    return {"t": "Span", "c": [NO_ATTRIBUTES, node["c"]]} if struck else node


def _without_underline(node: Node) -> Node:
    return {"t": "Span", "c": [NO_ATTRIBUTES, node["c"]]} if is_node(node, "Underline") else node
