"""Markdown, with its raw HTML -> what a browser shows of it, as data: the text of each block, code, links, elements.

Two texts with equal results show the same. Where a mark of emphasis begins does not count, only that it is there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pipeline.document import Document
from pipeline.markdown.changed_parts import changed_parts, text_of_parts
from pipeline.markdown.grouping import independent_groups
from pipeline.markdown.parsing import parser

_SAME_ELEMENTS = {"b": "strong", "i": "em", "s": "del", "strike": "del", "tt": "code"}
_LAYOUT_ONLY = frozenset(
    ("p", "div", "center", "font", "span", "thead", "tbody", "tfoot", "body", "html", "br", "colgroup", "col")
)
_BLOCKS = frozenset((
    "p", "div", "center", "li", "td", "th", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol",
    "table", "hr", "br", "caption", "section", "dl", "dt", "dd", "details", "summary", "figure", "figcaption",
))  # fmt: skip
_MEANT_ATTRIBUTES = ("href", "src", "alt", "title", "start", "align")


class ShownStructure(NamedTuple):
    """What a text shows: the words of each block, the content of each block of code, and its elements in order."""

    blocks: list[str]
    code: list[str]
    elements: list[tuple[str, ...]]


def shown_structure(text: str) -> ShownStructure:
    """Return what Markdown shows, raw HTML in it included.

    >>> shown_structure("a **b** c") == shown_structure("<p>a <b>b</b> c</p>") != shown_structure("a b c")
    True
    """
    from lxml import etree, html  # noqa: PLC0415 - few posts have HTML

    lenient = html.HTMLParser(encoding="utf-8", huge_tree=True)
    root = html.document_fromstring(f"<html><body>{parser().render(text)}</body></html>", parser=lenient)
    blocks: list[str] = []
    words: list[str] = []
    found = ShownStructure(blocks, [], [])

    def end() -> None:
        if shown := " ".join("".join(words).split()):
            blocks.append(shown)
        words.clear()

    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if not isinstance(element.tag, str):
            words.append(element.tail or "")
            continue
        if element.tag in _BLOCKS:
            end()
        if event == "start":
            _add_element(found, element)
            words.append(element.text or "")
        else:
            words.append(element.tail or "")
    end()
    return found


def shows_the_same(before: Document, after: Document) -> bool:
    """Return whether a browser shows the same of two documents: of the parts that differ, if they stand alone."""
    if independent_groups(before.text) and independent_groups(after.text):
        pairs = changed_parts(before.text, after.text)
        if all(shown_structure(text_of_parts(old)) == shown_structure(text_of_parts(new)) for old, new in pairs):
            return True
    return shown_structure(before.text) == shown_structure(after.text)


def _add_element(found: ShownStructure, element: Any) -> None:  # noqa: ANN401 - an element of lxml, which has no types
    if element.tag in _LAYOUT_ONLY:
        return
    if element.tag == "pre":
        found.code.append("\n".join(line.rstrip() for line in "".join(element.itertext()).strip("\n").split("\n")))
    if element.tag == "code" and element.getparent().tag == "pre":
        return
    name = _SAME_ELEMENTS.get(element.tag, element.tag)
    meant = (f"{key}={' '.join(value.split())}" for key in _MEANT_ATTRIBUTES if (value := _meant(element, key)))
    found.elements.append((name, *meant))


def _meant(element: Any, key: str) -> str:  # noqa: ANN401 - the same
    """Return the value of an attribute that is shown; an alignment only of cells below the head."""
    value = str(element.get(key) or "")
    if key == "align":
        style = str(element.get("style") or "").replace(" ", "").lower()
        value = value.lower() or style.rpartition("text-align:")[2].partition(";")[0]
        return value if element.tag == "td" and value != "left" else ""
    return "" if key == "start" and value == "1" else value
