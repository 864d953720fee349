"""`<svg>` in the HTML of a post -> an image of it, as any other image of the post."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from pipeline.books.html.dom import Element, attributes_of
from pipeline.books.images.pictures import is_valid_image
from pipeline.books.images.svg import sanitized_svg, text_of_svg
from pipeline.books.pandoc_ast import Node, text_nodes


def image_of_svg(element: Element) -> Node | None:
    """Return an `<svg>` as an image whose target is a `data:` URL; None if it is not a drawing, or one to refuse.

    Its alternative text is its label, or the words in it.
    """
    if element.name != "svg":
        return None
    drawing = _sanitized(element.to_html())
    if not drawing:
        return None
    given = attributes_of(element)
    size = [[name, given[name]] for name in ("width", "height", "style") if name in given]
    alt = given.get("aria-label") or text_of_svg(drawing)
    return {"t": "Image", "c": [["", [], size], text_nodes(alt), [f"data:image/svg+xml,{quote(drawing)}", ""]]}


@lru_cache(maxsize=8)
def _sanitized(written: str) -> bytes | None:
    try:
        return sanitized_svg(written.encode(), lambda data: is_valid_image(data) is not None)
    except Exception:  # noqa: BLE001 - a hostile drawing can raise anything; the book then names it as one that it cannot show
        return None
