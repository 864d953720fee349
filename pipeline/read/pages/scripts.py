"""Page as a server sent it -> the page as its scripts would show it: late images, parts that were streamed."""

from __future__ import annotations

import re

from pipeline.read.pages.images import LAZY_ATTRIBUTES
from pipeline.read.pages.tree import PageElement, attribute, drop, elements, page_tree, shown_text

LAZY_TAGS = ("amp-img", "lazy-image", "image")
_SINGLEFILE = re.compile(r"(--sf-img-\d+)\s*:\s*url\([\"']?(data:[^\"')]+)")
_SINGLEFILE_USE = re.compile(r"background-image\s*:\s*var\((--sf-img-\d+)\)")
_STREAMED = re.compile(
    r"S:([0-9a-f]{1,6})"
)  # identifier of a part that React streams; its place is `B:` and the number


def show_what_scripts_show(root: PageElement) -> None:
    """Put images and parts of a page where its scripts would put them."""
    _place_streamed_parts(root)
    _show_images_of_variables(root)
    _show_lazy_images(root)


def _place_streamed_parts(root: PageElement) -> None:
    """Put the parts that React streams at the end of a page into their places: `<template id="B:0">`.

    `<template id="B:0"></template><div hidden id="S:0"><p>a` -> `<p>a`.
    """
    parts = [
        one for one in root.iter("div") if one.get("hidden") is not None and _STREAMED.fullmatch(one.get("id") or "")
    ]
    if not parts:
        return
    places = {one.get("id"): one for one in root.iter("template")}
    for part in parts:
        part.attrib.pop("hidden")
        place = places.get(f"B:{part.get('id')[2:]}")
        if place is not None and place not in part.iter("template"):
            drop(part)
            part.tail = None
            place.addnext(part)
            drop(place)


def _show_lazy_images(root: PageElement) -> None:
    """Put the image of a `<noscript>` in the place of the one that a script would load; other `<noscript>` go."""
    for element in elements(root, "noscript"):
        image = next(element.iter("img"), None)
        if image is None and "<img" in (element.text or "").lower():
            image = next(page_tree(element.text).iter("img"), None)
        before = element.getprevious()
        if before is not None and before.tag not in {"img", "picture"}:
            before = next(iter(list(before.iter("img"))[-1:]), None)
        if image is not None and attribute(image, "src"):
            if before is not None and before.tag in {"img", "picture"} and not shown_text(element):
                drop(before)
            element.tag = "span"
            element.text = None
            element[:] = [image]
        elif image is None:
            drop(element)
    for element in elements(root, *LAZY_TAGS):
        if element.tag != "img" and any(element.get(name) for name in ("src", *LAZY_ATTRIBUTES)):
            element.tag = "img"


def _show_images_of_variables(root: PageElement) -> None:
    """Give images that SingleFile keeps in variables of a style sheet their `src` back."""
    stored: dict[str, str] = {}
    for style in root.iter("style"):
        stored |= {match[1]: match[2] for match in _SINGLEFILE.finditer(style.text or "")}
    for element in elements(root, "img") if stored else ():
        used = _SINGLEFILE_USE.search(element.get("style") or "")
        if used and used[1] in stored:
            element.set("src", stored[used[1]])
