"""Book -> EPUB 3."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from html import escape
from importlib.resources import files
from pathlib import Path

from pipeline.pandoc import pandoc
from pipeline.write.book import Book, opened, tree
from pipeline.write.cover import cover, right_to_left
from pipeline.write.fonts import RARE, RARE_IN_CJK, subsets
from pipeline.write.tree import Node, plain, text_nodes

STYLE = files("pipeline.write").joinpath("templates", "epub.css")
VERTICAL = "html { writing-mode: vertical-rl; -webkit-writing-mode: vertical-rl; -epub-writing-mode: vertical-rl; }\n"
CONTENTS = {
    "ar": "المحتويات",
    "de": "Inhalt",
    "es": "Índice",
    "fr": "Table des matières",
    "he": "תוכן העניינים",
    "hi": "विषय सूची",
    "it": "Indice",
    "ja": "目次",
    "ko": "차례",
    "pl": "Spis treści",
    "pt": "Sumário",
    "ru": "Содержание",
    "th": "สารบัญ",
    "tr": "İçindekiler",
    "uk": "Зміст",
    "vi": "Mục lục",
    "zh": "目录",
    "zh-Hant": "目錄",
}


def to_epub(book: Book) -> bytes:
    """Return the book as EPUB 3: a file a chapter, contents, the style of templates/epub.css. Same book, same bytes."""
    blocks = [node for chapter in opened(book) for node in chapter]
    meta = {
        "title": _text(book.title),
        "creator": _list([_map(role="author", text=author) for author in book.authors]),
        "lang": _text(book.language or "und"),
        "identifier": _list([_map(text=book.identifier)]),
        "date": _text(book.date),
        "source": _text(book.chapters[0].source_url if len(book.chapters) == 1 else ""),
        "toc-title": _text(_contents(book.language)),
        "page-progression-direction": _text("rtl" if _from_the_right(book) else ""),
    }
    given = {name: value for name, value in meta.items() if value}
    with tempfile.TemporaryDirectory() as folder:
        front = Path(folder, "cover.svg")
        front.write_bytes(cover(book.title, book.authors, book.language, book.look.cover))
        style, fonts = _style(Path(folder), book, plain(blocks))
        options = ["--split-level=1", "--toc", "--toc-depth=2", f"--css={style}", f"--epub-cover-image={front}"]
        options += [f"--epub-embed-font={font}" for font in fonts]
        data = tree(blocks, given)
        made = pandoc("-f", "json", "-t", "epub3", *options, "-o", "-", data=data, sandbox=False, epoch=book.epoch)
    return _finished(made, book)


def _from_the_right(book: Book) -> bool:
    """Tell whether the book's pages are turned from left to right."""
    return book.look.vertical or right_to_left(book.language)


def _contents(language: str) -> str:
    """Return how `language` (BCP 47) heads a table of contents."""
    return CONTENTS.get(language) or CONTENTS.get(language.split("-", maxsplit=1)[0]) or "Contents"


def _finished(epub: bytes, book: Book) -> bytes:
    """Return pandoc's EPUB with what pandoc leaves undone.

    Each chapter's file has its title and language, the landmarks lead to the text, no date is made up, and code is
    marked by weight and slant alone (epub.css): pandoc's colours cannot be read at night.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(epub)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith(".xhtml"):
                data = _page(data.decode(), entry.filename, book).encode()
            elif entry.filename.endswith("content.opf"):
                data = _package(data.decode(), book).encode()
            new.writestr(entry, data, compresslevel=9)
    return made.getvalue()


def _page(page: str, name: str, book: Book) -> str:
    page = re.sub(r"  <style>.*?</style>\n", "", page, count=1, flags=re.DOTALL)
    chapter = re.search(r"/ch(\d+)\.xhtml$", name)
    if chapter:
        one = book.chapters[int(chapter[1]) - 1]
        page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{escape(one.title)}</title>", page, count=1)
        language = escape(one.language or "und")
        attributes = f'lang="{language}" xml:lang="{language}"' + ' dir="rtl"' * right_to_left(one.language)
        page = re.sub(r'lang="[^"]*" xml:lang="[^"]*"', attributes, page, count=1)
    if name.endswith("/nav.xhtml"):
        contents = _contents(book.language)
        body = f'<li><a href="text/ch001.xhtml" epub:type="bodymatter">{escape(book.title)}</a></li>'
        head, landmarks, rest = page.partition('<nav epub:type="landmarks"')
        rest = rest.replace(">Table of Contents<", f">{contents}<").replace("  </ol>", f"    {body}\n  </ol>", 1)
        page = head + landmarks + rest
    return page


def _package(package: str, book: Book) -> str:
    if not book.date:
        package = re.sub(r"    <dc:date.*?</dc:date>\n", "", package)
    summary = '    <meta property="schema:accessibilitySummary">{}</meta>\n  </metadata>'
    said = "Reflowable text with headings, contents and language tags; figures have text alternatives; no script."
    return package.replace("  </metadata>", summary.format(said), 1)


def _style(folder: Path, book: Book, text: str) -> tuple[Path, list[Path]]:
    """Write the style and the fonts of an EPUB to `folder`.

    The fonts stand before the device's own, and for the characters they hold only: behind them, Chromium keeps showing
    boxes for short words that it set before the fonts were loaded.
    """
    fonts = []
    rules = STYLE.read_text("utf-8") + (VERTICAL if book.look.vertical else "")
    families = []
    ranges = RARE_IN_CJK if book.language[:2] in {"zh", "ja", "ko"} else RARE
    for at, (name, data) in enumerate(subsets(text + book.title, ranges, book.language)):
        fonts.append(folder / name)
        fonts[-1].write_bytes(data)
        families.append(f'"Lacuna {at + 1}"')
        source = f"src: url(../fonts/{name}); unicode-range: {ranges};"
        rules += f"@font-face {{ font-family: {families[-1]}; {source} }}\n"
    for family, selector in (
        ("serif", "body"),
        ("sans-serif", "h1, h2, h3, h4, h5, h6, strong"),
        ("monospace", "code"),
    ):
        rules += f"{selector} {{ font-family: {', '.join([*families, family])}; }}\n"
    style = folder / "style.css"
    style.write_text(rules, "utf-8")
    return style, fonts


def _text(text: str) -> Node | None:
    return {"t": "MetaInlines", "c": text_nodes(text)} if text else None


def _list(items: list[Node]) -> Node | None:
    return {"t": "MetaList", "c": items} if items else None


def _map(**fields: str) -> Node:
    return {"t": "MetaMap", "c": {name: _text(value) for name, value in fields.items() if value}}
