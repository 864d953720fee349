"""Documents -> EPUB 3 and tagged PDF, of one post or of many."""

from __future__ import annotations

import base64
import datetime as dt
import re
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec
from typst import Compiler, TypstError

from pipeline.document import Document
from pipeline.steps.links import canonical
from pipeline.write.clean import repaired
from pipeline.write.fonts import RARE, RARE_IN_CJK, for_typst, subsets
from pipeline.write.pandoc import EARLIEST, pandoc
from pipeline.write.tree import Node, Place, div, link, plain, read_tree, text_nodes

VERSION = 1  # raise it when the bytes change
API_VERSION = [1, 23, 1, 1]  # of pandoc-types, the one pandoc 3.9 writes
TEMPLATES = files("pipeline.write").joinpath("templates")
NAMESPACE = uuid.UUID("5d0f7c3e-0b52-4a6c-9a43-6a2f5c0f4a11")  # ours
STANDARDS = ["ua-1", "a-2a"]
REGIONS = {"zh-Hans": "CN", "zh-Hant": "TW"}


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


def chapter(document: Document, root: Path) -> Chapter:
    """Return `document`, archived below `root`, as a chapter. Raises Unfit where pandoc gives up on it."""
    meta = document.meta
    source_url = canonical(meta.source_url)
    blocks = read_tree(document.text, Place(root, root / document.path.parent, source_url, meta.language))
    date = meta.date if re.fullmatch(r"(?:19|20)\d\d(?:-[01]\d(?:-[0-3]\d)?)?", meta.date) else ""
    return Chapter(meta.title, meta.authors, meta.language, date, source_url, repaired(document), blocks)


def to_epub(book: Book) -> bytes:
    """Return the book as EPUB 3: a file a chapter, contents, the style of templates/epub.css. Same book, same bytes."""
    blocks = [node for at, one in enumerate(book.chapters) for node in _opened(one, at)]
    meta = {
        "title": _text(book.title),
        "creator": [_map(role="author", text=author) for author in book.authors],
        "lang": _text(book.language or "und"),
        "identifier": [_map(scheme="", text=book.identifier)],
        "date": _text(book.date),
        "source": _text(book.chapters[0].source_url if len(book.chapters) == 1 else ""),
    }
    tree = {
        "pandoc-api-version": API_VERSION,
        "meta": {
            name: value if isinstance(value, dict) else {"t": "MetaList", "c": value}
            for name, value in meta.items()
            if value
        },
        "blocks": blocks,
    }
    with tempfile.TemporaryDirectory() as folder:
        style, fonts = _style(Path(folder), book, plain(blocks))
        options = ["--split-level=1", "--toc", "--toc-depth=2", f"--css={style}"]
        options += [f"--epub-embed-font={font}" for font in fonts]
        return pandoc(
            "-f", "json", "-t", "epub3", *options, "-o", "-", data=_json(tree), sandbox=False, epoch=book.epoch
        )


def _style(folder: Path, book: Book, text: str) -> tuple[Path, list[Path]]:
    """Write the style and the fonts of an EPUB to `folder`.

    The fonts stand before the device's own, and for the characters they hold only: behind them, Chromium keeps showing
    boxes for short words that it set before the fonts were loaded.
    """
    fonts = []
    rules = TEMPLATES.joinpath("epub.css").read_text("utf-8")
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


def to_pdf(book: Book) -> bytes:
    """Return the book as a tagged PDF (PDF/UA-1 and PDF/A-2a), set by templates/book.typ. Same book, same bytes.

    Where no font has a glyph, the standards cannot be claimed and are not; the book is made all the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.joinpath("book.typ").write_bytes(TEMPLATES.joinpath("book.typ").read_bytes())
        main = root / "main.typ"
        main.write_bytes(_typst(book, root))
        compiler = Compiler(str(main), root=folder, font_paths=for_typst(), ignore_system_fonts=True)
        try:
            return bytes(compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=book.epoch))  # type: ignore[arg-type]
        except TypstError as error:
            if "glyph" not in str(error) and "character" not in str(error):
                raise
            return bytes(compiler.compile(format="pdf", timestamp=book.epoch))  # type: ignore[arg-type]


def _opened(one: Chapter, at: int) -> list[Node]:
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


def _typst(book: Book, root: Path) -> bytes:
    """Return the book in Typst's markup; its images are written to `root`."""
    facts = {
        "title": book.title,
        "authors": book.authors,
        "date": [*map(int, book.date.split("-"))] if book.date else [],
        "source": book.chapters[0].source_url if len(book.chapters) == 1 else "",
        **_language(book.language),
    }
    parts = ['#import "book.typ": *\n', f"#show: book.with({_arguments(facts)})\n"]
    for at, one in enumerate(book.chapters):
        _, content = _opened(one, at)
        blocks = _Typesetter(root, f"image-{at + 1}").blocks(content["c"][1])
        tree = {"pandoc-api-version": API_VERSION, "meta": {}, "blocks": blocks}
        body = pandoc("-f", "json", "-t", "typst", "--wrap=none", data=_json(tree)).decode()
        named = {"title": one.title, "label": f"chapter-{at + 1}", **_language(one.language)}
        parts += [f"#chapter({_arguments(named)})[\n", body, "\n]\n"]
    return "".join(parts).encode()


class _Typesetter:
    """Turns what pandoc's Typst writer drops (classes, alternative text) into calls of templates/book.typ."""

    def __init__(self, root: Path, prefix: str) -> None:
        self.root, self.prefix, self.count = root, prefix, 0

    def blocks(self, part: list[Node]) -> list[Node]:
        return [made for node in part for made in self.node(node)]

    def node(self, node: Node) -> list[Node]:
        if node["t"] == "Div" and node["c"][0][1]:
            return [_raw(f"#{node['c'][0][1][0]}["), *self.blocks(node["c"][1]), _raw("]")]
        if node["t"] == "Figure":
            image = node["c"][2][0]["c"][0]
            caption = [inline for block in node["c"][1][1] for inline in block["c"]]
            opened = f"#figure({self.image(image)}, caption: [" if caption else f"#figure({self.image(image)})"
            body = [{"t": "Plain", "c": caption}, _raw("])")] if caption else []
            return [_raw(opened), *body]
        if node["t"] == "Image":
            return [{"t": "RawInline", "c": ["typst", f"#box({self.image(node)})"]}]
        return [{"t": node["t"], "c": self.part(node["c"])} if "c" in node else node]

    def part(self, part: object) -> object:
        if not isinstance(part, list):
            return part
        made: list[object] = []
        for item in part:
            made += self.node(item) if isinstance(item, dict) and "t" in item else [self.part(item)]
        return made

    def image(self, node: Node) -> str:
        """Write an image's file and return the call that shows it."""
        self.count += 1
        kind, _, data = node["c"][2][0].partition(";base64,")
        file = self.root / f"{self.prefix}-{self.count}.{kind.rpartition('/')[2]}"
        file.write_bytes(base64.b64decode(data))
        return f"image({_arguments({'alt': plain(node['c'][1])}, file.name)})"


def _raw(text: str) -> Node:
    return {"t": "RawBlock", "c": ["typst", text]}


def _language(tag: str) -> dict[str, str]:
    """Return a BCP 47 tag as Typst's language and region."""
    language, *rest = tag.split("-")
    region = REGIONS.get(tag) or next((part for part in rest if len(part) == 2), "")  # noqa: PLR2004 - ISO 3166
    known = language.lower() if re.fullmatch(r"[A-Za-z]{2,3}", language) else "en"
    return {"lang": known} | ({"region": region.upper()} if region.isalpha() else {})


def _arguments(named: Mapping[str, object], *positional: object) -> str:
    values = [_literal(value) for value in positional] + [f"{name}: {_literal(value)}" for name, value in named.items()]
    return ", ".join(values)


def _literal(value: object) -> str:
    """Return a str, int or list of them as a Typst literal."""
    if isinstance(value, list):
        return "(" + "".join(f"{_literal(item)}, " for item in value) + ")"
    if isinstance(value, str):
        return '"' + "".join(f"\\{c}" if c in '"\\' else c if c >= " " else f"\\u{{{ord(c):x}}}" for c in value) + '"'
    return str(value)


def _text(text: str) -> Node | None:
    return {"t": "MetaInlines", "c": text_nodes(text)} if text else None


def _map(**fields: str) -> Node:
    return {"t": "MetaMap", "c": {name: _text(value) for name, value in fields.items() if value}}


def _json(tree: object) -> bytes:
    return msgspec.json.encode(tree)
