"""Headings of posts: which of them show words, and which show nothing."""

from __future__ import annotations

import unicodedata
from typing import Any

from pipeline.books.pandoc_ast import Node, all_nodes, ast_plain_text


def is_empty_heading(part: Any) -> bool:  # noqa: ANN401 - any part of an AST
    """Return whether a part of an AST is a heading that shows nothing: no words, no image, no footnote."""
    if not isinstance(part, dict) or part.get("t") != "Header" or has_words(part["c"][2]):
        return False
    return not any(node["t"] in {"Image", "Note"} for node in all_nodes(part["c"][2]))


def has_words(inlines: list[Node]) -> bool:
    """Return whether inline nodes have a visible character, also without the alternative texts of images.

    A heading without one has no place in the contents.
    """
    images = [node for node in all_nodes(inlines) if node["t"] == "Image"]
    return _visible_characters(ast_plain_text(inlines)) > sum(
        _visible_characters(ast_plain_text(one)) for one in images
    )


def _visible_characters(text: str) -> int:
    return sum(unicodedata.category(char)[0] not in "CZ" for char in text)
