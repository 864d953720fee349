"""Article of a page and its Markdown -> whether the Markdown shows every letter that the article shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator

from pipeline.markdown import parser
from pipeline.read.pages.code import is_line_number
from pipeline.read.pages.tree import PageElement, is_element, never_shown

_NOT_WRITTEN = frozenset(("iframe", "video", "audio", "rp", "rtc", "noscript"))


def letters_of_page(root: PageElement, replaced: Container[PageElement]) -> Counter[str]:
    """Return how often the article shows each letter and digit; `replaced` elements and line numbers do not count."""
    return Counter("".join(filter(str.isalnum, "".join(_texts(root, replaced)))))


def missing_letters(shown: Counter[str], markdown: str) -> int:
    """Return how many letters of an article its Markdown does not show, as markdown-it-py reads it.

    >>> missing_letters(Counter("abc"), "*a* `b` [x](c)")
    1
    """
    written: list[str] = []
    for token in parser().parse(markdown):
        written += [one.content for one in token.children or [token]]
    return (shown - Counter("".join(written))).total()


def _texts(root: PageElement, replaced: Container[PageElement]) -> Iterator[str]:
    """Yield the texts that an element shows, without recursion."""
    waiting: list[tuple[PageElement, bool]] = [(root, False)]
    while waiting:
        element, only_tail = waiting.pop()
        if element is not root and element.tail and only_tail:
            yield element.tail
        if only_tail:
            continue
        waiting.append((element, True))
        hidden = not is_element(element) or never_shown(element) or element.tag in _NOT_WRITTEN
        if hidden or element in replaced or (element is not root and is_line_number(element)):
            continue
        if element.text:
            yield element.text
        waiting += [(child, False) for child in reversed(element)]
