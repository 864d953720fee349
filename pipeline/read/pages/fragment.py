"""HTML inside a Markdown post -> Markdown, where Markdown has marks for all of it.

HTML stays where something would be lost: an element without marks in Markdown, an identifier, a class, a width.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from pipeline.markdown.shown_structure import shown_structure
from pipeline.read.pages.images import PagePictures
from pipeline.read.pages.links import PageLinks
from pipeline.read.pages.tree import LargePage, PageElement, is_element, page_tree
from pipeline.read.pages.writer import PageWriter

MOST_FRAGMENT = 100_000  # characters of one block of HTML; a longer one stays
_BLOCK_ELEMENTS = frozenset((
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr", "table", "thead", "tbody",
    "tfoot", "tr", "th", "td", "center", "div",
))  # fmt: skip
_INLINE_ELEMENTS = frozenset(
    (
        "b",
        "strong",
        "i",
        "em",
        "del",
        "s",
        "strike",
        "code",
        "a",
        "img",
        "br",
        "font",
        "span",
        "tt",
        "sub",
        "sup",
        "kbd",
    )
)
_WITHOUT_END = frozenset(("br", "hr", "img"))
_END_MAY_BE_MISSING = frozenset(("li", "tr", "td", "th", "thead", "tbody", "tfoot"))
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_NOT_HTML = re.compile(r"<!--|<[?!]|\{\{|\{%|\[\[|<%")  # comments and templates stay as they are
_LAYOUT = frozenset((
    "align", "valign", "border", "cellpadding", "cellspacing", "bgcolor", "target", "rel", "loading", "decoding",
    "fetchpriority", "srcset", "sizes", "referrerpolicy", "crossorigin", "face", "color", "size", "style", "scope",
    "tabindex", "draggable", "contenteditable", "nowrap", "hspace", "vspace", "longdesc",
))  # fmt: skip
_LAYOUT_CLASS = re.compile(r"(?:wp-|align|size-|attachment-|has-|is-|Mso|img-|lazy|external|reference)[\w-]*\Z")
_LAYOUT_STYLE = re.compile(
    r"(?:\s*+(?:font-(?:family|size)|color|background(?:-color)?|line-height|text-align|text-indent|margin(?:-\w+)?"
    r"|padding(?:-\w+)?|letter-spacing|word-spacing|orphans|widows|border(?:-\w+)*|box-sizing|width|height|max-width"
    r"|vertical-align\s*:\s*(?:top|middle|bottom)|float|clear|cursor|outline|overflow-wrap|word-break)\s*+(?::[^;]*+)?;?)*+\s*\Z",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"\d+(?:px)?\Z")
_MOST_TABLE_COLUMN = 200  # characters of a cell; with more, a pipe table cannot be read


@lru_cache(maxsize=64)
def fragment_markdown(html: str) -> str:
    r"""Return a block of HTML as Markdown that shows the same; "" if Markdown cannot say all of it.

    >>> fragment_markdown("<h2>A &amp; B</h2><ul><li>one <b>x</b></li></ul>")
    '## A & B\n\n- one **x**'
    >>> fragment_markdown('<div class="note">a</div>'), fragment_markdown("<p>H<sub>2</sub>O</p>")
    ('', 'H<sub>2</sub>O')
    """
    if len(html) > MOST_FRAGMENT or _NOT_HTML.search(html) or not _is_balanced(html):
        return ""
    try:
        body = page_tree(html).find("body")
    except LargePage:
        return ""
    if body is None or not all(_can_be_said(element) for element in body.iter() if element is not body):
        return ""
    links = PageLinks()
    made = PageWriter(links, PagePictures(links)).document(body)
    if not made or _BLOCK_HTML.search(made):
        return ""
    return made if shown_structure(html) == shown_structure(made) else ""


_BLOCK_HTML = re.compile(r"<(?:table|details|br)\b")  # what the writer itself writes as HTML


def attributes_can_go(element: PageElement) -> bool:
    """Return whether Markdown says all that the attributes of an element mean, except its layout."""
    return all(_attribute_can_go(element, name, str(value or "")) for name, value in element.attrib.items())


def _attribute_can_go(element: PageElement, name: str, value: str) -> bool:
    tag = element.tag
    if name.startswith(("on", "data-")):
        return True
    if name == "style":
        return _LAYOUT_STYLE.match(value) is not None
    if name == "class":
        return tag in {"img", "a", "pre", "code"} or all(map(_LAYOUT_CLASS.match, value.split()))
    if name in {"width", "height"}:
        both = element.get("width") and element.get("height")
        return tag != "img" or bool(both and _PIXELS.match(value.strip()))  # a natural size, as blogs write it
    if (tag, name) in {("a", "href"), ("img", "src")}:
        return PageLinks().resolved(value) != "" and "{" not in value
    worded = name in {"alt", "title"} and tag in {"img", "a"}
    return name in _LAYOUT or worded or (name == "start" and tag == "ol" and value.isdecimal())


def _can_be_said(element: PageElement) -> bool:
    """Return whether Markdown has marks for an element, and for what its attributes mean."""
    if not is_element(element) or element.tag not in _BLOCK_ELEMENTS | _INLINE_ELEMENTS:
        return False
    if element.tag in {"td", "th"} and (len("".join(element.itertext())) > _MOST_TABLE_COLUMN):
        return False
    named = (element.tag != "a" or element.get("href")) and (element.tag != "img" or element.get("src"))
    return bool(named) and attributes_can_go(element)


def _is_balanced(html: str) -> bool:
    """Return whether each element of a block of HTML begins and ends in it.

    >>> _is_balanced("<ul><li>a<li>b</ul>"), _is_balanced("<p>a"), _is_balanced("</div>")
    (True, False, False)
    """
    opened, closed = Counter[str](), Counter[str]()
    for end, name, rest in _TAG.findall(html):
        if name.lower() not in _WITHOUT_END:
            (closed if end else opened)[name.lower()] += 1
            if rest.rstrip().endswith("/") and not end:
                return False
    names = opened.keys() | closed.keys()
    return bool(_TAG.search(html)) and all(
        closed[name] <= opened[name] if name in _END_MAY_BE_MISSING else closed[name] == opened[name] for name in names
    )
