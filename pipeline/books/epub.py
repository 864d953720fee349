"""Book -> EPUB 3: the input for pandoc (`epub_conversion`), and pandoc's EPUB completed (`finished_epub`)."""

from __future__ import annotations

import io
import re
import zipfile
from html import escape
from pathlib import Path
from typing import Any
from xml.parsers import expat

from pipeline.books.book import Book
from pipeline.books.cover import cover, is_right_to_left
from pipeline.books.epub_style import style_sheet
from pipeline.books.epub_tables import with_fitting_tables
from pipeline.books.pandoc_ast import Node, all_nodes, pandoc_json, text_nodes
from pipeline.books.phrases import phrase
from pipeline.books.sections import BookSection
from pipeline.markdown.pandoc import Conversion

XML_SUFFIXES = (".xhtml", ".opf", ".ncx", ".xml", ".svg")


def epub_conversion(book: Book, parts: list[BookSection], folder: Path) -> Conversion:
    """Return the pandoc conversion of a book to EPUB 3, one XHTML file per section.

    The cover, the style sheet (templates/epub.css with font rules) and the fonts are written to `folder`.
    """
    blocks = _with_ruby_elements(with_fitting_tables([node for part in parts for node in _section_blocks(part)]))
    front = folder / "cover.svg"
    front.write_bytes(cover(book.title, book.authors, book.language, book.style.cover))
    sheet, fonts = style_sheet(book, blocks)
    for font in fonts:
        (folder / font.name).write_bytes(font.data)
    (folder / "style.css").write_text(sheet, "utf-8")
    meta = {
        "title": _meta_inlines(book.title),
        "creator": _meta_list([_meta_map(role="author", text=author) for author in book.authors]),
        "lang": _meta_inlines(book.language or "und"),
        "identifier": _meta_list([_meta_map(text=book.identifier)]),
        "date": _meta_inlines(book.date),
        "source": _meta_inlines(book.chapters[0].source_url if len(book.chapters) == 1 else ""),
        "toc-title": _meta_inlines(phrase("contents", book.language)),
        "page-progression-direction": _meta_inlines("rtl" if _progresses_right_to_left(book) else ""),
        "cover-image": {"t": "MetaString", "c": str(front)},
        "css": _meta_list([{"t": "MetaString", "c": str(folder / "style.css")}]),
    }
    options = {
        "split_level": 1,
        "table_of_contents": True,
        "toc_depth": 2,
        "html_math_method": "mathml",
        "epub_fonts": [str(folder / font.name) for font in fonts],
    }
    data = pandoc_json(blocks, {name: value for name, value in meta.items() if value})
    return Conversion(data, "json", "epub3", options, book.epoch, str(folder))


def _with_ruby_elements(blocks: list[Node]) -> list[Node]:
    """Return blocks whose `ruby` and `rt` spans are wrapped in the HTML tags of that name."""
    if not any(node["t"] == "Span" and node["c"][0][1] == ["ruby"] for node in all_nodes(blocks)):
        return blocks
    tagged: list[Node] = _with_ruby_tags(blocks)
    return tagged


def _with_ruby_tags(part: Any) -> Any:  # noqa: ANN401 - any part of an AST
    if isinstance(part, dict):
        return part | {"c": _with_ruby_tags(part["c"])} if "c" in part else part
    if not isinstance(part, list):
        return part
    made: list[Any] = []
    for item in part:
        names = item["c"][0][1] if isinstance(item, dict) and item.get("t") == "Span" else []
        if names in (["ruby"], ["rt"]):
            tags = ({"t": "RawInline", "c": ["html", f"<{end}{names[0]}>"]} for end in ("", "/"))
            made += [next(tags), *_with_ruby_tags(item["c"][1]), next(tags)]
        else:
            made.append(_with_ruby_tags(item))
    return made


def _section_blocks(part: BookSection) -> list[Node]:
    """Return a section as a level 1 heading and a division."""
    language = [["lang", part.language]] if part.language else []
    kind = [["epub:type", part.kind]] if part.kind else []
    heading = {"t": "Header", "c": [1, [part.label, [], language + kind], text_nodes(part.title)]}
    return [heading, {"t": "Div", "c": [["", ["chapter"], language], part.blocks]}]


def _progresses_right_to_left(book: Book) -> bool:
    """Return whether pages progress from right to left."""
    return book.style.vertical or is_right_to_left(book.language)


def finished_epub(epub: bytes, book: Book, parts: list[BookSection], _folder: Path) -> bytes:
    """Return pandoc's EPUB with corrections that pandoc has no option for.

    Each section's file gets its own title and language. The landmarks link to the text. The date is removed if the book
    has none. pandoc's colours of code are removed, because they are illegible in night mode; epub.css uses weight and
    slant instead. Raises RuntimeError where an XML file in the EPUB is not well-formed.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(epub)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith(".xhtml"):
                data = _finished_page(data.decode(), entry.filename, book, parts).encode()
            elif entry.filename.endswith("content.opf"):
                data = _finished_package(data.decode(), book).encode()
            if entry.filename.endswith(XML_SUFFIXES):
                _check_xml(entry.filename, data)
            new.writestr(entry, data, compresslevel=9)
    return made.getvalue()


def _check_xml(name: str, data: bytes) -> None:
    """Raise RuntimeError unless `data` is well-formed XML that declares no entity."""
    reader = expat.ParserCreate()
    reader.EntityDeclHandler = _refuse_entity
    try:
        reader.Parse(data, True)  # noqa: FBT003 - expat takes no name
    except (expat.ExpatError, ValueError) as error:
        message = f"{name} of the EPUB is not well-formed: {error}"
        raise RuntimeError(message) from error


def _refuse_entity(*_declaration: object) -> None:
    message = "it declares an entity"
    raise ValueError(message)


def _finished_page(page: str, name: str, book: Book, parts: list[BookSection]) -> str:
    """Return an XHTML file of the EPUB with the title and language of its section, or, in nav.xhtml, its landmarks."""
    page = re.sub(r"  <style>.*?</style>\n", "", page, count=1, flags=re.DOTALL)
    chapter = re.search(r"/ch(\d+)\.xhtml$", name)
    if chapter:
        section = parts[int(chapter[1]) - 1]
        page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{escape(section.title)}</title>", page, count=1)
        language = escape(section.language or "und")
        attributes = f'lang="{language}" xml:lang="{language}"' + ' dir="rtl"' * is_right_to_left(section.language)
        page = re.sub(r'lang="[^"]*" xml:lang="[^"]*"', attributes, page, count=1)
    if name.endswith("/nav.xhtml"):
        contents = phrase("contents", book.language)
        body = f'<li><a href="text/ch001.xhtml" epub:type="bodymatter">{escape(book.title)}</a></li>'
        head, landmarks, rest = page.partition('<nav epub:type="landmarks"')
        rest = rest.replace(">Table of Contents<", f">{contents}<").replace("  </ol>", f"    {body}\n  </ol>", 1)
        page = head.replace("<a href=", '<a dir="auto" href=') + landmarks + rest
    return page


def _finished_package(package: str, book: Book) -> str:
    """Return content.opf with an accessibility summary, without pandoc's date if the book has none."""
    if not book.date:
        package = re.sub(r"    <dc:date.*?</dc:date>\n", "", package)
    element = '    <meta property="schema:accessibilitySummary">{}</meta>\n  </metadata>'
    summary = "Reflowable text with headings, contents and language tags; figures have text alternatives; no script."
    return package.replace("  </metadata>", element.format(summary), 1)


def _meta_inlines(text: str) -> Node | None:
    return {"t": "MetaInlines", "c": text_nodes(text)} if text else None


def _meta_list(items: list[Node]) -> Node | None:
    return {"t": "MetaList", "c": items} if items else None


def _meta_map(**fields: str) -> Node:
    return {"t": "MetaMap", "c": {name: _meta_inlines(value) for name, value in fields.items() if value}}
