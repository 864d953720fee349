"""Page -> the page without the parts around its article: hidden parts, menus, buttons, related posts, teasers."""

from __future__ import annotations

import re

from pipeline.read.pages.lead_picture import is_picture_with_caption
from pipeline.read.pages.letters import LetterPlaces, held
from pipeline.read.pages.tree import NEVER_SHOWN, PageElement, drop, has_class, never_shown, words_of_class

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
    r"|cookie|popup|modal|pagination|pager|tag-?(?:list|cloud|links)|tags-?box|(?:post|entry|article|singlepost|blog)-?(?:tags|labels|taglist|categor)|author-?(?:bio|box|card)|byline|toolbar|more-?stor"
    r"|outbrain|taboola|print|masthead|menu|skip-?link|editsection|navbox|metadata|noprint"
)
_FOLDED_WORDS = re.compile(
    r"callout|collapsible|accordion|spoiler|toggle-?(?:content|body|panel)|\bfold|tab-?(?:pane|panel|content)|faq|answer"
)
_PICTURE_WORDS = re.compile(r"\bthumb\b|thumbinner|caption|\bfigure\b|image-?(?:block|wrap|container)|tmulti|gallery")
_EDITING_LINKS = frozenset(("mw-editsection", "headerlink", "anchorjs-link", "heading-anchor", "header-anchor"))
MOST_LABEL_LETTERS = 12  # of a block that is a label
_CALLOUT_WORDS = re.compile(r"\b(?:msg|message|callout|admonition|custom-block|hint|notice|tip|warning|caution)\b")
_NOTE_WORDS = re.compile(r"foot-?note|end-?note|references|reflist")


def drop_translator(root: PageElement) -> None:
    """Remove what Google Translate adds to a page in a browser: a bar, and a window with the original text."""
    for element in [*root.iter("div", "iframe")]:
        if (element.get("id") or "").startswith("goog-gt-") or has_class(element, "goog-te-banner-frame"):
            drop(element)


def drop_hidden(body: PageElement) -> None:
    """Remove what a browser does not show, unless it is most of the page: then a script shows it."""
    size = len("".join(body.itertext()))
    for element in [*body.iter(*NEVER_SHOWN - {"input"}), *filter(_may_be_hidden, body.iter())]:
        if element is body or element.getparent() is None:
            continue
        if has_class(element, *_EDITING_LINKS):
            drop(element)
        elif never_shown(element):
            hidden_by_style = element.get("style") and element.get("hidden") is None
            words = words_of_class(element)
            if hidden_by_style and _FOLDED_WORDS.search(words) and not _FURNITURE_WORDS.search(words):
                element.attrib.pop("style")  # a click shows it, as with `<details>`
                continue
            if element.tag in NEVER_SHOWN or 2 * len("".join(element.itertext())) <= size:
                drop(element)
            else:
                element.attrib.pop("hidden", None)


def _may_be_hidden(element: PageElement) -> bool:
    return (
        element.get("style") is not None
        or element.get("hidden") is not None
        or ((words := element.get("class")) is not None and not _EDITING_LINKS.isdisjoint(words.split()))
    )


def prune_furniture(node: PageElement, places: LetterPlaces, found: list[tuple[int, int]], *, whole: bool) -> None:
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
        elif held(span, found):
            waiting += list(element) if _holds_blocks(element) else []
        elif _is_callout(element) or (inside and (_is_text_block(element) or _is_box_of_text(element, span, links))):
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


def _is_box_of_text(element: PageElement, span: tuple[int, int], links: list[tuple[int, int]]) -> bool:
    """Return whether a box between paragraphs of the article is text of it: a column, a note; it has no links."""
    unlinked = element.tag in _BOXES and not held(span, links) and not _FURNITURE_WORDS.search(words_of_class(element))
    return unlinked and next(element.iter("p"), None) is not None


def _is_callout(element: PageElement) -> bool:
    """Return whether a box is a remark of the author: it has such a class, and is next to a paragraph or a heading."""
    words = words_of_class(element)
    if element.tag not in {"aside", "div"} or not _CALLOUT_WORDS.search(words) or _FURNITURE_WORDS.search(words):
        return False
    beside = (element.getprevious(), element.getnext())
    return next(element.iter("a", "form", "button"), None) is None and any(
        one is not None and one.tag in {"p", "h2", "h3", "pre"} for one in beside
    )


def _may_frame(element: PageElement, span: tuple[int, int]) -> bool:
    """Return whether a block before or after all paragraphs of the article may belong to it: a title, a picture."""
    if _NOTE_WORDS.search(words_of_class(element)) or element.tag in _FRAMES or is_list_of_sources(element):
        return True
    size = span[1] - span[0]
    return next(element.iter("h1", "pre", "figure", "th"), None) is not None or (
        size < MOST_LABEL_LETTERS and next(element.iter("img"), None) is not None
    )


def _is_bar_of_links(element: PageElement, span: tuple[int, int], links: list[tuple[int, int]]) -> bool:
    """Return whether an element is a few links of the website, as to share a page: trafilatura may take it for text."""
    size = span[1] - span[0]
    few = 0 < size < MOST_BAR_LETTERS and held(span, links) >= 2 * MOST_LINK_SHARE * size
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
    if _NOTE_WORDS.search(words) or not known or is_list_of_sources(element) or _is_place_of_note(element, span):
        return False
    if not whole and _PICTURE_WORDS.search(words) and is_picture_with_caption(element):
        return False
    if element.tag in _ALWAYS_FURNITURE or _FURNITURE_WORDS.search(words):
        return True
    size = span[1] - span[0]
    linked = held(span, links)
    if whole:
        return size > 0 and linked > 2 * MOST_LINK_SHARE * size and next(element.iter("a"), None) is not None
    if size > MOST_LABEL_LETTERS and linked > MOST_LINK_SHARE * size and next(element.iter("pre"), None) is None:
        return True
    return element.tag in _BOXES and size < FEWEST_BLOCK_LETTERS and next(element.iter(*_KEPT), None) is None


def _is_place_of_note(element: PageElement, span: tuple[int, int]) -> bool:
    return element.tag == "span" and span[0] == span[1] and next(element.iter("img"), None) is None
