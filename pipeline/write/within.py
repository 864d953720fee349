"""Chapters -> the same, links from one to another leading within the book."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urldefrag

from pipeline.addresses.canonical import canonical
from pipeline.write.book import Chapter

VERSION = 1  # raise it when the links change


def within(chapters: tuple[Chapter, ...]) -> tuple[Chapter, ...]:
    """Return the chapters of a book with each link to the source of another chapter as a link to that chapter.

    The link to a chapter's own source, in its colophon and its text, still leads to the web.
    """
    places: dict[str, str] = {}
    for at, one in enumerate(chapters):
        if one.source_url:
            places.setdefault(_home(one.source_url), f"#chapter-{at + 1}")
    return tuple(replace(one, blocks=_led(one.blocks, places, f"#chapter-{at + 1}")) for at, one in enumerate(chapters))


def _home(address: str) -> str:
    """Return what two addresses of one post have in common."""
    return urldefrag(canonical(address))[0].rstrip("/")


def _led(part: Any, places: dict[str, str], own: str) -> Any:  # noqa: ANN401 - any part of a tree
    """Return a part of a tree with its links to `places` leading there, but for those to its `own`."""
    if isinstance(part, list):
        return [_led(item, places, own) for item in part]
    if not isinstance(part, dict):
        return part
    inner = _led(part.get("c"), places, own)
    if part["t"] == "Link":
        attributes, text, (address, title) = inner
        place = places.get(_home(address), own)
        inner = [attributes, text, [address if place == own else place, title]]
    return {**part, "c": inner} if "c" in part else part
