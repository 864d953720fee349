"""Image node -> the call of `picture` in templates/book.typ."""

from __future__ import annotations

import re

from pipeline.books.images.figures import image_in
from pipeline.books.pandoc_ast import Node, ast_plain_text
from pipeline.books.pdf.typst_values import typst_arguments, typst_literal


def picture_call(node: Node) -> str:
    """Return the call of `picture` in templates/book.typ that shows an image or a linked image."""
    image = image_in(node)
    name = image["c"][2][0]
    pixels = re.search(r"-(\d+)\.\w+\Z", name)
    style = dict(part.split(":") for part in dict(image["c"][0][2]).get("style", "").split(";") if part)
    arguments: dict[str, object] = {"alt": ast_plain_text(image["c"][1])}
    arguments |= {"pixels": int(pixels[1])} if pixels else {}
    arguments |= {side: style[side] for side in ("width", "height") if style.get(side, "auto") != "auto"}
    call = f"picture({typst_arguments(arguments, name)})"
    return call if node is image else f"link({typst_target(node['c'][2][0])}, {call})"


def typst_target(url: str) -> str:
    """Return the target of a link as Typst writes it: a label in the book, or a URL.

    >>> typst_target("#chapter-1"), typst_target("https://e.org")
    ('label("chapter-1")', '"https://e.org"')
    """
    return f"label({typst_literal(url[1:])})" if url.startswith("#") else typst_literal(url)
