"""Inline nodes of a paragraph or heading -> the same with what Markdown has no node for: identifiers, bare URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.books.chapter.page_limits import string_nodes
from pipeline.books.pandoc_ast import Node, link_or_text
from pipeline.markdown import HEADING_IDENTIFIER
from pipeline.urls.bare_urls import find_bare_urls


def with_identifier(attributes: list[Any], inlines: list[Node]) -> tuple[list[Any], list[Node]]:
    """Return the attributes and inline nodes of a heading. `{#id}` at the end of its text becomes an attribute."""
    if [node["t"] for node in inlines[-2:]] != ["Space", "Str"]:
        return attributes, inlines
    identifier = re.fullmatch(HEADING_IDENTIFIER, inlines[-1]["c"])
    return ([identifier[1], [], []], inlines[:-2]) if identifier else (attributes, inlines)


def without_indent(inlines: list[Node]) -> list[Node]:
    """Return a paragraph's nodes without leading IDEOGRAPHIC SPACEs: the book's style indents it."""
    if not inlines or inlines[0]["t"] != "Str":
        return inlines
    first = inlines[0]["c"].lstrip("\N{IDEOGRAPHIC SPACE}")
    return [*([{"t": "Str", "c": first}] if first else []), *inlines[1:]]


def with_bare_urls_linked(text: str) -> Iterator[Node]:
    """Yield a word as nodes, with the bare URLs in it as links."""
    done = 0
    for start, url in find_bare_urls(text):
        if start > done:
            yield from string_nodes(text[done:start])
        yield link_or_text(url, url)
        done = start + len(url)
    if done < len(text):
        yield from string_nodes(text[done:])
