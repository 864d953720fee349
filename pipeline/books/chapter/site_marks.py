"""Blocks of a post -> the same without what its site reads: lists of attributes, and places for a table of contents.

kramdown (Jekyll) has `{: .class}` on the line below or above a block, and replaces a list with `{:toc}` below it by the
contents: https://kramdown.gettalong.org/syntax.html#attribute-list-definitions. Other programs write `[TOC]`. A book
always has contents.
"""

from __future__ import annotations

import re

from pipeline.books.pandoc_ast import BLOCK_TYPES, Node, ast_plain_text, with_changed_lists

_ATTRIBUTES = re.compile(r"\{:(?![:/]|toc\b)[^{}]*\}")
_ENDS_WITH_CONTENTS = re.compile(r"\{:toc\b[^{}]*\}\Z")
_CONTENTS = re.compile(r"\[TOC\]|\[\[_?TOC_?\]\]|@\[TOC\]|\$\{toc\}|\{:toc\b[^{}]*\}", re.IGNORECASE)
_LINE_END_NODES = {"SoftBreak", "LineBreak"}


def without_site_marks(blocks: list[Node]) -> list[Node]:
    """Return blocks without lists of attributes and places for a table of contents.

    >>> from pipeline.books.pandoc_ast import para, text_nodes
    >>> note = para(*text_nodes("a note"), {"t": "SoftBreak"}, *text_nodes("{: .note}"))
    >>> without_site_marks([note, para(*text_nodes("[TOC]"))]) == [para(*text_nodes("a note"))]
    True
    """
    kept: list[Node] = with_changed_lists(blocks, _kept)
    return kept


def _kept(items: list[Node]) -> list[Node]:
    """Return a list of an AST; one of blocks without those that are only marks."""
    if not items or not all(isinstance(item, dict) and item.get("t") in BLOCK_TYPES for item in items):
        return items
    return [kept for item in items if (kept := _without_marks(item))]


def _without_marks(block: Node) -> Node | None:
    """Return a block without its lists of attributes; None if it is a mark itself."""
    if block["t"] in {"BulletList", "OrderedList"}:
        entries = block["c"][-1] if block["t"] == "OrderedList" else block["c"]
        return None if len(entries) == 1 and _ENDS_WITH_CONTENTS.search(ast_plain_text(entries[0])) else block
    if block["t"] not in {"Para", "Plain"}:
        return block
    if _CONTENTS.fullmatch(ast_plain_text(block["c"]).strip()):
        return None
    breaks = [at for at, node in enumerate(block["c"]) if node["t"] in _LINE_END_NODES]
    start, end = 0, len(block["c"])
    if breaks and _ATTRIBUTES.fullmatch(ast_plain_text(block["c"][: breaks[0]]).strip()):
        start = breaks.pop(0) + 1
    if _ATTRIBUTES.fullmatch(ast_plain_text(block["c"][breaks[-1] + 1 if breaks else start :]).strip()):
        end = breaks[-1] if breaks else start
    return block | {"c": block["c"][start:end]} if start < end else None
