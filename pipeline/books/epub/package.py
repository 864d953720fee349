"""Book -> EPUB 3: the input for pandoc (`epub_conversion`), and pandoc's EPUB completed (`finished_epub`)."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any
from xml.parsers import expat

from pipeline.books.book import Book
from pipeline.books.chapter.languages import is_right_to_left
from pipeline.books.chapter.notes import with_notes_at_end
from pipeline.books.contents import contents_of
from pipeline.books.cover import cover_jpeg
from pipeline.books.epub.contents import landmarks, with_nav_list, with_ncx_points
from pipeline.books.epub.metadata import cover_text, epub_metadata, finished_package, meta_inlines, meta_list
from pipeline.books.epub.style import style_sheet
from pipeline.books.epub.tables import with_fitting_tables
from pipeline.books.maths.formula_check import in_pandoc_spelling, original_spellings
from pipeline.books.metadata import MOST_AUTHORS_ON_TITLE_PAGE, hosts_of, named_authors, series_of, years_of
from pipeline.books.pandoc_ast import (
    Node,
    all_nodes,
    class_names,
    is_node,
    pandoc_json,
    text_nodes,
    with_changed_lists,
)
from pipeline.books.phrases import phrase
from pipeline.books.sections import BookSection
from pipeline.books.title_phrases import with_phrases
from pipeline.markdown.pandoc import Conversion

_SECTION_TAG = re.compile(r'<section [^>]*class="level[2-6][^>]*>')  # pandoc gives it the attributes of its heading
COVER_FILE = "front.jpg"
XML_SUFFIXES = (".xhtml", ".opf", ".ncx", ".xml", ".svg")


def epub_conversion(book: Book, parts: list[BookSection], folder: Path) -> Conversion:
    """Return the pandoc conversion of a book to EPUB 3, one XHTML file per section.

    The cover, the style sheet (templates/epub.css with font rules) and the fonts are written to `folder`. pandoc gets a
    cover of one pixel, because it decodes it to learn its size, which takes it 0.2 s; `finished_epub` puts the real one
    in its place.
    """
    nodes = with_fitting_tables([node for part in parts for node in _section_blocks(part)])
    blocks = _with_ruby_elements(in_pandoc_spelling(nodes))
    folder.joinpath(COVER_FILE).write_bytes(cover_jpeg(book, folder))
    stand_in = folder / "cover.jpg"
    stand_in.write_bytes(_one_pixel())
    sheet, fonts = style_sheet(book, blocks)
    for font in fonts:
        (folder / font.name).write_bytes(font.data)
    (folder / "style.css").write_text(sheet, "utf-8")
    meta = epub_metadata(book) | {
        "toc-title": meta_inlines(phrase("contents", book.language)),
        "page-progression-direction": meta_inlines("rtl" if _progresses_right_to_left(book) else ""),
        "cover-image": {"t": "MetaString", "c": str(stand_in)},
        "css": meta_list([{"t": "MetaString", "c": str(folder / "style.css")}]),
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


@cache
def _one_pixel() -> bytes:
    """Return a JPEG of one pixel."""
    from PIL import Image  # noqa: PLC0415 - a run without new books does not need it

    made = io.BytesIO()
    Image.new("L", (1, 1)).save(made, "JPEG")
    return made.getvalue()


def _finished_title_page(page: str, book: Book) -> str:
    """Return the title page: series, title, the authors in one paragraph, years, hosts."""
    lines = [("series", series_of(book)), ("title", book.title)]
    lines.append(("author", ", ".join(named_authors(book.authors, book.language, MOST_AUTHORS_ON_TITLE_PAGE))))
    lines.append(("date", " · ".join(part for part in (years_of(book), ", ".join(hosts_of(book)[:3])) if part)))
    tags = {"title": "h1"}
    inside = "".join(
        f'  <{tags.get(name, "p")} class="{name}" dir="auto">{escape(text)}</{tags.get(name, "p")}>\n'
        for name, text in lines
        if text
    )
    section = f'<section epub:type="titlepage" class="titlepage">\n{inside}</section>'
    return re.sub(r"<section.*</section>", lambda _: section, page, flags=re.DOTALL)


def _with_ruby_elements(blocks: list[Node]) -> list[Node]:
    """Return blocks whose `ruby` and `rt` spans are wrapped in the HTML tags of that name."""
    if not any(node["t"] == "Span" and node["c"][0][1] == ["ruby"] for node in all_nodes(blocks)):
        return blocks
    tagged: list[Node] = with_changed_lists(blocks, _with_ruby_tags)
    return tagged


def _with_ruby_tags(items: list[Any]) -> list[Any]:
    made: list[Any] = []
    for item in items:
        names = item["c"][0][1] if is_node(item, "Span") else []
        if names in (["ruby"], ["rt"]):
            start, end = ({"t": "RawInline", "c": ["html", f"<{slash}{names[0]}>"]} for slash in ("", "/"))
            made += [start, *item["c"][1], end]
        else:
            made.append(item)
    return made


def _section_blocks(part: BookSection) -> list[Node]:
    """Return a section as a level 1 heading and a division."""
    language = [["lang", part.language]] if part.language else []
    kind = [["epub:type", part.kind], ["role", f"doc-{part.kind}"]] if part.kind else []
    series = [{"t": "Span", "c": [["", ["series"], []], text_nodes(part.parts.series)]}, {"t": "Space"}]
    title = [*series, *text_nodes(part.parts.title)] if part.parts.series else text_nodes(part.title)
    heading = {"t": "Header", "c": [1, [part.label, [], language + kind], title]}
    heading, *blocks = _with_phrase_breaks([heading, *with_notes_at_end(part.blocks, part.language)], part.language)
    return [heading, {"t": "Div", "c": [["", ["chapter"], language], blocks]}]


def _with_phrase_breaks(blocks: list[Node], language: str) -> list[Node]:
    """Return blocks whose headings and subtitle may break between their phrases, and with epub.css only there."""

    def joined(phrases: list[str]) -> list[Node]:
        mark = {"t": "RawInline", "c": ["html", "<wbr />"]}
        return [node for at, words in enumerate(phrases) for node in (*[mark] * (at > 0), *text_nodes(words))]

    def broken(block: Node, parent: str) -> Node:
        if block["t"] == "Header":
            return block | {"c": [*block["c"][:2], with_phrases(block["c"][2], language, joined)]}
        if block["t"] == "Para" and parent == "subtitle":
            return block | {"c": with_phrases(block["c"], language, joined)}
        if block["t"] == "Div" and (name := next(iter({"opening", "subtitle"} & {*class_names(block)}), "")):
            return block | {"c": [block["c"][0], [broken(one, name) for one in block["c"][1]]]}
        return block

    return [broken(block, "") for block in blocks]


def _progresses_right_to_left(book: Book) -> bool:
    """Return whether pages progress from right to left."""
    return book.style.vertical or is_right_to_left(book.language)


def finished_epub(epub: bytes, book: Book, parts: list[BookSection], folder: Path) -> bytes:
    """Return pandoc's EPUB with the cover and with corrections that pandoc has no option for.

    Each section's file gets its own title and language. The landmarks link to the text. The date is removed if the book
    has none. pandoc's colours of code are removed, because they are illegible in night mode; epub.css uses weight and
    slant instead. Raises RuntimeError where an XML file in the EPUB is not well-formed.
    """
    made = io.BytesIO()
    spellings = original_spellings([part.blocks for part in parts])
    with zipfile.ZipFile(io.BytesIO(epub)) as old, zipfile.ZipFile(made, "w") as new:
        cover = _cover_name(old)
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == cover:
                data, entry.compress_type = folder.joinpath(COVER_FILE).read_bytes(), zipfile.ZIP_DEFLATED
            elif entry.filename.endswith(".xhtml"):
                page = _with_original_tex(data.decode(), spellings)
                data = _finished_page(page, entry.filename, book, parts).encode()
            elif entry.filename.endswith("toc.ncx"):
                data = with_ncx_points(data.decode(), contents_of(parts)).encode()
            elif entry.filename.endswith("content.opf"):
                data = finished_package(data.decode(), book).encode()
            if entry.filename.endswith(XML_SUFFIXES):
                _check_xml(entry.filename, data)
            new.writestr(entry, data, compresslevel=9)
    return made.getvalue()


def _cover_name(epub: zipfile.ZipFile) -> str:
    """Return the name of the file in pandoc's EPUB that the package declares as the cover."""
    package = epub.read("EPUB/content.opf").decode()
    cover = re.search(r'<item properties="cover-image" id="[^"]+" href="([^"]+)"', package)
    return f"EPUB/{cover[1]}" if cover else ""


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
    page = _SECTION_TAG.sub(lambda tag: re.sub(r' (?:dir|lang|xml:lang)="[^"]*"', "", tag[0]), page)
    chapter = re.search(r"/ch(\d+)\.xhtml$", name)
    if chapter:
        section = parts[int(chapter[1]) - 1]
        page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{escape(section.title)}</title>", page, count=1)
        language = escape(section.language or "und")
        attributes = f'lang="{language}" xml:lang="{language}"' + ' dir="rtl"' * is_right_to_left(section.language)
        page = re.sub(r'lang="[^"]*" xml:lang="[^"]*"', attributes, page, count=1)
        page = re.sub(r'(<[a-z][^<>]* lang="([^"]*)")(?! xml:lang)', r'\1 xml:lang="\2"', page)
        if 'dir="rtl"' in page:  # code is written from left to right; EPUB forbids CSS that says so
            page = re.sub(r"<(pre|code)(?=[ >])(?! dir)", r'<\1 dir="ltr"', page)
    if name.endswith("/cover.xhtml"):
        source = re.search(r'xlink:href="([^"]+)"', page)
        image = f'<img src="{source[1] if source else ""}" alt="{escape(cover_text(book))}" />'
        page = re.sub(r"<svg.*</svg>", lambda _: image, page, flags=re.DOTALL)
    if name.endswith("/title_page.xhtml"):
        page = _finished_title_page(page, book)
    if name.endswith("/nav.xhtml"):
        head, _, rest = page.partition('<nav epub:type="landmarks"')
        rest = rest.partition("</nav>")[2]
        page = with_nav_list(head, contents_of(parts)) + landmarks(book, parts) + rest
    return page


def _with_original_tex(page: str, spellings: dict[str, str]) -> str:
    """Return a page whose annotations of formulas have the TeX of the post."""
    if not spellings:
        return page
    start = '<annotation encoding="application/x-tex">'

    def original(found: re.Match[str]) -> str:
        return start + escape(spellings.get(unescape(found[1]), unescape(found[1])), quote=False)

    return re.sub(f"{re.escape(start)}([^<]*)", original, page)
