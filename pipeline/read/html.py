"""Web pages: bytes -> text by our own detector -> the article of the page as Markdown, with its metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pipeline.document import Document, SkipDocument, Source
from pipeline.markdown.front_matter import front_matter_of
from pipeline.markdown.yaml_writer import yaml_front_matter
from pipeline.read.decode_page import decode_page
from pipeline.read.pages.article import article_of
from pipeline.read.pages.blocks import indented
from pipeline.read.pages.check import letters_of_page, missing_letters
from pipeline.read.pages.code_blocks import mark_code_blocks
from pipeline.read.pages.furniture import drop_translator
from pipeline.read.pages.images import PagePictures
from pipeline.read.pages.links import PageLinks
from pipeline.read.pages.list_pages import refuse_list
from pipeline.read.pages.maths import formulas_of
from pipeline.read.pages.metadata import PageMetadata, base_of, metadata_of
from pipeline.read.pages.notes import notes_of
from pipeline.read.pages.repeated_title import drop_repeated_title
from pipeline.read.pages.scripts import show_what_scripts_show
from pipeline.read.pages.tidying import tidy_page
from pipeline.read.pages.tree import (
    LargePage,
    page_tree,
)
from pipeline.read.pages.writer import PageWriter
from pipeline.read.readers import READER_VERSIONS, Reader, folder_of_pictures

MOST_MARKDOWN = 20_000_000  # characters; nested quotations repeat their marks
_SNIFF = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|meta|div|p|article|table|h[1-6]|a|span|br|title|ul)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A page to read: its decoded text, its URL if the archive knows it, the files that came with it.

    Without `extract`, all of the page is its article. `fields` are front matter that the archive knows.
    """

    text: str
    name: str
    url: str = ""
    parts: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    extract: bool = True
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageMarkdown:
    """A page as Markdown: text, metadata, the files of its pictures by name, and whether an article was found."""

    text: str
    meta: PageMetadata
    files: Mapping[str, bytes]
    article: bool
    missing: int = 0  # letters that the article shows and the text does not


def sniff_html(data: bytes) -> bool:
    """Return whether bytes look like a web page; UTF-16 is looked at without its NULs."""
    return _SNIFF.search(data[:65536].replace(b"\0", b"")) is not None


def read_html(source: Source) -> tuple[Document, Mapping[str, bytes]]:
    """Return the article of a web page as a document, and the files of the pictures in it.

    Raises SkipDocument if the bytes are not text, or the page is too large.
    """
    document = decode_page(source)
    document = replace(document, meta=replace(document.meta, sha256=source.sha256))
    fields: dict[str, object] = dict(source.fields)
    text = document.text
    found = front_matter_of(text) if text.startswith("---") else None
    if found and not found.problem:  # a page of Jekyll: its layout is in another file
        fields, text = {**found.fields, **fields}, text[len(found.block) :]
    page = SavedPage(text, source.path.name, extract=not fields, fields=fields)
    return document_of_page(document, page)


def document_of_page(document: Document, page: SavedPage) -> tuple[Document, Mapping[str, bytes]]:
    """Return a decoded page as a document of Markdown with front matter, and the files of its pictures."""
    try:
        read = page_markdown(page)
    except LargePage as error:
        message = f"{error}; save a part of the page"
        raise SkipDocument(message) from error
    if not read.text.strip():
        message = "shows no text; a script may load it: save the page from a browser, with SingleFile"
        raise SkipDocument(message)
    if len(read.text) > MOST_MARKDOWN:
        message = f"becomes more than {MOST_MARKDOWN:,} characters of Markdown; split the page"
        raise SkipDocument(message)
    made = replace(document, text=f"{front_matter(read.meta, page.fields)}{read.text}\n", changes=())
    if page.extract and not read.article:
        made = made.noted("read", "no article was found in the page; all of its text is taken")
    if read.missing:
        made = made.noted("read", f"letters of the page that the Markdown does not show: {read.missing}")
    return made, read.files


def page_markdown(page: SavedPage) -> PageMarkdown:
    """Return a page as Markdown."""
    root = page_tree(page.text)
    drop_translator(root)
    if page.extract:
        refuse_list(root)
    meta = metadata_of(root, page.text, str(page.fields.get("source_url") or page.url), converted=not page.extract)
    links = PageLinks(base_of(root) or page.url, meta.source_url)
    show_what_scripts_show(root)
    mark_code_blocks(root)
    tidy_page(root)
    notes = notes_of(root)
    texts = {**formulas_of(root), **notes.references}
    node, article = article_of(root) if page.extract else (root.find("body"), True)
    drop_repeated_title(node)
    pictures = PagePictures(links, folder_of_pictures(PurePosixPath(page.name)), page.parts)
    writer = PageWriter(links, pictures, texts)
    shown = letters_of_page(node, texts)
    body = writer.document(node)
    missing = missing_letters(shown, body)
    parts = [body]
    for number, definition in enumerate(notes.definitions, 1):
        if f"[^{number}]" in body or any(f"[^{number}]" in part for part in parts):
            inner = writer.document(definition)
            parts.append(f"[^{number}]: " + indented(inner, "    ").lstrip(" "))
    if page.extract and not any(parts):  # a list of links, which no article is
        return replace(page_markdown(replace(page, extract=False)), meta=meta, article=False)
    return PageMarkdown("\n\n".join(filter(None, parts)), meta, pictures.files, article, missing)


def front_matter(meta: PageMetadata, known: Mapping[str, object]) -> str:
    """Return the metadata of a page as YAML front matter; "" if there is none. What is `known` is stronger."""
    fields: dict[str, object] = {
        "title": meta.title,
        "authors": list(meta.authors),
        "date": meta.date,
        "source_url": meta.source_url,
        "language": meta.language,
        "description": meta.description,
        "series": meta.series,
        "tags": list(meta.tags),
    }
    fields |= {key: value for key, value in known.items() if value}
    given = {key: value for key, value in fields.items() if value}
    return yaml_front_matter(given) if given else ""


READER = Reader("html", ("html", "htm", "xhtml", "shtml"), sniff_html, read_html, READER_VERSIONS["html"])
