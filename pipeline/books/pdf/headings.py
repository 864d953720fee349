"""Headings -> nodes for pandoc's Typst writer: notes outside the outline, phrases that do not break."""

from __future__ import annotations

from pipeline.books.pandoc_ast import Node, all_nodes, text_nodes
from pipeline.books.pdf.typst_values import typst_inline

MOST_PHRASE = 12  # characters of a phrase of a heading that does not break; templates/book.typ, `phrased`


def heading_with_hidden_notes(level: int, name: str, inlines: list[Node]) -> Node:
    """Return a heading. A note in it is in a `context`, so that it is not in the outline of the PDF."""
    made: list[Node] = []
    for inline in inlines:
        hidden = any(node["t"] == "Note" for node in all_nodes(inline))
        made += [typst_inline("#context ["), inline, typst_inline("];")] if hidden else [inline]
    return {"t": "Header", "c": [level, [name, [], []], made]}


def boxed_phrases(phrases: list[str]) -> list[Node]:
    """Return the phrases of a heading in boxes, which do not break; a phrase longer than most lines may."""
    made: list[Node] = []
    for words in phrases:
        if len(words) > MOST_PHRASE:
            made += text_nodes(words)
            continue
        made += [typst_inline("#box["), *text_nodes(words.strip(" ")), typst_inline("];")]
        made += [{"t": "Space"}] * words.endswith(" ")
    return made
