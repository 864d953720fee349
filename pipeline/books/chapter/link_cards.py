"""Blocks of a post -> the same with link cards and with attributions of quotations.

A link card is a paragraph of a link alone on its line, and a line or two about what it leads to. Blogs have such cards
for other posts. The host of the link is their last line.
"""

from __future__ import annotations

import re

from pipeline.books.pandoc_ast import Node, all_nodes, ast_plain_text, div, para
from pipeline.urls.canonical import host_of

MOST_CARD_TEXT = 300  # characters below the title of a link card; more is a paragraph
MOST_ATTRIBUTION = 100  # characters of the line that names the author of a quotation
_DASH = re.compile(r"(?:[\N{EM DASH}\N{EN DASH}\N{HORIZONTAL BAR}]|--)\s*\S")  # and what follows it
_LINE_ENDS = {"LineBreak", "SoftBreak"}


def with_link_cards(blocks: list[Node]) -> list[Node]:
    """Return the blocks of a post with link cards and attributions as divisions of these classes."""
    return [_with_attribution(block) if block["t"] == "BlockQuote" else _link_card(block) or block for block in blocks]


def _link_card(block: Node) -> Node | None:
    """Return a paragraph as a link card; None if it is none."""
    if block["t"] != "Para" or [node["t"] for node in block["c"][:2]] != ["Link", "LineBreak"]:
        return None
    link, _, *rest = block["c"]
    host = host_of(link["c"][2][0]).removeprefix("www.")
    other = any(node["t"] in {"Link", "Image", "Note"} for node in all_nodes([link["c"][1], rest]))
    text = ast_plain_text(rest).strip()
    if not host or other or not text or len(text) > MOST_CARD_TEXT:
        return None
    title = {"t": "Span", "c": [["", ["card-title"], []], [link]]}
    place: list[Node] = [{"t": "LineBreak"}, {"t": "Span", "c": [["", ["address"], []], [{"t": "Str", "c": host}]]}]
    return div("link-card", [para(title), para(*rest, *([] if host in text else place))])


def _with_attribution(quote: Node) -> Node:
    """Return a quotation whose last line begins with a dash, with that line as a separate division."""
    *before, last = quote["c"] or [{"t": "Null"}]
    if last["t"] != "Para":
        return quote
    starts = [0, *(at + 1 for at, node in enumerate(last["c"]) if node["t"] in _LINE_ENDS)]
    text, line = last["c"][: starts[-1]][:-1], last["c"][starts[-1] :]
    words = ast_plain_text(line)
    if not _DASH.match(words) or not (before or text) or len(words) > MOST_ATTRIBUTION or words.rstrip()[-1:] in ".,;":
        return quote
    if any(node["t"] in {"Image", "Note"} for node in all_nodes(line)) or _DASH.match(ast_plain_text(quote)):
        return quote  # with a dash at its start, a quotation is a dialogue
    return quote | {"c": [*before, *([para(*text)] if text else []), div("attribution", [para(*line)])]}
