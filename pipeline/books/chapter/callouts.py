"""Quotations that begin with `[!NOTE]` (GitHub, Obsidian) -> call-outs: a division with a title.

Items of ordered lists that begin with `[ ]` or `[x]` get a box, as pandoc gives those of bullet lists.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

from pipeline.books.pandoc_ast import Node, div, para, text_nodes, with_changed_nodes
from pipeline.books.phrases import phrase

_KIND = re.compile(r"\[!([\w-]{1,30})\][+-]?")  # with Obsidian's mark of a folded one
_TRANSLATED_KINDS = ("note", "tip", "important", "warning", "caution")  # those of GitHub


def with_callouts(part: Any, language: str) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST in which quotations that begin with the kind of a call-out are call-outs.

    `language` (BCP 47) is that of titles that the post leaves out.
    """
    return with_changed_nodes(part, lambda node: _with_callout(node, language))


def _with_callout(node: Node, language: str) -> Node:
    """Return a quotation as a call-out if it is one, an ordered list with its boxes, or else the same node."""
    inner = node.get("c")
    if node["t"] == "OrderedList":
        return node | {"c": [node["c"][0], [*map(_with_task_box, node["c"][1])]]}
    if node["t"] == "BlockQuote" and inner and inner[0]["t"] in {"Para", "Plain"} and inner[0]["c"]:
        first, *rest = inner[0]["c"]
        kind = _KIND.fullmatch(first["c"]) if first["t"] == "Str" else None
        if kind:
            return _callout(kind[1], rest, inner[1:], language)
    return node


def _with_task_box(item: list[Node]) -> list[Node]:
    """Return an item of an ordered list with a box in place of `[ ]` or `[x]`."""
    if not item or item[0]["t"] not in {"Plain", "Para"}:
        return item
    start = "".join(
        node["c"] if node["t"] == "Str" else " " if node["t"] == "Space" else "\n" for node in item[0]["c"][:4]
    )
    found = re.match(r"\[([ xX])\] ", start)
    if not found:
        return item
    box = {"t": "Str", "c": "\N{BALLOT BOX}" if found[1] == " " else "\N{BALLOT BOX WITH X}"}
    written = 3 if found[1] == " " else 1  # nodes of the brackets
    return [item[0] | {"c": [box, *item[0]["c"][written:]]}, *item[1:]]


def _callout(kind: str, inlines: list[Node], following: list[Node], language: str) -> Node:
    """Return a call-out: its title, which is the rest of the first line or else its kind, and its contents."""
    title = [*takewhile(lambda node: node["t"] not in {"SoftBreak", "LineBreak"}, inlines)]
    text = inlines[len(title) + 1 :]
    title = title[1:] if title and title[0]["t"] == "Space" else title
    return div(
        "callout",
        [
            div("callout-title", [para(*(title or text_nodes(_kind_in_words(kind, language))))]),
            *([para(*text)] if text else []),
            *following,
        ],
    )


def _kind_in_words(kind: str, language: str) -> str:
    """Return the kind of a call-out for a reader.

    >>> _kind_in_words("NOTE", "en"), _kind_in_words("see-also", "en")
    ('Note', 'See also')
    """
    name = kind.lower()
    return (
        phrase(name, language) if name in _TRANSLATED_KINDS else name.replace("-", " ").replace("_", " ").capitalize()
    )
