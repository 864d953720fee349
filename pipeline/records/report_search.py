"""Posts -> a page that searches and filters all of them without a server: its script reads a small file per page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pipeline.records.report_card import Card
from pipeline.records.report_html import template_pieces

VERSION = 3  # raise it when the bytes change


def search_page(title: str, pages: Sequence[str]) -> Iterator[bytes]:
    """Yield the page; `pages` are the files of the report's pages, next to it."""
    files = msgspec.json.encode([f"{page.removesuffix('.html')}.js" for page in pages]).decode()
    return template_pieces("search.html", script="search.js", title=title, part="search", files=files)


def page_entries(file: str, cards: Iterable[Card]) -> Iterator[bytes]:
    """Yield a script with title, path, place and kinds of each post of the page `file`."""
    entries = [(card.title, card.path, f"p{at}", " ".join(card.kinds)) for at, card in enumerate(cards, 1)]
    yield b"lacunaPosts(" + msgspec.json.encode(file) + b", " + msgspec.json.encode(entries) + b");\n"
