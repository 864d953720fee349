"""Page -> the element that holds its article, without what websites put around one: menus, shares, related posts.

trafilatura finds the paragraphs of the article. Here the smallest element that holds nearly all of them is chosen, and
what holds none of them is removed if it looks like furniture of the website.
"""

from __future__ import annotations

from pipeline.read.pages.furniture import drop_hidden, prune_furniture
from pipeline.read.pages.lead_picture import put_lead_picture
from pipeline.read.pages.letters import LetterPlaces, held, letter_places, letters_only
from pipeline.read.pages.related import drop_related
from pipeline.read.pages.tree import PageElement, attribute, drop

FEWEST_PARAGRAPH_LETTERS = 12  # letters of a paragraph that is looked up; shorter ones are anywhere
FEWEST_ARTICLE_LETTERS = 140  # letters; with fewer, the whole page is read
SHARE_OF_ARTICLE = 0.93  # of the letters of the paragraphs, which the chosen element holds; benchmarks/web_pages.py


def article_of(root: PageElement) -> tuple[PageElement, bool]:
    """Return the element that holds the article, and whether one was found; else the body. The tree is pruned."""
    body = root.find(".//body")
    body = root if body is None else body
    drop_hidden(body)
    places = letter_places(body)
    scripts = [one for one in root.iter("script", "style", "link") if "ld+json" not in attribute(one, "type")]
    for element in (*scripts, *[one for one in body.iter("nav", "footer") if _is_frame(one)]):
        drop(element)  # trafilatura would copy them again and again
    found = _located_paragraphs(paragraphs_of_article(root), places.letters)
    if sum(end - start for start, end in found) < FEWEST_ARTICLE_LETTERS:
        prune_furniture(body, places, found, whole=True)
        return body, False
    node = _smallest_holding(body, places, found)
    put_lead_picture(root, node)
    prune_furniture(node, places, found, whole=False)
    drop_related(node)
    return node, True


def paragraphs_of_article(root: PageElement) -> list[str]:
    """Return the letters of each paragraph of the article as trafilatura finds them."""
    import trafilatura  # noqa: PLC0415 - takes half a second, which archives without web pages do not need

    found = trafilatura.bare_extraction(root, with_metadata=False, include_comments=False, include_tables=True)
    text = getattr(found, "text", "") or ""
    letters = map(letters_only, text.splitlines())
    return [line for line in letters if len(line) >= FEWEST_PARAGRAPH_LETTERS]


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


def _smallest_holding(body: PageElement, places: LetterPlaces, found: list[tuple[int, int]]) -> PageElement:
    """Return the smallest element with SHARE_OF_ARTICLE of the paragraphs."""
    total = sum(end - start for start, end in found)
    node = body
    while True:
        below = [
            child
            for child in node
            if child in places.spans and held(places.spans[child], found) >= SHARE_OF_ARTICLE * total
        ]
        if not below or below[0].tag in {"p", "pre", "ul", "ol", "table", "tbody", "tr", "blockquote"}:
            return node
        node = below[0]


def _is_frame(element: PageElement) -> bool:
    """Return whether a `<nav>` or `<footer>` belongs to the website: it holds no article, and is in none."""
    if next(element.iter("article", "main", "h1", "blockquote", "pre", "figure"), None) is not None:
        return False
    return all(one.tag not in {"article", "blockquote", "figure", "section"} for one in element.iterancestors())
