"""Separate raw HTML from code and from Markdown: indented tags inside an open element, and text below `<hr>`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change, repeated
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_BUT_HTML, SAME_WORDS, VISIBLE_STAYS
from pipeline.markdown import line_starts, parse_blocks

INDENTED_TAGS = "these tags are inside an open element; their indentation after a blank line would make them code"
RULE_ABOVE_TEXT = "Markdown below `<hr>`; without a blank line it would be raw HTML, with its marks to see"
_RULE_TAG = re.compile(r"[ ]{0,3}<hr\s*/?>[ \t]*\n(?=[ \t]*[^<\s])", re.IGNORECASE)  # a line of it, and text
_CONTAINERS = "table|thead|tbody|tfoot|tr|td|th|ul|ol|li|dl|dt|dd|div|center|figure|section|article|details|p|a|span"
_MAY_BE_INDENTED = re.compile(r"\n[ \t]*\n(?: {4}|\t)[ \t]*<[/\w]")
_CONTAINER_TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_CONTAINERS})\b[^<>]*>", re.IGNORECASE)
_PARENTS = {  # elements that are inside others only -> these
    **dict.fromkeys(("thead", "tbody", "tfoot", "tr", "td", "th"), ("table",)),
    **dict.fromkeys(("dt", "dd"), ("dl",)),
    "li": ("ul", "ol"),
}
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_PREFORMATTED = re.compile(r"<(?:pre|textarea)\b", re.IGNORECASE)


def indents(document: Document) -> Document:
    r"""Write indented tags at the start of their lines: `<table><tr>\n\n      <td>a</td>` -> `<td>a</td>`.

    Markdown right below `<hr>` gets a blank line above it.
    """
    if not _MAY_BE_INDENTED.search(document.text) and not _RULE_TAG.search(document.text):
        return document
    changes = repeated(document.text, _next_changes)
    return document.edited(changes) if changes else document


def _next_changes(text: str) -> Iterator[Change]:
    """Yield blank lines below rules, and the first indented code that belongs to the HTML before it.

    The text below that may be HTML then.
    """
    starts = line_starts(text)
    is_open: list[str] = []
    for token in parse_blocks(text if text.endswith("\n") else f"{text}\n").tokens:
        if token.level or not token.map:
            continue
        start, end = (starts[min(line, len(starts) - 1)] for line in token.map)
        if token.type == "code_block" and _belongs_to_html(token.content, is_open):
            before = text[start:end]
            yield Change("indents", (start, end), before, _INDENTATION.sub("", before), INDENTED_TAGS)
            return
        if token.type == "html_block" and (rule := _RULE_TAG.match(text, start, end)):
            yield Change("indents", (rule.end(), rule.end()), "", "\n", RULE_ABOVE_TEXT)
        is_open = _open_after(text[start:end], is_open) if token.type == "html_block" else is_open
        if token.type == "heading_open":
            is_open = []


def _belongs_to_html(content: str, is_open: list[str]) -> bool:
    """Return whether code is a part of the open elements: it begins with a cell or an item, or closes one of them."""
    first = _CONTAINER_TAG.match(content.lstrip())
    if not is_open or not content.lstrip().startswith("<") or _PREFORMATTED.search(content):
        return False
    parents = _PARENTS.get(first["name"].lower(), ()) if first and not first["end"] else ()
    begins_part = any(parent in is_open for parent in parents)
    return begins_part or len(_open_after(content, is_open)) < len(is_open)


def _open_after(html: str, is_open: list[str]) -> list[str]:
    """Return the names of the elements that are open after some HTML, outermost first."""
    names = [*is_open]
    for tag in _CONTAINER_TAG.finditer(html):
        name = tag["name"].lower()
        if not tag["end"]:
            names.append(name)
        elif name in names:
            del names[len(names) - 1 - names[::-1].index(name) :]
    return names


STEP = Step("indents", indents, (SAME_WORDS, VISIBLE_STAYS, OPAQUE_BUT_HTML), version=2)
