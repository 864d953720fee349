"""HTML -> DOM elements as a browser parses them, and functions that read these elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Element = Any  # a node of justhtml: an element, a text (name `#text`), or a comment (its children are None)

HIDDEN_ELEMENTS = {
    "script", "style", "template", "head", "title", "meta", "link", "base", "noembed", "noframes", "datalist", "rp",
    "source", "track", "param", "area", "col", "colgroup",
}  # fmt: skip
MEDIA_ELEMENTS = {"img", "input", "iframe", "object", "embed", "svg", "canvas", "video", "audio", "math"}


def parsed_html(html: str) -> list[Element]:
    """Return the top elements of an HTML fragment, as a browser without scripting parses it."""
    from justhtml import JustHTML  # noqa: PLC0415 - takes 200 ms, which a run without changes need not wait for

    return list(JustHTML(html, fragment=True, sanitize=False, scripting_enabled=False).root.children or ())


def attributes_of(element: Element) -> dict[str, str]:
    """Return the attributes of an element, name -> value. A missing value is ""; a text node has no attributes."""
    return {name: value or "" for name, value in (getattr(element, "attrs", None) or {}).items()}


def descendants(element: Element) -> Iterator[Element]:
    """Yield the descendants of an element in document order."""
    waiting = [*element.children][::-1]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [*(one.children or ())][::-1]


def is_hidden(element: Element) -> bool:
    """Return whether a book hides an element, as a browser does.

    `noscript` is visible only if none of its siblings shows anything.
    """
    if element.name == "noscript":
        return any(map(_shows_anything, (one for one in element.parent.children if one is not element)))
    return element.children is None or element.name in HIDDEN_ELEMENTS or "hidden" in (element.attrs or {})


def _shows_anything(element: Element) -> bool:
    """Return whether an element has visible text or media."""
    if element.name == "#text":
        return bool(element.data.strip())
    if element.name == "noscript" or is_hidden(element):
        return False
    return element.name in MEDIA_ELEMENTS or any(
        (one.name == "#text" and one.data.strip()) or one.name in MEDIA_ELEMENTS for one in descendants(element)
    )


def children_through_wrappers(element: Element, names: set[str]) -> Iterator[Element]:
    """Yield the children of an element. A `div` or `rtc` with children called `names` yields its children instead.

    With `names` = {"dt", "dd"}, `<dl><div><dt>a<dd>b</div></dl>` yields `dt` and `dd`, not `div`.
    """
    waiting = [*element.children][::-1]
    while waiting:
        one = waiting.pop()
        if one.name in {"div", "rtc"} and any(inner.name in names for inner in one.children):
            waiting += [*one.children][::-1]
        else:
            yield one


def leading_number(value: str, default: int, most: int) -> int:
    """Return the number at the start of an attribute's value, at most `most`; `default` if there is none.

    >>> leading_number("3 columns", 1, 9), leading_number("-3", 1, 9), leading_number("99", 1, 9)
    (3, 1, 9)
    """
    digits = re.match(r"\s*\+?(\d{1,9})", value)
    return min(int(digits[1]), most) if digits else default
