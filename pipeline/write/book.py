"""Documents -> a book: chapters in order, each behind its heading and byline and before its colophon."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.document import Document
from pipeline.pandoc import EARLIEST
from pipeline.steps.links import canonical
from pipeline.write.clean import repaired
from pipeline.write.tree import Node, Place, div, link, plain, read_tree, safe_address, text_nodes

VERSION = 1  # raise it when the bytes of an edition change
API_VERSION = [1, 23, 1, 1]  # of pandoc-types, the one pandoc 3.9 writes
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


@dataclass(frozen=True, slots=True)
class Book:
    """One edition: its title, main language, lasting identifier (a URN) and chapters in order."""

    title: str
    language: str
    identifier: str
    chapters: tuple[Chapter, ...]

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
    return Chapter(meta.title, meta.authors, meta.language, date, source_url, repaired(document), blocks)


def opened(one: Chapter, at: int) -> list[Node]:
    """Return a chapter's blocks behind its heading, byline and before its colophon, headings below its own."""
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
    inner = [*byline, *_levels(body, f"chapter-{at + 1}"), *([div("colophon", notes)] if notes else [])]
    return [heading, {"t": "Div", "c": [["", ["chapter"], [["lang", one.language]] if one.language else []], inner]}]


def _repairs(one: Chapter) -> str:
    return "" if one.repaired == "nothing" else f"Lacuna: {one.repaired}"


def _levels(blocks: list[Node], prefix: str) -> list[Node]:
    """Return blocks with headings from level 2 on, none skipped (PDF/UA-1 asks for that), each with an identifier."""
    outer: list[int] = []
    result = []
    for at, node in enumerate(blocks):
        if node["t"] != "Header":
            result.append(node)
            continue
        level, _, text = node["c"]
        while outer and outer[-1] >= level:
            outer.pop()
        outer.append(level)
        result.append({"t": "Header", "c": [min(len(outer) + 1, 6), [f"{prefix}-{at}", [], []], text]})
    return result


def tree(blocks: list[Node], meta: dict[str, Node]) -> bytes:
    """Return blocks and metadata as the JSON that pandoc reads."""
    return msgspec.json.encode({"pandoc-api-version": API_VERSION, "meta": meta, "blocks": blocks})
