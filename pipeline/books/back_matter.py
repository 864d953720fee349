"""Chapters and their cited works -> the back matter of a book, as pandoc blocks: works cited, and the colophon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from itertools import groupby
from typing import NamedTuple

from pipeline.books.book import Book, Chapter
from pipeline.books.images.figures import missing_image_count
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node, all_nodes, div, link_or_text, para, text_nodes
from pipeline.books.phrases import phrase
from pipeline.citations.cited_works import Work, catalogue
from pipeline.citations.completion import Completion, completed_works
from pipeline.markdown.pandoc import PANDOC_VERSION as PANDOC
from pipeline.urls.canonical import host_of
from pipeline.urls.identifiers import identifiers

FONT_NAMES = "Libertinus, Noto (SIL Open Font License)"
FULL_WIDTH_LANGUAGES = {"zh", "ja"}  # whose colon and full stop are as wide as a character
PLACE_NAMES = {"arxiv": "arXiv:", "doi": "doi:", "github": "GitHub "}  # scheme of an identifier -> how works name it
MOST_WITHOUT_LETTERS = 40  # works; a longer index has letters above its entries
LONGEST_SHOWN_PLACE = 48  # characters of a URL without scheme; of a longer one, only the host is shown


class ChapterCitation(NamedTuple):
    """One citation: the title of the chapter, the work that it cites, and where, as a link target in the book."""

    title: str
    work: Work
    target: str  # such as "#chapter-1-2"


def works_cited(citing: list[ChapterCitation], completions: Mapping[str, Completion]) -> list[Node]:
    """Return the index of cited works: each work once, sorted by authors, year and title.

    Works without a title get it from `completions`, which are by key of the work.

    An entry is one paragraph. It links to the places where the work is available, and to each section that cites it.
    """
    by_key: dict[str, list[ChapterCitation]] = {}
    for citation in citing:
        by_key.setdefault(citation.work.key, []).append(citation)
    works = sorted(completed_works(catalogue(citation.work for citation in citing), completions), key=_work_sort_key)
    entries = [_work_entry(work, by_key[work.key]) for work in works]
    if len(works) <= MOST_WITHOUT_LETTERS:
        return [div("works", entries)]
    letters = groupby(zip(map(_first_letter, works), entries, strict=True), key=lambda pair: pair[0])
    return [
        div("works", [*([div("letter", [para(*text_nodes(letter))])] if letter else []), *(one for _, one in inside)])
        for letter, inside in letters
    ]


def _first_letter(work: Work) -> str:
    """Return the letter under which an index has a work; "" if its script has too many, as Chinese has."""
    first = next((char for char in _work_sort_key(work)[0] if char.isalnum()), "")
    return first.upper() if first.upper() != first.lower() else ""


def _work_sort_key(work: Work) -> tuple[str, str, str]:
    return ", ".join(work.authors or (work.title,)).casefold(), work.year, work.title.casefold()


def _work_entry(work: Work, citing: list[ChapterCitation]) -> Node:
    authors = ", ".join(work.authors) + " et al." * (work.others and bool(work.authors))
    authors_year = f"{authors} ({work.year})" if authors and work.year else authors or work.year
    title = [{"t": "Strong", "c": text_nodes(work.title)}]
    title += text_nodes(f" ({work.original})") if work.original else []
    links = _with_dots_between([link_or_text(_place_name(kind, url), url) for kind, url in work.links])
    citations = _with_dots_between([_citation_link(citation) for citation in citing])
    start = text_nodes(f"{authors_year}. ") if authors_year else []
    return para(*start, *title, *text_nodes(". "), *links, *text_nodes(" \N{RIGHTWARDS ARROW} "), *citations)


def _place_name(kind: str, url: str) -> str:
    """Return a short name of the place where a work is available: its identifier, or its host.

    >>> _place_name("paper", "https://arxiv.org/abs/1703.00522"), _place_name("talk", "https://www.example.org/a")
    ('arXiv:1703.00522', 'talk: example.org/a')
    """
    for scheme, name in PLACE_NAMES.items():
        found = next((one for one in identifiers(url) if one.startswith(f"{scheme}:")), "")
        if found:
            return f"{name}{found.partition(':')[2]}"
    shown = url.partition("://")[2].removeprefix("www.").rstrip("/")
    return f"{kind}: {shown}" if len(shown) <= LONGEST_SHOWN_PLACE else f"{kind}: {host_of(url).removeprefix('www.')}"


def _citation_link(citation: ChapterCitation) -> Node:
    """Return a link to the section that cites a work. The PDF adds its page number."""
    return {"t": "Link", "c": [["", ["cited"], []], text_nodes(citation.title), [citation.target, ""]]}


def colophon(book: Book, works: int) -> list[Node]:
    """Return the blocks of the colophon: counts of posts, `works` cited, missing images and repairs; tool versions."""
    dates = sorted(chapter.date for chapter in book.chapters if chapter.date)
    missing = sum(map(_missing_images, book.chapters))
    repaired = [(at, chapter) for at, chapter in enumerate(book.chapters) if chapter.repaired != "nothing"]
    years = f" ({' – '.join(sorted({dates[0], dates[-1]}))})" if dates else ""
    counts = {"posts": f"{len(book.chapters)}{years}", "works-cited": works, "image-missing": missing}
    counts["repaired"] = len(repaired)
    items = [
        [para(_internal_link(chapter.title, f"#chapter-{at + 1}"), *text_nodes(f": {chapter.repaired}"))]
        for at, chapter in repaired
    ]
    repairs = [_bullet_list_node(items)] * bool(items)
    sentences = [
        with_count(name, count, book.language) for name, count in counts.items() if count or name == "repaired"
    ]
    body = [para(*text_nodes(sentence_end(book.language).join([*sentences, ""]).strip())), tool_versions(book.language)]
    name = {"t": "Span", "c": [["", ["identifier"], []], text_nodes(book.identifier)]}
    return [div("imprint", [*body, *([english(*repairs)] if repairs else []), para(name)])]


def with_count(name: str, count: object, language: str) -> str:
    """Return a phrase and a count, with the colon of the language.

    >>> with_count("posts", 4, "en"), with_count("posts", 4, "zh-Hans")
    ('Posts: 4', '文章：4')
    """
    return f"{phrase(name, language)}{'：' if language[:2] in FULL_WIDTH_LANGUAGES else ': '}{count}"


def sentence_end(language: str) -> str:
    """Return the full stop of a language (BCP 47), with the space after it if the language has one: `. ` or `。`."""
    return "。" if language[:2] in FULL_WIDTH_LANGUAGES else ". "


def english(*blocks: Node) -> Node:
    """Return blocks marked as English, for text that is English in a book of any language."""
    return {"t": "Div", "c": [["", ["english"], [["lang", "en"], ["dir", "ltr"]]], list(blocks)]}


@cache
def tool_names() -> str:
    """Return the tools that made the book, with their versions."""
    return f"Lacuna {version('lacuna-pipeline')}, pandoc {PANDOC}, Typst {version('typst')}"


def tool_versions(language: str) -> Node:
    """Return a paragraph that names the tools that made the book, and the fonts."""
    return para(*text_nodes(phrase("made-with", language).format(tools=tool_names(), fonts=FONT_NAMES)))


def _missing_images(chapter: Chapter) -> int:
    divs = (node for node in all_nodes(chapter.blocks) if node["t"] == "Div")
    return sum(missing_image_count(node) for node in divs if "missing-image" in node["c"][0][1])


def _internal_link(title: str, target: str) -> Node:
    """Return a link within the book."""
    return {"t": "Link", "c": [NO_ATTRIBUTES, text_nodes(title), [target, ""]]}


def _with_dots_between(items: list[Node]) -> Iterator[Node]:
    for at, item in enumerate(items):
        yield from text_nodes(" · ") if at else []
        yield item


def _bullet_list_node(items: list[list[Node]]) -> Node:
    return {"t": "BulletList", "c": items}
