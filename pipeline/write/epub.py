"""Book -> EPUB 3."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path

from pipeline.pandoc import pandoc
from pipeline.write.book import Book, opened, tree
from pipeline.write.fonts import RARE, RARE_IN_CJK, subsets
from pipeline.write.tree import Node, plain, text_nodes

STYLE = files("pipeline.write").joinpath("templates", "epub.css")


def to_epub(book: Book) -> bytes:
    """Return the book as EPUB 3: a file a chapter, contents, the style of templates/epub.css. Same book, same bytes."""
    blocks = [node for at, one in enumerate(book.chapters) for node in opened(one, at)]
    meta = {
        "title": _text(book.title),
        "creator": _list([_map(role="author", text=author) for author in book.authors]),
        "lang": _text(book.language or "und"),
        "identifier": _list([_map(text=book.identifier)]),
        "date": _text(book.date),
        "source": _text(book.chapters[0].source_url if len(book.chapters) == 1 else ""),
    }
    given = {name: value for name, value in meta.items() if value}
    with tempfile.TemporaryDirectory() as folder:
        style, fonts = _style(Path(folder), book, plain(blocks))
        options = ["--split-level=1", "--toc", "--toc-depth=2", f"--css={style}"]
        options += [f"--epub-embed-font={font}" for font in fonts]
        data = tree(blocks, given)
        return pandoc("-f", "json", "-t", "epub3", *options, "-o", "-", data=data, sandbox=False, epoch=book.epoch)


def _style(folder: Path, book: Book, text: str) -> tuple[Path, list[Path]]:
    """Write the style and the fonts of an EPUB to `folder`.

    The fonts stand before the device's own, and for the characters they hold only: behind them, Chromium keeps showing
    boxes for short words that it set before the fonts were loaded.
    """
    fonts = []
    rules = STYLE.read_text("utf-8")
    families = []
    ranges = RARE_IN_CJK if book.language[:2] in {"zh", "ja", "ko"} else RARE
    for at, (name, data) in enumerate(subsets(text + book.title, ranges)):
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
