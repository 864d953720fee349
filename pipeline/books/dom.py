"""HTML -> the elements that a browser has of it, and what can be asked of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from justhtml import JustHTML

Element = Any  # a node of justhtml: an element, a text (`#text`), or what has no children (None): a comment

HIDDEN = {
    "script", "style", "template", "head", "title", "meta", "link", "base", "noembed", "noframes", "datalist", "rp",
    "source", "track", "param", "area", "col", "colgroup",
}  # fmt: skip
MEDIA = {"img", "input", "iframe", "object", "embed", "svg", "canvas", "video", "audio", "math"}


def parsed(html: str) -> list[Element]:
    """Return the elements of HTML as a browser has them that runs no script."""
    return list(JustHTML(html, fragment=True, sanitize=False, scripting_enabled=False).root.children or ())


def attributes(element: Element) -> dict[str, str]:
    """Return the attributes of an element by name, an empty value where none is given; a text has none."""
    return {name: value or "" for name, value in (getattr(element, "attrs", None) or {}).items()}


def inside(element: Element) -> Iterator[Element]:
    """Yield what stands in an element, in order, at any depth."""
    waiting = [*element.children][::-1]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [*(one.children or ())][::-1]


def hidden(element: Element) -> bool:
    """Tell whether a browser shows nothing of an element; `noscript` is shown where nothing else is beside it."""
    if element.name == "noscript":
        return any(map(_shows, (one for one in element.parent.children if one is not element)))
    return element.children is None or element.name in HIDDEN or "hidden" in (element.attrs or {})


def _shows(element: Element) -> bool:
    """Tell whether a browser shows anything of an element."""
    if element.name == "#text":
        return bool(element.data.strip())
    if element.name == "noscript" or hidden(element):
        return False
    return element.name in MEDIA or any(
        (one.name == "#text" and one.data.strip()) or one.name in MEDIA for one in inside(element)
    )


def unwrapped(element: Element, names: set[str]) -> Iterator[Element]:
    """Yield the children of an element, those in wrappers that hold elements called `names` too."""
    waiting = [*element.children][::-1]
    while waiting:
        one = waiting.pop()
        if one.name in {"div", "rtc"} and any(inner.name in names for inner in one.children):
            waiting += [*one.children][::-1]
        else:
            yield one


def number(written: str, otherwise: int, most: int) -> int:
    """Return the number that an attribute holds, at most `most`.

    >>> number("3 columns", 1, 9), number("-3", 1, 9), number("99", 1, 9)
    (3, 1, 9)
    """
    found = re.match(r"\s*\+?(\d{1,9})", written)
    return min(int(found[1]), most) if found else otherwise
