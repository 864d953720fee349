"""Book -> the metadata of its EPUB: for pandoc (`epub_metadata`), and what pandoc cannot write (`finished_package`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape

from pipeline.books.book import Book
from pipeline.books.metadata import (
    description_of,
    has_pictures,
    hosts_of,
    languages_of,
    position_of,
    publisher_of,
    rights_of,
    series_of,
    subjects_of,
)
from pipeline.books.pandoc_ast import Node, all_nodes, text_nodes

MOST_CREATORS = 5  # authors of the book; catalogues list more as contributors
MOST_WORDS_OF_NAME = 3  # a longer one may be that of a group
SUMMARY = "Reflowable text with headings, contents and language tags; figures have text alternatives; no script."


def epub_metadata(book: Book) -> dict[str, Node]:
    """Return the metadata that pandoc writes to content.opf."""
    authors = book.authors
    single = book.chapters[0].source_url if len(book.chapters) == 1 else ""
    meta = {
        "title": meta_inlines(book.title),
        "creator": meta_list([_meta_map(role="author", text=author) for author in authors[:MOST_CREATORS]]),
        "contributor": meta_list([_meta_map(role="author", text=author) for author in authors[MOST_CREATORS:]]),
        "lang": meta_inlines(book.language or "und"),
        "identifier": meta_list([_meta_map(text=text) for text in (book.identifier, single) if text]),
        "date": meta_inlines(book.date),
        "source": meta_inlines(single or ", ".join(hosts_of(book))),
        "publisher": meta_inlines(publisher_of(book)),
        "rights": meta_inlines(rights_of(book)),
        "description": meta_inlines(description_of(book)),
        "subject": meta_list([_meta_map(text=subject) for subject in subjects_of(book)]),
        "belongs-to-collection": meta_inlines(series_of(book)),
        "group-position": meta_inlines(position_of(book)),
    }
    return {name: value for name, value in meta.items() if value}


def cover_text(book: Book) -> str:
    """Return the text alternative of the cover."""
    return f"Cover: {book.title}"


def finished_package(package: str, book: Book) -> str:
    """Return content.opf with all languages, accessibility metadata and the cover's identifier for older devices.

    pandoc's date is removed if the book has none.
    """
    if not book.date:
        package = re.sub(r"    <dc:date.*?</dc:date>\n", "", package)
    package = re.sub(r'(<item id="cover_xhtml"[^>]*) properties="svg"', r"\1", package)
    main, *others = languages_of(book)
    first = f"<dc:language>{escape(main)}</dc:language>"
    package = package.replace(
        first, "\n    ".join([first, *(f"<dc:language>{escape(one)}</dc:language>" for one in others)])
    )
    package = re.sub(r'    <meta property="schema:access.*?</meta>\n', "", package)
    cover = re.search(r'<item properties="cover-image" id="([^"]+)"', package)
    named = f'    <meta name="cover" content="{cover[1]}" />\n' if cover else ""
    offered = "".join(f'    <meta property="{name}">{text}</meta>\n' for name, text in _accessibility(book))
    return package.replace("  </metadata>", f"{named}{_refinements(package)}{_series(book)}{offered}  </metadata>", 1)


def _refinements(package: str) -> str:
    """Return what catalogues sort by: the kind of the title, and the surname of each author first."""
    made = [("epub-title-1", "title-type", "main")]
    for identifier, name in re.findall(r'<dc:(?:creator|contributor) id="([^"]+)"[^>]*>([^<]+)<', package):
        if sorted_as := file_as(unescape(name)):
            made.append((identifier, "file-as", sorted_as))
    return "".join(f'    <meta refines="#{one}" property="{name}">{escape(text)}</meta>\n' for one, name, text in made)


def file_as(name: str) -> str:
    """Return a Latin name of two or three words with its surname first; "" for any other.

    >>> file_as("Ann M. Smith"), file_as("李飞飞"), file_as("The Research Team at Example")
    ('Smith, Ann M.', '', '')
    """
    words = name.split()
    person = all(re.fullmatch(r"[A-ZÀ-ÞŁŚŽČŠĐ](?:\.|[\w'’-]*[a-zà-ÿ])", word) for word in words)
    if not person or not 1 < len(words) <= MOST_WORDS_OF_NAME or words[0] in {"The", "A"}:
        return ""
    return f"{words[-1]}, {' '.join(words[:-1])}"


def _accessibility(book: Book) -> Iterator[tuple[str, str]]:
    """Yield the accessibility metadata (schema.org): what a reader needs, what the book offers."""
    yield "schema:accessMode", "textual"
    if has_pictures(book):
        yield "schema:accessMode", "visual"
        yield "schema:accessModeSufficient", "textual,visual"
    nodes = [node for one in book.chapters for node in all_nodes(one.blocks) if node["t"] in {"Image", "Math"}]
    described = all(node["c"][1] for node in nodes if node["t"] == "Image")
    if described:
        yield "schema:accessModeSufficient", "textual"
    features = ["displayTransformability", "readingOrder", "structuralNavigation", "tableOfContents", "unlocked"]
    features += ["alternativeText"] * described
    features += ["MathML"] * any(node["t"] == "Math" for node in nodes)
    for feature in sorted(features):
        yield "schema:accessibilityFeature", feature
    yield "schema:accessibilityHazard", "none"
    yield "schema:accessibilitySummary", SUMMARY


def _series(book: Book) -> str:
    """Return the series, and the position in it, for calibre, Kobo and Kavita."""
    named = {"calibre:series": series_of(book), "calibre:series_index": position_of(book)}
    return "".join(f'    <meta name="{name}" content="{escape(value)}" />\n' for name, value in named.items() if value)


def meta_inlines(text: str) -> Node | None:
    """Return a text as pandoc metadata; None if it is empty."""
    return {"t": "MetaInlines", "c": text_nodes(text)} if text else None


def meta_list(items: list[Node]) -> Node | None:
    """Return a list as pandoc metadata; None if it is empty."""
    return {"t": "MetaList", "c": items} if items else None


def _meta_map(**fields: str) -> Node:
    return {"t": "MetaMap", "c": {name: meta_inlines(value) for name, value in fields.items() if value}}
