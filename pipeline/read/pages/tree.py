"""Text of a web page -> tree of elements (lxml), and functions that read elements.

The text is decoded already: what the page declares about its encoding has no effect here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from lxml import etree
from lxml import html as lxml_html

from pipeline.document import SkipDocument

PageElement: TypeAlias = Any  # of lxml, which has no types

MOST_ELEMENTS = 500_000  # of one page; the largest of the measured pages has 20,000
MOST_ATTRIBUTES = 200  # of one element; one with more loses all
DEEPEST_ELEMENT = 400  # levels; the deepest of 1,351 measured pages has 51
NEVER_SHOWN = frozenset((
    "script", "style", "template", "head", "title", "meta", "link", "base", "noembed", "noframes", "datalist", "rp",
    "source", "track", "param", "area", "col", "colgroup", "button", "select", "textarea", "input", "dialog", "svg",
    "canvas", "object", "embed", "applet",
))  # fmt: skip
BLOCK_NAMES = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html",
    "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "ul", "caption", "iframe", "video", "audio", "search", "legend",
))  # fmt: skip
_NOT_DISPLAYED = re.compile(r"(?:\A|;)\s*display\s*:\s*none", re.IGNORECASE)
_INVALID_IN_XML = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")  # control characters
_NON_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())  # invalid in XML too
XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_with_many_attributes = etree.XPath(f"//*[@*[{MOST_ATTRIBUTES + 1}]]")
_ELEMENT_CLASSES = etree.ElementDefaultClassLookup(element=lxml_html.HtmlElement)  # lxml.html looks them up in Python


class LargePage(SkipDocument):
    """A page has more elements than the limits; the message says what."""


def page_tree(text: str) -> PageElement:
    """Return the root element of a page, `<p>a` as `html > body > p`, parsed as leniently as libxml2 can.

    Raises LargePage if the page has more elements than MOST_ELEMENTS, or levels of them than DEEPEST_ELEMENT.
    """
    if text.count("<") > 2 * MOST_ELEMENTS:
        message = f"has more than {MOST_ELEMENTS:,} elements"
        raise LargePage(message)
    data = XML_DECLARATION.sub("", text).encode("utf-8", "ignore").translate(None, _INVALID_IN_XML)
    data = data.replace(_NON_CHARACTERS[0], b"").replace(_NON_CHARACTERS[1], b"")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True, remove_comments=True)
    parser.set_element_class_lookup(_ELEMENT_CLASSES)
    try:
        root = lxml_html.document_fromstring(data or b"<p></p>", parser=parser, ensure_head_body=True)
    except etree.ParserError:
        root = lxml_html.document_fromstring(b"<html><body></body></html>", parser=parser)
    stopped = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    if stopped or root.xpath(f"boolean({'/*' * DEEPEST_ELEMENT})"):
        message = f"has elements inside more than {DEEPEST_ELEMENT:,} others"
        raise LargePage(message)
    for element in list(root.iter("source", "track", "wbr")):
        _put_content_behind(element)
    for element in _with_many_attributes(root):
        element.attrib.clear()
    return root


def _put_content_behind(element: PageElement) -> None:
    """Put what libxml2 reads as the content of an empty element behind it: `<source><img></source>`."""
    parent, inside = element.getparent(), list(element)
    if parent is None or not (inside or element.text):
        return
    tail, element.tail, element.text = element.tail or "", element.text, None
    for at, child in enumerate(inside, parent.index(element) + 1):
        parent.insert(at, child)
    last = inside[-1] if inside else element
    last.tail = (last.tail or "") + tail


def is_element(node: PageElement) -> bool:
    """Return whether a node is an element, and no comment or entity."""
    return isinstance(node.tag, str)


def attribute(element: PageElement, name: str) -> str:
    """Return the value of an attribute without spaces around it; "" if there is none."""
    return str(element.get(name) or "").strip()


def words_of_class(element: PageElement) -> str:
    """Return the class and the id of an element in lower case, for patterns."""
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


def has_class(element: PageElement, *names: str) -> bool:
    """Return whether an element has one of the classes."""
    written = element.get("class")
    return bool(written) and not set(names).isdisjoint(written.split())


def never_shown(element: PageElement) -> bool:
    """Return whether a browser shows nothing of an element."""
    if not is_element(element) or element.tag in NEVER_SHOWN or element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style and _NOT_DISPLAYED.search(style))


def shown_text(element: PageElement) -> str:
    """Return the text in an element, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def drop(element: PageElement) -> None:
    """Remove an element and its content; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def elements(root: PageElement, *names: str) -> Iterator[PageElement]:
    """Yield the elements below `root` with these names, in the order of the page; the tree may change meanwhile."""
    yield from list(root.iter(*names))


def with_blocks_inside(root: PageElement) -> set[PageElement]:
    """Return the elements that have a block element somewhere inside: they are blocks too, whatever their name."""
    marked: set[PageElement] = set()
    for element in root.iter(*BLOCK_NAMES):
        for above in element.iterancestors():
            if above in marked:
                break
            marked.add(above)
    return marked


def first_href(nodes: Iterable[PageElement]) -> str:
    """Return the first attribute `href` that is not empty; "" if there is none."""
    return next((value for node in nodes if (value := attribute(node, "href"))), "")
