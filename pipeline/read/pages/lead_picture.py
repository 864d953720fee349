"""Page and the element with its article -> the picture above the article, which websites put outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.read.pages.tree import PageElement, attribute, is_element, never_shown, shown_text, words_of_class

MOST_LEVELS = 4  # from the article upwards, where its picture may be
MOST_CAPTION = 400  # characters
_LEAD_WORDS = re.compile(
    r"featured|lead|hero|wp-post-image|post-?thumb|main-?image|article-?image|top-?image|entry-?image"
)
_NO_PICTURE = re.compile(
    r"related|recommend|sidebar|promo|advert|\bads?\b|avatar|author|logo|share|social|comment|newsletter"
)


def put_lead_picture(root: PageElement, node: PageElement) -> None:
    """Move the picture above an article into it as its first element, unless the picture is in the article already.

    Its caption stays outside: most are credits.
    """
    name = picture_stem(next((attribute(one, "content") for one in root.iter("meta") if _names_image(one)), ""))
    if any(picture_stem(attribute(image, "src")) == name for image in node.iter("img")) and name:
        return
    for block in _blocks_above(node):
        picture = next((one for one in (block, *block.iter("figure", "img")) if _is_lead(one, name)), None)
        if picture is not None:
            image = picture if picture.tag == "img" else next(picture.iter("img"))
            image.tail = None
            figure = node.makeelement("figure")
            figure.append(image)
            node.insert(0, figure)
            return


def _names_image(element: PageElement) -> bool:
    return attribute(element, "property").lower() == "og:image" or attribute(element, "name").lower() == "twitter:image"


def _blocks_above(node: PageElement) -> Iterator[PageElement]:
    """Yield the elements before an article, the nearest first, up to its title or to the frame of the website."""
    for level, above in enumerate((node, *node.iterancestors())):
        if level > MOST_LEVELS or above.tag in {"body", "html", "main"}:
            return
        for block in above.itersiblings(preceding=True):
            if not is_element(block) or never_shown(block) or block.tag in {"nav", "aside", "footer", "form"}:
                continue
            if not _NO_PICTURE.search(words_of_class(block)):
                yield block
            if next(block.iter("h1"), None) is not None and block.tag != "h1":
                return
        if above.tag == "article":
            return


def _is_lead(element: PageElement, name: str) -> bool:
    """Return whether a figure or an image is the one that the page names, or is marked as that of the article."""
    if element.tag not in {"figure", "img"} or len(shown_text(element)) > MOST_CAPTION:
        return False
    image = element if element.tag == "img" else next(element.iter("img"), None)
    if image is None or any(_NO_PICTURE.search(words_of_class(one)) for one in (element, image)):
        return False
    named = bool(name) and name in {picture_stem(attribute(image, key)) for key in ("src", "data-src", "data-lazy-src")}
    marked = _LEAD_WORDS.search(words_of_class(element) + " " + words_of_class(image))
    return named or bool(marked) or element.tag == "figure"


def is_picture_with_caption(block: PageElement) -> bool:
    """Return whether a block is one picture, or a few, with a caption that may have links, and no teaser of a post."""
    pictures = sum(1 for _ in block.iter("img"))
    heading = next(block.iter("h1", "h2", "h3", "h4", "h5", "h6", "time"), None)
    return pictures > 0 and heading is None and len(shown_text(block)) <= MOST_CAPTION * pictures


def picture_stem(url: str) -> str:
    """Return the name of an image file in a URL without a size: `https://e.org/a-640x480.jpg?w=2` -> `a`.

    >>> picture_stem("https://e.org/a-640x480.jpg?w=2"), picture_stem("")
    ('a', '')
    """
    name = url.partition("?")[0].rpartition("/")[2]
    return re.sub(r"[-_]\d{2,4}x\d{2,4}\Z", "", name.rpartition(".")[0] or name)
