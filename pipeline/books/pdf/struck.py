"""Struck and underlined text -> the same with one line at most for each word, which is all that PDF/UA allows."""

from __future__ import annotations

from typing import Any

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, all_nodes


def with_one_line(node: Node) -> Node:
    """Return a node for struck or underlined text: what is struck out, here or inside, has no line below it."""
    if node["t"] == "Strikeout":
        return node | {"c": _without_underlines(node["c"])}
    struck = any(one["t"] == "Strikeout" for one in all_nodes(node["c"]))
    return {"t": "Span", "c": [NO_ATTRIBUTES, node["c"]]} if struck else node


def _without_underlines(part: Any) -> Any:  # noqa: ANN401 - any part of an AST
    if isinstance(part, list):
        return [_without_underlines(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = part | {"c": _without_underlines(part["c"])} if "c" in part else part
    return {"t": "Span", "c": [NO_ATTRIBUTES, made["c"]]} if made.get("t") == "Underline" else made
