"""Article -> the article without the second of two equal titles: programs write one, and authors another below it."""

from __future__ import annotations

from lxml import etree

from pipeline.read.pages.tree import PageElement, drop, shown_text

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def drop_repeated_title(node: PageElement) -> None:
    """Remove the second heading of an article if it repeats the first and no text is between them.

    `<h1>The mill</h1><section><h3>The mill</h3>`: Medium writes both. The pictures between them stay.
    """
    first = ""
    inside = False
    for event, element in etree.iterwalk(node, events=("start", "end")):
        heading = element.tag in _HEADINGS
        if event == "start" and heading:
            if first:
                if shown_text(element) == first:
                    drop(element)
                return
            first, inside = shown_text(element), True
        elif event == "start":
            if first and not inside and (element.text or "").strip():
                return
        else:
            inside = inside and not heading
            if first and not inside and element is not node and (element.tail or "").strip():
                return
