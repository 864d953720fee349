"""Book -> its back matter: the works its posts cite, and the colophon."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

from pipeline.books.book import Book, Chapter
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, div, link, nodes, para, text_nodes
from pipeline.books.phrases import phrase
from pipeline.citations.cited_works import Work, catalogue
from pipeline.markdown.pandoc import VERSION as PANDOC


class Citing(NamedTuple):
    """A chapter cites a work, at an address in the book."""

    title: str
    work: Work
    address: str


def works_cited(citing: list[Citing]) -> list[Node]:
    """Return the index: each work once, by authors, year and title, where it is to be had and where it is cited."""
    by_key: dict[str, list[Citing]] = {}
    for one in citing:
        by_key.setdefault(one.work.key, []).append(one)
    works = sorted(catalogue(one.work for one in citing), key=_order)
    return [div("works", [_list([list(_entry(work, by_key[work.key])) for work in works])])]


def _order(work: Work) -> tuple[str, str, str]:
    return ", ".join(work.authors or (work.title,)).casefold(), work.year, work.title.casefold()


def _entry(work: Work, citing: list[Citing]) -> Iterator[Node]:
    by = ", ".join(work.authors) + " et al." * (work.others and bool(work.authors))
    said = f"{by} ({work.year})" if by and work.year else by or work.year
    title = [{"t": "Strong", "c": text_nodes(work.title)}]
    title += text_nodes(f" ({work.original})") if work.original else []
    places = [link(f"{kind}: {address}", address) for kind, address in work.links]
    yield para(*(text_nodes(f"{said}. ") if said else []), *title)
    yield para(*_between(places, " · "))
    yield para(*text_nodes("→ "), *_between([_cited(one) for one in citing], " · "))


def _cited(one: Citing) -> Node:
    """Return a link to where a work is cited; the PDF adds the number of the page."""
    return {"t": "Link", "c": [["", ["cited"], []], text_nodes(one.title), [one.address, ""]]}


def colophon(book: Book, works: int) -> list[Node]:
    """Return what the book is made of, with so many works cited, what was repaired, and with what it was made."""
    dates = sorted(chapter.date for chapter in book.chapters if chapter.date)
    missing = sum(map(_missing, book.chapters))
    repaired = [(at, one) for at, one in enumerate(book.chapters) if one.repaired != "nothing"]
    between = f" ({' – '.join(sorted({dates[0], dates[-1]}))})" if dates else ""
    counts = {"posts": f"{len(book.chapters)}{between}", "works-cited": works, "image-missing": missing}
    counts["repaired"] = len(repaired)
    items = [
        [para(_link_to(one.title, f"#chapter-{at + 1}"), *text_nodes(f": {one.repaired}"))] for at, one in repaired
    ]
    told = [_list(items)] * bool(items)
    body = [
        para(*text_nodes(f"{phrase(name, book.language)}: {count}"))
        for name, count in counts.items()
        if count or name == "repaired"
    ]
    return [div("imprint", [*body, english(*told, made_with(), para(*text_nodes(book.identifier)))])]


def english(*blocks: Node) -> Node:
    """Return what is said in English, whatever the book's language is."""
    return {"t": "Div", "c": [["", ["english"], [["lang", "en"]]], list(blocks)]}


@cache
def made_with() -> Node:
    """Return what made the book, each with its version."""
    made = f"Lacuna {version('lacuna-pipeline')}, pandoc {PANDOC}, Typst {version('typst')}"
    return para(*text_nodes(f"Made with {made}. Fonts: Libertinus and Noto, under the SIL Open Font License."))


def _missing(chapter: Chapter) -> int:
    divs = (node["c"][0][1] for node in nodes(chapter.blocks) if node["t"] == "Div")
    return sum("missing-image" in names for names in divs)


def _link_to(title: str, address: str) -> Node:
    """Return a link within the book."""
    return {"t": "Link", "c": [NO_ATTRIBUTES, text_nodes(title), [address, ""]]}


def _between(items: list[Node], mark: str) -> Iterator[Node]:
    for at, item in enumerate(items):
        yield from text_nodes(mark) if at else []
        yield item


def _list(items: list[list[Node]]) -> Node:
    return {"t": "BulletList", "c": items}
