"""Page -> the element that holds its article, without what websites put around one: menus, shares, related posts.

trafilatura finds the paragraphs of the article. Here the smallest element that holds nearly all of them is chosen, and
what holds none of them is removed if it looks like furniture of the website.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from lxml import etree

from pipeline.read.lead_picture import put_lead_picture
from pipeline.read.page_tree import NEVER_SHOWN, PageElement, drop, has_class, never_shown, words_of_class

FEWEST_PARAGRAPH_LETTERS = 12  # letters of a paragraph that is looked up; shorter ones are anywhere
FEWEST_ARTICLE_LETTERS = 140  # letters; with fewer, the whole page is read
SHARE_OF_ARTICLE = 0.93  # of the letters of the paragraphs, which the chosen element holds; benchmarks/web_pages.py
MOST_LINK_SHARE = 0.4  # of the letters of a block without a paragraph of the article; with more it is a menu
FEWEST_BLOCK_LETTERS = 200  # of a `div` or `section` without a paragraph; with fewer it is furniture
MOST_BAR_LETTERS = 60  # of a row of buttons
_ALWAYS_FURNITURE = frozenset(("nav", "footer", "form", "aside"))
_MAYBE_FURNITURE = frozenset(("div", "section", "header", "ul", "ol", "table", "p", "span", "aside", "dl"))
_BOXES_OF_BLOCKS = frozenset(
    ("div", "section", "article", "main", "body", "header", "center", "aside", "footer", "form", "nav")
)
_TEXT_BLOCKS = frozenset(("p", "ul", "ol", "dl"))
_BOXES = frozenset(("div", "section", "header", "span"))
_KEPT = ("pre", "figure", "table", "img", "picture", "math", "blockquote", "h1", "h2", "h3", "h4", "video", "iframe")
_FRAMES = frozenset(("h1", "h2", "h3", "pre", "figure", "table", "img", "picture", "br"))
_WRITTEN_URL = re.compile(r"https?://|\bwww\.|\bdoi\b|\barxiv\b", re.IGNORECASE)
_FURNITURE_WORDS = re.compile(
    r"share|social|related|recommend|promo|newsletter|subscri|breadcrumb|sidebar|comment|disqus|advert|\bads?\b|sponsor"
    r"|cookie|popup|modal|pagination|pager|tag-?(?:list|cloud|links)|author-?(?:bio|box|card)|byline|toolbar|more-?stor"
    r"|outbrain|taboola|print|masthead|menu|skip-?link|editsection|navbox|metadata|noprint"
)
_FOLDED_WORDS = re.compile(
    r"callout|collapsible|accordion|spoiler|toggle-?(?:content|body|panel)|\bfold|tab-?(?:pane|panel|content)|faq|answer"
)
_EDITING_LINKS = ("mw-editsection", "headerlink", "anchorjs-link", "heading-anchor", "header-anchor")
_may_be_hidden = etree.XPath(
    f".//*[@style or @hidden or {' or '.join(f'contains(@class, {name!r})' for name in _EDITING_LINKS)}]"
)
_NOTE_WORDS = re.compile(r"foot-?note|end-?note|references|reflist")


@dataclass(slots=True)
class _LetterPlaces:
    """The letters of a page in one string, and where in it each element begins and ends."""

    letters: str = ""
    spans: dict[PageElement, tuple[int, int]] = field(default_factory=dict)
    links: list[tuple[int, int]] = field(default_factory=list)


def letters_only(text: str) -> str:
    """Return the letters and digits of a text: `A, b 1.` -> `Ab1`."""
    return "" if text.isspace() else "".join(filter(str.isalnum, text))


def article_of(root: PageElement) -> tuple[PageElement, bool]:
    """Return the element that holds the article, and whether one was found; else the body. The tree is pruned."""
    body = root.find(".//body")
    body = root if body is None else body
    _drop_hidden(body)
    places = _places_of(body)
    found = _located_paragraphs(paragraphs_of_article(root), places.letters)
    if sum(end - start for start, end in found) < FEWEST_ARTICLE_LETTERS:
        _prune(body, places, found, whole=True)
        return body, False
    node = _smallest_holding(body, places, found)
    put_lead_picture(root, node)
    _prune(node, places, found, whole=False)
    return node, True


def paragraphs_of_article(root: PageElement) -> list[str]:
    """Return the letters of each paragraph of the article as trafilatura finds them."""
    import trafilatura  # noqa: PLC0415 - takes half a second, which archives without web pages do not need

    found = trafilatura.bare_extraction(
        root, with_metadata=False, include_comments=False, include_tables=True
    )
    text = getattr(found, "text", "") or ""
    letters = map(letters_only, text.splitlines())
    return [line for line in letters if len(line) >= FEWEST_PARAGRAPH_LETTERS]


def _drop_hidden(body: PageElement) -> None:
    """Remove what a browser does not show, unless it is most of the page: then a script shows it."""
    size = len("".join(body.itertext()))
    for element in [*body.iter(*NEVER_SHOWN), *_may_be_hidden(body)]:
        if has_class(element, *_EDITING_LINKS):
            drop(element)
        elif never_shown(element) and element.getparent() is not None:
            hidden_by_style = element.get("style") and element.get("hidden") is None
            words = words_of_class(element)
            if hidden_by_style and _FOLDED_WORDS.search(words) and not _FURNITURE_WORDS.search(words):
                element.attrib.pop("style")  # a click shows it, as with `<details>`
                continue
            if not (hidden_by_style and 2 * len("".join(element.itertext())) > size):
                drop(element)


def _places_of(body: PageElement) -> _LetterPlaces:
    """Return the places of the elements below `body`, without recursion."""
    places = _LetterPlaces()
    parts: list[str] = []
    at = 0
    waiting: list[tuple[PageElement, int]] = [(body, -1)]
    while waiting:
        element, start = waiting.pop()
        if start >= 0:
            places.spans[element] = (start, at)
            if element.tag == "a":
                places.links.append((start, at))
            text = element.tail if element is not body else ""
        else:
            waiting.append((element, at))
            waiting += [(child, -1) for child in reversed(element)]
            text = element.text
        if text:
            parts.append(letters_only(text))
            at += len(parts[-1])
    places.letters = "".join(parts)
    return places


def _located_paragraphs(paragraphs: list[str], letters: str) -> list[tuple[int, int]]:
    """Return where paragraphs are in `letters`, sorted; each is looked for after the one before it, then anywhere."""
    found: list[tuple[int, int]] = []
    at = 0
    for paragraph in paragraphs:
        start = letters.find(paragraph, at)
        if start < 0:
            start = letters.find(paragraph)
        if start >= 0:
            found.append((start, start + len(paragraph)))
            at = start + len(paragraph)
    return sorted(found)


def _smallest_holding(body: PageElement, places: _LetterPlaces, found: list[tuple[int, int]]) -> PageElement:
    """Return the smallest element with SHARE_OF_ARTICLE of the paragraphs."""
    total = sum(end - start for start, end in found)
    node = body
    while True:
        below = [
            child
            for child in node
            if child in places.spans and _held(places.spans[child], found) >= SHARE_OF_ARTICLE * total
        ]
        if not below or below[0].tag in {"p", "pre", "ul", "ol", "table", "tbody", "tr", "blockquote"}:
            return node
        node = below[0]


def _held(span: tuple[int, int], found: list[tuple[int, int]]) -> int:
    """Return how many letters of the paragraphs are in a span."""
    first = bisect_left(found, (span[0], 0))
    held = 0
    for start, end in found[max(0, first - 1) :]:
        if start >= span[1]:
            break
        held += max(0, min(end, span[1]) - max(start, span[0]))
    return held


def _prune(node: PageElement, places: _LetterPlaces, found: list[tuple[int, int]], *, whole: bool) -> None:
    """Remove the furniture of the website below `node`: blocks that hold no paragraph of the article."""
    links = sorted(places.links)
    first, last = (found[0][0], max(end for _, end in found)) if found else (0, 0)
    waiting = list(node)
    while waiting:
        element = waiting.pop()
        span = places.spans.get(element)
        if span is None:
            continue
        inside = first <= span[0] and span[1] <= last
        if _is_bar_of_links(element, span, links):
            drop(element)
        elif _held(span, found):
            waiting += list(element) if _holds_blocks(element) else []
        elif inside and _is_text_block(element):
            continue
        elif _is_furniture_block(element, span, links, whole=whole) or not (
            whole or inside or _may_frame(element, span)
        ):
            drop(element)
        elif whole:
            waiting += list(element)


def _holds_blocks(element: PageElement) -> bool:
    """Return whether blocks of the website may be inside an element that holds a part of the article."""
    if element.tag in _BOXES_OF_BLOCKS:
        return True
    return (
        element.tag in {"table", "tbody", "tr", "td", "span", "ul", "li"}
        and next(element.iter("p", "div"), None) is not None
    )


def _is_text_block(element: PageElement) -> bool:
    """Return whether a block between paragraphs of the article is text of it: a list of links, a line with a link."""
    return element.tag in _TEXT_BLOCKS and not _FURNITURE_WORDS.search(words_of_class(element))


def _may_frame(element: PageElement, span: tuple[int, int]) -> bool:
    """Return whether a block before or after all paragraphs of the article may belong to it: a title, a picture."""
    if _NOTE_WORDS.search(words_of_class(element)) or element.tag in _FRAMES or is_list_of_sources(element):
        return True
    size = span[1] - span[0]
    return next(element.iter("h1", "pre", "figure", "th"), None) is not None or (
        size < FEWEST_PARAGRAPH_LETTERS and next(element.iter("img"), None) is not None
    )


def _is_bar_of_links(element: PageElement, span: tuple[int, int], links: list[tuple[int, int]]) -> bool:
    """Return whether an element is a few links of the website, as to share a page: trafilatura may take it for text."""
    size = span[1] - span[0]
    few = 0 < size < MOST_BAR_LETTERS and _held(span, links) >= 2 * MOST_LINK_SHARE * size
    return few and element.tag in _MAYBE_FURNITURE and _FURNITURE_WORDS.search(words_of_class(element)) is not None


def is_list_of_sources(element: PageElement) -> bool:
    """Return whether most items of a list show a URL, as lists of sources do; menus hide their URLs."""
    items = element.findall("li") if element.tag in {"ul", "ol"} else []
    return bool(items) and 2 * sum(bool(_WRITTEN_URL.search("".join(one.itertext()))) for one in items) > len(items)


def _is_furniture_block(
    element: PageElement, span: tuple[int, int], links: list[tuple[int, int]], *, whole: bool
) -> bool:
    """Return whether a block without a paragraph of the article belongs to the website around it."""
    words = words_of_class(element)
    known = element.tag in _MAYBE_FURNITURE or element.tag in _ALWAYS_FURNITURE
    if _NOTE_WORDS.search(words) or not known or is_list_of_sources(element):
        return False
    if element.tag in _ALWAYS_FURNITURE or _FURNITURE_WORDS.search(words):
        return True
    size = span[1] - span[0]
    linked = _held(span, links)
    if whole:
        return size > 0 and linked > 2 * MOST_LINK_SHARE * size and next(element.iter("a"), None) is not None
    if size > FEWEST_PARAGRAPH_LETTERS and linked > MOST_LINK_SHARE * size and next(element.iter("pre"), None) is None:
        return True
    return element.tag in _BOXES and size < FEWEST_BLOCK_LETTERS and next(element.iter(*_KEPT), None) is None
