"""Documents -> a book: chapters in order, each behind its heading and byline and before its colophon."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from pipeline.addresses.canonical import canonical, page_of
from pipeline.document import Document, FrontValue
from pipeline.pandoc import EARLIEST
from pipeline.write.clean import repaired
from pipeline.write.tree import Node, Place, div, link, plain, read_tree, retarget, safe_address, text_nodes

VERSION = 2  # raise it when the bytes of an edition change
API_VERSION = [1, 23, 1, 1]  # of pandoc-types, the one pandoc 3.9 writes
TAGS = ("tags", "categories", "keywords")  # the fields of front matter that static site generators read
NAMESPACE = uuid.UUID("5d0f7c3e-0b52-4a6c-9a43-6a2f5c0f4a11")  # ours


@dataclass(frozen=True, slots=True)
class Chapter:
    """A post as a book holds it: what the title page says of it, and its vetted blocks."""

    title: str
    authors: tuple[str, ...]
    language: str  # BCP 47; empty if unknown
    date: str  # ISO 8601, as exact as known
    source_url: str
    repaired: str  # in one line
    blocks: list[Node]
    tags: tuple[str, ...] = ()  # of the front matter, its categories and keywords among them
    series: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How an edition looks: the PDF's page, the direction of the EPUB's lines, the colour of its cover (#rrggbb)."""

    page: str = "a5"  # a key of `pages` in templates/book.typ
    vertical: bool = False
    cover: str = "#2f4858"


@dataclass(frozen=True, slots=True)
class Book:
    """One edition: its title, main language, lasting identifier (a URN), chapters in order, and its look."""

    title: str
    language: str
    identifier: str
    chapters: tuple[Chapter, ...]
    look: Look = Look()

    @property
    def authors(self) -> list[str]:
        """Return the authors of all chapters, each once, in order."""
        return list(dict.fromkeys(author for chapter in self.chapters for author in chapter.authors))

    @property
    def date(self) -> str:
        """Return the date of the newest chapter; empty if none is known."""
        return max(chapter.date for chapter in self.chapters)

    @property
    def epoch(self) -> int:
        """Return the first moment of that date in Unix seconds: the only clock that a book knows."""
        year, month, day = [*map(int, self.date.split("-")), 1, 1][:3] if self.date else (1980, 1, 1)
        return max(EARLIEST, int(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp()))


def identifier(name: str) -> str:
    """Return the lasting identifier of the edition called `name`: an RFC 9562 UUID of version 5, as a URN."""
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, name)}"


def chapter_of(document: Document, root: Path) -> Chapter:
    """Return `document`, archived below `root`, as a chapter. Raises Unfit where pandoc gives up on it."""
    meta = document.meta
    source_url = safe_address(canonical(meta.source_url))
    blocks = read_tree(document.text, Place(root, root / document.path.parent, source_url, meta.language))
    date = meta.date if re.fullmatch(r"(?:19|20)\d\d(?:-[01]\d(?:-[0-3]\d)?)?", meta.date) else ""
    found = dict(meta.extra)
    return Chapter(
        title=meta.title,
        authors=meta.authors,
        language=meta.language,
        date=date,
        source_url=source_url,
        repaired=repaired(document),
        blocks=blocks,
        tags=tuple(tag for field in TAGS for tag in _words(found.get(field))),
        series=", ".join(_words(found.get("series"))),
    )


def _words(value: FrontValue) -> list[str]:
    """Return what a field of front matter lists: items, or words between commas."""
    items = value if isinstance(value, list) else str(value or "").split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def opened(book: Book) -> list[list[Node]]:
    """Return each chapter as its heading and a division: byline, blocks, colophon.

    A link to the source of another chapter leads to that chapter, one to a heading of its own post to that heading.
    """
    places: dict[str, str] = {}
    for at, one in enumerate(book.chapters):
        if one.source_url:
            places.setdefault(page_of(one.source_url), f"#chapter-{at + 1}")
    return [_opened(one, at, places) for at, one in enumerate(book.chapters)]


def _opened(one: Chapter, at: int, places: Mapping[str, str]) -> list[Node]:
    heading = {
        "t": "Header",
        "c": [1, [f"chapter-{at + 1}", [], [["lang", one.language]] if one.language else []], text_nodes(one.title)],
    }
    body = one.blocks
    if body and body[0]["t"] == "Header" and plain(body[0]["c"][2]).split() == one.title.split():
        body = body[1:]
    said = [part for part in (", ".join(one.authors), one.date) if part]
    byline = [div("byline", [{"t": "Para", "c": text_nodes(" · ".join(said))}])] if said else []
    source = [*text_nodes("↗ "), link(one.source_url, one.source_url)] if one.source_url else []
    notes = [{"t": "Para", "c": nodes} for nodes in (source, text_nodes(_repairs(one))) if nodes]
    prefix = f"chapter-{at + 1}"
    headings: dict[str, str] = {}
    body = _levels(body, prefix, [], headings)

    def target(address: str) -> str:
        if address.startswith("#"):
            return headings.get(unquote(address[1:]), "")
        post = page_of(canonical(address))
        return address if post == page_of(one.source_url) else places.get(post, address)

    inner = [*byline, *retarget(body, target), *([div("colophon", notes)] if notes else [])]
    return [heading, {"t": "Div", "c": [["", ["chapter"], [["lang", one.language]] if one.language else []], inner]}]


def _repairs(one: Chapter) -> str:
    return "" if one.repaired == "nothing" else f"Lacuna: {one.repaired}"


def _levels(part: Any, prefix: str, outer: list[int], places: dict[str, str]) -> Any:  # noqa: ANN401 - any part of a tree
    """Return a tree's part with headings from level 2 on, none skipped (PDF/UA-1 asks for that), wherever they stand.

    Each gets an identifier, which `places` keeps by the one it had; `outer` holds the levels of the headings above.
    """
    if isinstance(part, list):
        return [_levels(item, prefix, outer, places) for item in part]
    if not isinstance(part, dict) or "c" not in part:
        return part
    if part["t"] != "Header":
        return part | {"c": _levels(part["c"], prefix, outer, places)}
    level, (written, *_), text = part["c"]
    while outer and outer[-1] >= level:
        outer.pop()
    outer.append(level)
    name = f"{prefix}-{len(places) + 1}"
    places[written or f"#{name}"] = f"#{name}"  # no identifier that pandoc gives holds a #
    return {"t": "Header", "c": [min(len(outer) + 1, 6), [name, [], []], text]}


def tree(blocks: list[Node], meta: dict[str, Node]) -> bytes:
    """Return blocks and metadata as the JSON that pandoc reads."""
    return msgspec.json.encode({"pandoc-api-version": API_VERSION, "meta": meta, "blocks": blocks})
