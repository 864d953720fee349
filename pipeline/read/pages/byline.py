"""Page -> its author and day as the page shows them, where its head says nothing: by the names of classes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.read.pages.tree import PageElement, attribute, elements, has_class, shown_text, words_of_class

MOST_WORDS_OF_AUTHOR = 5
MOST_SHOWN_CHARACTERS = 80  # of an element that shows a name or a date
_AUTHOR_CLASS = re.compile(  # a class: `gh-article-author-name`, `follow-nickname`, `tm-user-info__username`
    r"(?:[\w-]*[-_])?(?:author(?:info|content|header)?|byline|nick-?name|nick|user-?name|noteContentHeader)"
    r"(?:[-_]{1,2}name)?",
    re.IGNORECASE,
)
_DATE_CLASS = re.compile(r"(?:[\w-]*[-_])?(?:date|time|timestamp|published?|publishdate|date-header)", re.IGNORECASE)
_AROUND_ARTICLE = re.compile(r"comment|sidebar|related|repl(?:y|ies)|recommend|site-?footer|widget-area|search|menu")
_NO_AUTHOR = re.compile(  # what links and captions say where a name could be
    r"about|follow|post|comment|share|subscribe|read|written|login|sign|\bbio\b|profile|photo|foto|фото|作者|关注|發表|投稿",
    re.IGNORECASE,
)
_LINK_TO_AUTHOR = re.compile(
    r"\b(?:see|view|read|full|more|all|about)\b.*\b(?:bio|profile|posts?|articles?)\b", re.IGNORECASE
)


def shown_authors(root: PageElement) -> Iterator[str]:
    """Yield what a page shows as its author, the likeliest first: `<a rel="author">`, then elements of such a class."""
    places = [*elements(root, "a", "span", "address", "p", "div", "h4", "strong")]
    for one in places:
        if attribute(one, "rel") == "author" or attribute(one, "itemprop") == "author":
            named = next((inner for inner in one.iter() if attribute(inner, "itemprop") == "name"), one)
            if not _LINK_TO_AUTHOR.search(shown_text(named)):
                yield shown_text(named)
        elif has_class(one, "p-author", "author-name"):
            yield shown_text(one)
    for one in places:
        if any(map(_AUTHOR_CLASS.fullmatch, attribute(one, "class").split())) and not _is_around_article(one):
            text = shown_text(one)
            words = len(text.split())
            if words <= MOST_WORDS_OF_AUTHOR and len(text) < MOST_SHOWN_CHARACTERS and not _NO_AUTHOR.search(text):
                yield text


def shown_dates(root: PageElement) -> Iterator[str]:
    """Yield what a page shows as its date: the title or the text of an element with such a class or name."""
    for one in elements(root, "abbr", "span", "div", "p", "h2", "li"):
        names = [*attribute(one, "class").split(), attribute(one, "id")]
        if any(map(_DATE_CLASS.fullmatch, names)) and not _is_around_article(one):
            text = shown_text(one)
            if len(text) < MOST_SHOWN_CHARACTERS:
                yield from (attribute(one, "title"), text)


def _is_around_article(element: PageElement) -> bool:
    """Return whether an element is in comments, a sidebar, or a list of other posts."""
    return any(
        one.tag in {"nav", "footer", "aside"} or _AROUND_ARTICLE.search(words_of_class(one))
        for one in (element, *element.iterancestors())
        if one.tag not in {"html", "body"}
    )
