"""Books (EPUB, PDF) are valid, tagged, complete, safe and reproducible."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import tomllib
import unicodedata
import zipfile
from collections import Counter
from dataclasses import replace
from html import unescape
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import pikepdf
import pypdfium2
import pytest
import uharfbuzz as hb
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pipeline import Document, Settings, SkipDocument
from pipeline.books.book import Book, BookStyle, Chapter, chapters_of, identifier
from pipeline.books.chapter.visible_words import ast_visible_text, missing_words
from pipeline.books.cover import COVER_HEIGHT, COVER_WIDTH, PALETTE, cover_colour, cover_jpeg
from pipeline.books.fonts import EMBEDDED_RANGES_IN_CJK, characters_without_glyph, font_subsets
from pipeline.books.formats import books_as_files
from pipeline.books.images.pictures import PictureOptions
from pipeline.books.omissions import omission_warnings
from pipeline.books.pandoc_ast import ast_plain_text, para, text_nodes
from pipeline.books.series_titles import series_titles
from pipeline.document import Metadata
from pipeline.markdown.pandoc import PANDOC_VERSION as PANDOC
from pipeline.markdown.pandoc import _run_limited, run_sandboxed
from pipeline.run.book_worker import BookJob, make_books
from pipeline.run.worker import cleaned_document
from pipeline.settings import contrast_with_white
from tests.conftest import ROOT, Lacuna, tree
from tests.epubcheck import JAVA, assert_valid, needs_java

SERIES = tomllib.loads((ROOT / "tests" / "cases" / "series_titles.toml").read_text("utf-8"))["case"]
XHTML = "{http://www.w3.org/1999/xhtml}"


def bound(text: str, root: Path = ROOT / "raw", **meta: str) -> Book:
    """Return a book of one chapter."""
    chapter = chaptered(Document(PurePosixPath("a.md"), text, Metadata(title="A title", **meta)), root)
    return Book(chapter.title, chapter.language, identifier("a.md"), (chapter,))


def chaptered(document: Document, root: Path = ROOT) -> Chapter:
    """Return a document as a chapter. Raises SkipDocument."""
    (chapter,) = chapters_of([(document, root)])
    if isinstance(chapter, SkipDocument):
        raise chapter
    return chapter


def book_as_epub(book: Book) -> bytes:
    """Return one book as EPUB."""
    return books_as_files([book], ["epub"])[0]["epub"]


def book_as_pdf(book: Book) -> bytes:
    """Return one book as PDF."""
    return books_as_files([book], ["pdf"])[0]["pdf"]


def chapter_text(epub: bytes, folder: Path) -> str:
    """Return the XHTML of the first chapter."""
    (folder / "a.epub").write_bytes(epub)
    with zipfile.ZipFile(folder / "a.epub") as archive:
        assert archive.testzip() is None
        return archive.read("EPUB/text/ch001.xhtml").decode()


def page_text(pdf: bytes) -> str:
    """Return the text that a reader copies from a PDF."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


@needs_java
def test_epubs_are_valid(made: Path):
    """EPUBCheck reports no error and no warning for books of the sample."""
    for epub in (made / "out" / "archive.epub", made / "out" / "posts" / "003_b6b74f1d2d75484e.epub"):
        assert_valid(epub)


def test_the_book_has_every_post_in_the_order_of_dates(made: Path):
    """The archive's EPUB has one chapter per post in the table of contents, oldest first."""
    with zipfile.ZipFile(made / "out" / "archive.epub") as archive:
        nav = ET.fromstring(archive.read("EPUB/nav.xhtml"))  # noqa: S314 - our own
        package = archive.read("EPUB/content.opf").decode()
    chapters = [link.text for link in nav.findall(f".//{XHTML}nav[1]/{XHTML}ol/{XHTML}li/{XHTML}a")]
    assert [title for title in chapters if title.startswith("2021")] == [
        f"2021 年 {month} 月要读的四篇深度学习论文" for month in (2, 3, 5, 8)
    ]
    assert "<dc:language>zh-Hans</dc:language>" in package
    assert "urn:uuid:" in package


def test_what_a_reader_sees(made: Path):
    """No markup is visible, emoji and Chinese are, and boxes describe missing images."""
    text = page_text((made / "out" / "archive.pdf").read_bytes())
    assert "**" not in text
    assert "\ufffd" not in text
    for shown in ("从合成梯度到胶囊网络", "图片缺失", "📝", "🤗", "目录", "2021-08"):
        assert shown in text, shown
    with zipfile.ZipFile(made / "out" / "archive.epub") as archive:
        chapter = archive.read("EPUB/text/ch002.xhtml").decode()
    assert "**" not in re.sub(r"<[^>]+>", "", chapter)
    assert "<strong>一段总结</strong>:胶囊网络" in chapter
    assert '<a href="ch001.xhtml#chapter-1"' in chapter, "a link to another post of the book becomes internal"


def test_pdfs_are_tagged_and_embed_their_fonts(made: Path):
    """The PDF claims PDF/UA-1 and PDF/A-2a. It has a structure tree, a language, an outline and font subsets."""
    with pikepdf.open(made / "out" / "archive.pdf") as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata.pdfa_status == "2A"
            assert metadata["dc:title"] == "文集"
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang).startswith("zh")
        with pdf.open_outline() as outline:
            assert next(item.title for item in outline.root if "月" in item.title).startswith("2021 年 2 月")
        fonts = [
            font
            for font in pdf.objects
            if isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        assert all(set(font.keys()) & {"/FontFile", "/FontFile2", "/FontFile3"} for font in fonts)
        assert all(re.match(r"/[A-Z]{6}\+", str(font.FontName)) for font in fonts)


def test_the_epub_embeds_fonts_for_its_characters(made: Path):
    """The EPUB's fonts have every character that a device may have no font for."""
    with zipfile.ZipFile(made / "out" / "archive.epub") as archive:
        names = archive.namelist()
        text = "".join(archive.read(name).decode() for name in names if "/text/" in name)
        faces = [hb.Face(archive.read(name)) for name in names if "/fonts/" in name]
    available = {chr(code) for face in faces for code in face.unicodes}
    assert not {char for char in text if char >= "\u0590"} - available


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "“Quotes” — and *emphasis*, **strong**, `code`, a footnote[^1].\n\n[^1]: A note.\n\n1. one\n2. two\n"),
        ("ja", "日本語の文章です。**強調**と「引用」。\n\n| 表 | 列 |\n|---|---|\n| 一 | 二 |\n"),
        ("ko", "한국어 문장입니다. **강조** 표시.\n"),
        ("zh-Hant", "繁體中文的文章，「引號」與**重點**。\n"),
        ("ar", "هذه فقرة باللغة العربية.\n\n> اقتباس\n"),
        ("he", "פסקה בעברית.\n"),
        ("hi", "यह हिन्दी में है।\n"),
        ("th", "ข้อความภาษาไทย\n"),
        ("ru", "Русский текст с ~~зачёркнутым~~.\n\n---\n\n```python\nprint(1)\n```\n"),
        ("vi", "Tiếng Việt có dấu.\n"),
        ("", "Unknown language.\n"),
    ],
)
def test_every_script_prints(language: str, text: str, tmp_path: Path):
    """Books in any of these languages meet the standards, which forbid missing glyphs."""
    book = bound(text, language=language)
    pdf = book_as_pdf(book)
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    ET.fromstring(chapter_text(book_as_epub(book), tmp_path))  # noqa: S314 - our own


def test_links_lead_from_post_to_post(tmp_path: Path):
    """Links to another post's source URL, and to headings of the same post, are internal. Other links are not."""
    text = "[b](b?utm_source=x) [h](#part-one) [no](#nowhere) [self](a)\n\n## Part one\n\nText[^1]\n\n[^1]: [b](b#c)\n"
    posts = [("a", text), ("b", "<https://e.org/a>")]
    chapters = tuple(
        chaptered(Document(PurePosixPath(name), body, Metadata(title=name, source_url=f"https://e.org/{name}")), ROOT)
        for name, body in posts
    )
    book = Book("Two", "en", identifier("two"), chapters)
    links = dict(re.findall(r'<a href="([^"]+)"[^>]*>(\w+)</a>', chapter_text(book_as_epub(book), tmp_path)))
    assert links == {
        "ch002.xhtml#chapter-2": "b",
        "ch001.xhtml#chapter-1-1": "h",
        "https://e.org/a": "self",
        "#fn1": "1",
    }
    with pikepdf.open(io.BytesIO(book_as_pdf(book))) as pdf:
        inside = [
            item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Link"
        ]
    assert sum("/Dest" in item or "/D" in item.get("/A", {}) for item in inside) >= len(("b", "h", "b", "a"))


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("四篇论文：从合成梯度到胶囊网络", "zh-Hans"),
        ("أفضل الممارسات", "ar"),
        ("x" * 2_000, "en"),
        ("Verhaltenskodex " * 40, "de"),
        ("트러스트와 관리자의 모범 사례", "ko"),
        ("", ""),
        ("\u200b<&#[", "en"),
    ],
)
def test_covers_are_drawn(title: str, language: str, tmp_path: Path):
    """The cover of any title is a JPEG of the size that devices ask for. White type stays within the margins."""
    chapter = replace(bound("text", language=language, date="2021-05-01").chapters[0], authors=("A & B",))
    book = Book(title, language, identifier("cover"), (chapter,))
    drawn = cover_jpeg(book, tmp_path)
    assert drawn == cover_jpeg(book, tmp_path)
    with Image.open(io.BytesIO(drawn)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (COVER_WIDTH, COVER_HEIGHT))
        type_area = image.convert("L").point(lambda grey: 255 * (grey > 160)).getbbox()
    assert type_area
    assert type_area[0] >= 110
    assert type_area[2] <= COVER_WIDTH - 110


def test_the_colour_of_a_cover_is_that_of_its_set():
    """Books of one host have the same colour, unless the settings name one. White text is readable on each."""
    books = [bound("text", source_url=f"https://{host}/a") for host in ("a.org", "www.a.org", "b.org", "c.org")]
    colours = [cover_colour(book) for book in books]
    assert colours[0] == colours[1]
    assert len({*colours}) > 1
    assert {*colours} <= {*PALETTE}
    assert cover_colour(replace(books[0], style=BookStyle(cover="#123456"))) == "#123456"
    assert all(contrast_with_white(colour) >= 10 for colour in PALETTE)


@pytest.mark.parametrize(
    ("language", "font"),
    [("ja", "NotoSansCJK"), ("ko", "NotoSansCJK"), ("zh-Hant", "NotoSansCJK"), ("zh-Hans", "NotoSerifSC")],
)
def test_han_characters_have_the_glyphs_of_the_language(language: str, font: str):
    """A Han character whose glyph depends on the language comes from the font of the book's language."""
    (one,) = font_subsets("直骨", EMBEDDED_RANGES_IN_CJK, language)
    assert one.name.startswith(font)


def test_headings_never_skip_a_level():
    """With headings anywhere, also in lists and quotations, the PDF meets PDF/UA-1, which forbids skipped levels."""
    text = "## a\n\n- #### b\n\n  x\n\n> # c\n\n###### d\n\n###### a\n\n### e\n"
    with pikepdf.open(io.BytesIO(book_as_pdf(bound(text, language="en")))) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"


@pytest.fixture(scope="module")
def languages(shared: Path) -> Book:
    """Return a book of one post in each language of the shared corpus."""
    chapters = []
    for folder in sorted(path for path in (shared / "corpus").iterdir() if path.is_dir()):
        file = min(folder.glob("*.md"))
        chapters.append(chaptered(cleaned_document(PurePosixPath(file.name), file.read_bytes(), Settings()), folder))
    return Book("Languages", "en", identifier("languages"), tuple(chapters))


@pytest.fixture(scope="module")
def language_epub(languages: Book) -> bytes:
    """Return the EPUB of that book."""
    return book_as_epub(languages)


def test_no_character_of_any_language_is_missing(languages: Book):
    """No glyph is missing, the PDF's text has every character of the posts, and a second build gives the same bytes."""
    made = book_as_pdf(languages)
    assert made == book_as_pdf(languages)
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"  # under it a missing glyph is an error
    shown = set(unicodedata.normalize("NFKC", page_text(made)))
    written = set(
        unicodedata.normalize("NFKC", "".join(ast_plain_text(chapter.blocks) for chapter in languages.chapters))
    )
    assert not {char for char in written - shown if char.isalnum()}


def test_every_character_of_every_clean_text_is_printed(shared: Path):
    """Every character of the clean texts, in every language, has a glyph and can be copied from the page."""
    texts = (path.read_text("utf-8") for path in (shared / "corpus").glob("*/*.md"))
    written = sorted({char for text in texts for char in text if unicodedata.category(char)[0] not in "CZ"})
    assert not characters_without_glyph("".join(written))
    chapter = replace(bound("x", language="en").chapters[0], blocks=[para(*text_nodes(" ".join(written)))])
    made = book_as_pdf(Book("Letters", "en", identifier("letters"), (chapter,)))
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"  # under it a missing glyph is an error
    shown = set(unicodedata.normalize("NFKC", page_text(made)))
    assert not {char for char in unicodedata.normalize("NFKC", "".join(written)) if char.isalnum()} - shown


@needs_java
def test_epubs_of_every_language_are_valid(languages: Book, language_epub: bytes, tmp_path: Path):
    """EPUBCheck reports nothing for a book of many languages, horizontal or vertical. Two builds are identical."""
    assert book_as_epub(languages) == language_epub
    for made in (language_epub, book_as_epub(replace(languages, style=BookStyle(vertical=True)))):
        (tmp_path / "a.epub").write_bytes(made)
        assert_valid(tmp_path / "a.epub")


def test_every_character_is_shaped_by_the_fonts_of_the_book(language_epub: bytes):
    """The embedded fonts also have the glyphs that shaping produces, such as the two parts of Thai SARA AM."""
    with zipfile.ZipFile(io.BytesIO(language_epub)) as archive:
        names = archive.namelist()
        text = unescape("".join(archive.read(name).decode() for name in names if "/text/ch" in name))
        fonts = [hb.Font(hb.Face(archive.read(name))) for name in names if "/fonts/" in name]
    for font in fonts:
        held = "".join(map(chr, font.face.unicodes))
        for run in set(re.findall(f"[{re.escape(held)}]+", text)):
            buffer = hb.Buffer()
            buffer.add_str(run)
            buffer.guess_segment_properties()
            hb.shape(font, buffer)
            assert all(glyph.codepoint for glyph in buffer.glyph_infos), run


WIDE = f"""| Name | Quantity | Price in euros | Description of the thing | Where it is to be had | Notes |
|:-----|---------:|---------------:|:-------------------------|:----------------------|:-----:|
| Internationalization | 1,000,000 | 12.50 | A description | <https://e.org/{"a/" * 30}> | `an_option_name_of_length` |

- [ ] a task

`{"x" * 200}`

![A picture that is taller than the page, and its caption](tall.png)
"""


@pytest.mark.parametrize(("page", "margin"), [("a5", 16.1), ("reader", 5.3)])
def test_nothing_runs_over_the_margins(page: str, margin: float, tmp_path: Path):
    """Wide tables, long words and tall pictures with captions stay within the type area (margins in millimetres)."""
    Image.new("RGB", (300, 1600), "red").save(tmp_path / "tall.png")
    document = pypdfium2.PdfDocument(book_as_pdf(replace(bound(WIDE, tmp_path, language="en"), style=BookStyle(page))))
    for sheet in [*document][1:]:  # after the cover
        letters = sheet.get_textpage()
        boxes = [letters.get_charbox(at) for at in range(letters.count_chars())]
        least, most = margin / 25.4 * 72, sheet.get_width() - margin / 25.4 * 72
        assert all(least - 1 <= left and right <= most + 1 for left, _, right, _ in boxes)
        caption = letters.search("caption").get_next()
        if caption:
            assert boxes[caption[0]][1] > margin / 25.4 * 72
    assert "•" not in page_text(book_as_pdf(bound(WIDE, language="en"))), "the box of a task replaces its bullet"
    document.close()


@pytest.mark.parametrize(
    "items", ["- [ ] a\n- [x] b *c*\n\n  d\n  - e\n  - [ ] f\n", "-     ☐ a", "- # ☐ a", "- ☐a", "- ☐\n-"]
)
def test_what_looks_like_a_task_prints(items: str):
    """A box is the marker of its item in a task list. Any other box is a character of the text."""
    pdf = book_as_pdf(bound(items, language="en"))
    text = page_text(pdf)
    assert text.count("☐") + text.count("☒") == items.count("☐") + items.count("[ ]") + items.count("[x]")
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"


def test_a_book_of_many_scripts_keeps_each_as_it_is():
    """In the contents, the page number of a right-to-left title is at the end of its line. A Latin post has italics."""
    posts = [("שלושת העקרונות של ה-CIA ומושגים", "he", "א"), ("中文", "zh-Hans", "*重*"), ("Latin", "fr", "*mot*")]
    chapters = tuple(
        chaptered(Document(PurePosixPath("a.md"), text, Metadata(title=title, language=language)), ROOT)
        for title, language, text in posts
    )
    book = Book("Three", "zh-Hans", identifier("three"), chapters)
    document = pypdfium2.PdfDocument(book_as_pdf(book))
    contents = document[4]
    letters = contents.get_textpage()
    three = letters.search("3").get_next()
    assert three
    assert letters.get_charbox(three[0])[2] > contents.get_width() * 0.85
    document.close()
    with pikepdf.open(io.BytesIO(book_as_pdf(book))) as pdf:
        fonts = {
            str(item.FontName) for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/FontName" in item
        }
    assert any(name.endswith("LibertinusSerif-Italic") for name in fonts)
    with zipfile.ZipFile(io.BytesIO(book_as_epub(book))) as archive:
        assert archive.read("EPUB/nav.xhtml").decode().count('<a dir="auto"') == len(posts) + 1


def test_characters_of_notes_have_fonts_too():
    """The embedded fonts have the characters that are only in a footnote."""
    with zipfile.ZipFile(io.BytesIO(book_as_epub(bound("一[^1]\n\n[^1]: 註\n", language="zh-Hant")))) as archive:
        faces = [hb.Face(archive.read(name)) for name in archive.namelist() if "/fonts/" in name]
    assert any(ord("註") in face.unicodes for face in faces)


def test_wide_spaces_do_not_indent_what_the_style_indents(tmp_path: Path):
    """The ideographic spaces before a Chinese paragraph are removed, those within it stay."""
    chapter = chapter_text(book_as_epub(bound("　　一　二\n\n**　三**\n", language="zh-Hans")), tmp_path)
    assert "<p>一　二</p>" in chapter
    assert "三" in chapter


def test_kicker_and_subtitle_are_no_headings(tmp_path: Path):
    """A subtitle is below the title; a kicker starts the byline and keeps its link. Neither is in the contents."""
    text = "## [思想](https://e.org/t)\n\n## 副题 *A*\n\ntext\n\n## 副题\n"
    book = bound(text, kicker="思想", subtitle="副题 A", date="2021-03", language="zh-Hans")
    chapter = chapter_text(book_as_epub(book), tmp_path)
    head, _, body = chapter.partition("text</p>")
    assert re.search(r'class="subtitle">\s*<p>副题 <em>A</em></p>', head)
    assert re.search(r'class="byline">\s*<p><a href="https://e.org/t"[^>]*>思想</a> · 2021年3月</p>', head)
    assert "<h2" not in head
    assert "<h2" in body, "only the first heading like the subtitle is removed"
    assert "副题 A" in page_text(book_as_pdf(book))


def test_headings_that_name_their_identifier(tmp_path: Path):
    """`{#id}` after a heading is not visible. Links go to the first heading with that identifier."""
    text = "[x](#قول-لا) [y](#b)\n\n## قل لا {#قول-لا}\n\n## Code `{#b}`\n\n## B {#b}\n\n## B {#b}\n\n## {#c}\n"
    book = book_as_epub(bound(text, language="en"))
    chapter = chapter_text(book, tmp_path)
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", chapter) == [
        "قل لا",
        'Code <code dir="ltr">{#b}</code>',
        "B",
        "B",
        "{#c}",
    ]
    links = dict(re.findall(r'<a href="ch001.xhtml#([^"]+)"[^>]*>(\w)</a>', chapter))
    headings = re.findall(r'<section id="([^"]+)"', chapter)
    assert links == {headings[-5]: "x", headings[-3]: "y"}
    assert len({*headings}) == len(headings)


def test_no_date_is_made_up(tmp_path: Path):
    """The EPUB package of a book without a date has no date."""
    (tmp_path / "a.epub").write_bytes(book_as_epub(bound("text", language="fr")))
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        assert "<dc:date" not in archive.read("EPUB/content.opf").decode()
        assert "Table des matières" in archive.read("EPUB/nav.xhtml").decode()
        assert "<title>A title</title>" in archive.read("EPUB/text/ch001.xhtml").decode()


@pytest.mark.parametrize(("page", "width"), [("a4", 210), ("a5", 148), ("reader", 90)])
def test_pages_have_the_size_of_the_settings(page: str, width: int):
    """Each page size has its width in millimetres."""
    book = replace(bound("text", language="en"), style=BookStyle(page))
    with pikepdf.open(io.BytesIO(book_as_pdf(book))) as pdf:
        assert round(float(pdf.pages[0].MediaBox[2]) / 72 * 25.4) == width


POSTS = {
    "a.md": "---\ntitle: A\ndate: 2020-05-01\ntags: [sea, sky]\nlanguage: en\n---\nThe whale.\n",
    "b.md": "---\ntitle: B\ndate: 2021-02\ntags: sky\nseries: Birds\nlanguage: en\n---\nThe heron.\n",
    "c.md": "---\ntitle: C\ndate: 2021-12-31\nseries: Birds\nlanguage: fr\n---\nLe cygne.\n",
    "d.md": "---\ntitle: D\nlanguage: en\n---\nNo date, a whale.\n",
}
SELECTIONS = {
    'since = "2021"\nuntil = "2021"': "BC",
    'until = "2021-02"': "AB",
    'tag = "Sky"': "AB",
    'series = "birds"\norder = "newest"': "CB",
    'language = "fr"': "C",
    'query = "WHALE"\norder = "title"': "AD",
}


def test_a_selection_is_a_book_of_its_own(tmp_path: Path, lacuna: Lacuna):
    """Each [[edition]] becomes a book of the posts that meet its conditions, in its order. An empty one is reported."""
    (tmp_path / "raw").mkdir()
    for name, text in POSTS.items():
        (tmp_path / "raw" / name).write_text(text, "utf-8")
    tables = [f'[[edition]]\ntitle = "E{at}"\n{lines}\n' for at, lines in enumerate(SELECTIONS)]
    (tmp_path / "pipeline.toml").write_text("".join(tables), "utf-8")
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for at, titles in enumerate(SELECTIONS.values()):
        with zipfile.ZipFile(tmp_path / "out" / "editions" / f"E{at}.epub") as archive:
            nav = archive.read("EPUB/nav.xhtml").decode()
        assert re.findall(r'#chapter-\d+">(\w)<', nav) == list(titles)
    assert "0 files written" in lacuna("run", cwd=tmp_path).stdout
    (tmp_path / "pipeline.toml").write_text('[[edition]]\ntitle = "None"\ntag = "nothing"\n', "utf-8")
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 4
    assert "collection `None` matches no posts" in ran.stdout
    assert not (tmp_path / "out" / "editions").exists()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (None, ""),
        ("pipeline.toml", 'title = "Mine"'),
        ("pyproject.toml", '[project]\nname = "x"\n[tool.pipeline]\ntitle = "Mine"'),
    ],
)
def test_a_yearbook_is_one_command(file: str | None, text: str, tmp_path: Path, lacuna: Lacuna):
    """`yearbook` adds the book to the settings file once, whichever file that is, and writes the book."""
    (tmp_path / "raw").mkdir()
    for name, post in POSTS.items():
        (tmp_path / "raw" / name).write_text(post, "utf-8")
    if file:
        (tmp_path / file).write_text(text, "utf-8")
    for wanted in ("files written", "0 files written"):
        ran = lacuna("yearbook", "2021", "--title", 'The "year"', cwd=tmp_path)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert wanted in ran.stdout
    (epub,) = (tmp_path / "out" / "editions").glob("*.epub")
    with zipfile.ZipFile(epub) as archive:
        assert re.findall(r'#chapter-\d+">(\w)<', archive.read("EPUB/nav.xhtml").decode()) == ["B", "C"]
    kept = (tmp_path / (file or "pipeline.toml")).read_text("utf-8")
    assert kept.startswith(text)
    assert kept.count("edition]]") == 1


def test_a_yearbook_that_the_settings_cannot_hold_is_refused(tmp_path: Path, lacuna: Lacuna):
    """If `edition` in the settings is not an array of tables, the file does not change, and one line says so."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "pipeline.toml").write_text("edition = []\n", "utf-8")
    ran = lacuna("yearbook", "2021", cwd=tmp_path)
    assert ran.returncode == 2
    assert "nothing was added to pipeline.toml" in ran.stderr
    assert (tmp_path / "pipeline.toml").read_text("utf-8") == "edition = []\n"


@pytest.mark.skipif(shutil.which("ebook-convert") is None, reason="calibre is not installed")
def test_calibre_makes_what_a_kindle_reads(tmp_path: Path, lacuna: Lacuna):
    """With `formats`, books of several posts are also written as AZW3, in the first run only."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.md").write_text(POSTS["a.md"], "utf-8")
    (tmp_path / "pipeline.toml").write_text('formats = ["azw3"]\n', "utf-8")
    assert lacuna("run", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out" / "archive.azw3").read_bytes()[60:68] == b"BOOKMOBI"
    assert "0 files written" in lacuna("run", cwd=tmp_path).stdout


def test_a_missing_converter_is_reported(tmp_path: Path, lacuna: Lacuna):
    """Without calibre, the other formats are written, and one line says what is missing."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.md").write_text(POSTS["a.md"], "utf-8")
    (tmp_path / "pipeline.toml").write_text('formats = ["kepub"]\n', "utf-8")
    ran = lacuna("run", cwd=tmp_path, env={"PATH": ""})
    assert ran.returncode == 4
    assert "archive.kepub.epub: `formats` needs calibre's ebook-convert, which is not installed" in ran.stdout
    assert {path.name for path in (tmp_path / "out").glob("archive.*")} == {"archive.epub", "archive.pdf"}


def test_books_of_one_title_are_refused(tmp_path: Path, lacuna: Lacuna):
    """Two books that would overwrite each other, in out/ or on a reader, are an error in the settings."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "pipeline.toml").write_text('[[edition]]\ntitle = "collected Posts"\n', "utf-8")
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 2
    assert "two books have the title `collected Posts`" in ran.stderr


def test_images_of_the_archive_are_embedded(tmp_path: Path):
    """An image in the archive is in the EPUB and the PDF, with its caption as alternative text."""
    (tmp_path / "img").mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "img" / "a.png")
    book = bound("![](img/a.png)\n\nFigure 1: a red square\n", tmp_path, language="en")
    chapter = chapter_text(book_as_epub(book), tmp_path)
    assert 'alt="Figure 1: a red square"' in chapter
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        assert [name for name in archive.namelist() if name.endswith(".png")]
    with pikepdf.open(io.BytesIO(book_as_pdf(book))) as pdf:
        alternatives = [
            str(item.Alt) for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/Alt" in item
        ]
    assert alternatives == ["Figure 1: a red square"]


@pytest.mark.parametrize("text", ["𐎀 in Ugaritic", "a\ufeffb", "1" * 40_000], ids=["no font", "forbidden", "too long"])
def test_what_the_standards_refuse_does_not_stop_a_book(text: str):
    """A PDF whose text cannot meet PDF/UA and PDF/A is written, but does not claim them."""
    assert book_as_pdf(bound(text, language="en")).startswith(b"%PDF")


def test_an_extremely_long_url_is_text():
    """A URL beyond the length limit is text, not a link."""
    long = f"https://e.org/{'a/' * 20_000}"
    book = bound(f"[x]({long}) and {long}", language="en", source_url=long)
    assert book_as_pdf(book).startswith(b"%PDF")
    assert book_as_epub(book).startswith(b"PK")


MARK = "the secret of this machine"
ATTACKS = {
    "absolute path": "![x]({secret})",
    "file address": "![x](file://{secret})",
    "parent folders": "![x](../secret.png)",
    "link out of the archive": "![x](link.png)",
    "script": "<script>alert(1)</script>\n\ntext <img src=x onerror=alert(1)>",
    "frame": '<iframe src="http://127.0.0.1:1/"></iframe>text',
    "script address": "[x](javascript:alert(1)) [y](vbscript:x) [z](data:text/html,x)",
    "remote image": "![x](http://127.0.0.1:1/a.png)",
    "raw Typst": '```{{=typst}}\n#read("{secret}")\n```\n\n`#read("{secret}")`{{=typst}}',
    "Typst in text": '#read("{secret}") #include "{secret}" $ #x $ @y <z> *a* _b_ `c` \\#d',
    "Typst field": "[x](https://e.org).إذا ~~y~~.fields() [z](https://e.org).dest",
    "Typst in an info string": '~~~ a```\n#read("{secret}")\n~~~',
    "Typst in an address": '[x](https://e.org/"\\)#read("{secret}")) ![y](a"b.png)',
    "front matter": "---\ntitle: '</title><script>alert(1)</script>'\ncss: {secret}\ncover-image: {secret}\n---\ntext",
    "control characters": "a\x00b\x01c\ufffed\x1fe",
    "call behind a picture": "![x](ok.png)(read(1)) ![x](ok.png)[a] ![x](ok.png).at",
    "call behind maths": "$x^2$(1+1) $x^2$[a] $x^2$.body",
    "Typst in maths": '$x^2 #read("{secret}")$ $\\text{{#read("{secret}")}}$ $x^2 \\unicode{{35}}$',
    "bidi": "\u202eevil\u202c \u2066x",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_come_to_nothing(attack: str, tmp_path: Path):
    """Untrusted text reads no file outside the archive, opens no URL and runs no script. The book is complete."""
    (tmp_path / "secret.png").write_text(MARK, "utf-8")
    raw = tmp_path / "raw"
    raw.mkdir()
    Image.new("RGB", (8, 8)).save(raw / "ok.png")
    (raw / "link.png").symlink_to(tmp_path / "secret.png")
    book = bound(ATTACKS[attack].format(secret=tmp_path / "secret.png"), raw, source_url="", language="en")
    epub, pdf = book_as_epub(book), book_as_pdf(book)
    assert MARK.encode() not in pdf
    assert MARK not in page_text(pdf)
    chapter = chapter_text(epub, tmp_path)
    ET.fromstring(chapter)  # noqa: S314 - our own
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        assert not any(MARK.encode() in archive.read(name) for name in archive.namelist())
    tags = re.findall(r"<[^>]*>", chapter)
    assert not [
        tag for tag in tags if re.search(r"<script|<iframe|\son\w+=|javascript:|vbscript:|data:|src=.http", tag)
    ]


HOSTILE = {
    "script in SVG": ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "SVG called PNG": ("a.png", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "page called PNG": ("a.png", b"<html><script>alert(1)</script></html>"),
    "PostScript": ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n(/etc/passwd) run\n"),
    "cut off": ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"),
    "compressed text": ("a.png", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_image_files_are_refused(name: str, tmp_path: Path):
    """A file that is not a valid image, or that has a decompression bomb in its metadata, becomes a placeholder."""
    file, data = HOSTILE[name]
    if data is None:
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "a" * 2**26, zip=True)  # 64 kB, 64 MB when read
        Image.new("RGB", (8, 8)).save(tmp_path / file, pnginfo=text)
    else:
        (tmp_path / file).write_bytes(data)
    book = bound(f"![]({file})\n", tmp_path, language="en")
    assert "Image missing" in chapter_text(book_as_epub(book), tmp_path)
    assert book_as_pdf(book).startswith(b"%PDF")


def test_pictures_fit_the_device(tmp_path: Path):
    """Images are scaled down to the device, made grey on request, set on white, and WebP becomes PNG or JPEG."""
    Image.new("RGB", (3000, 1500), "red").save(tmp_path / "a.jpg")
    Image.new("RGBA", (30, 15), "#ff000080").save(tmp_path / "b.webp", lossless=True)
    Image.new("RGB", (30, 15), "red").save(tmp_path / "c.png")
    text = "".join(f"![{name}]({name})\n\n" for name in ("a.jpg", "b.webp", "c.png"))
    for pictures, expected in (
        (PictureOptions(), {("JPEG", "RGB", 1600, 800), ("PNG", "RGB", 30, 15)}),
        (PictureOptions(758, grey=True), {("JPEG", "L", 758, 379), ("PNG", "L", 30, 15)}),
    ):
        document = Document(PurePosixPath("a.md"), text, Metadata(title="A", language="en"))
        (chapter,) = chapters_of([(document, tmp_path)], pictures)
        assert not isinstance(chapter, SkipDocument)
        (tmp_path / "a.epub").write_bytes(book_as_epub(Book("A", "en", identifier("a"), (chapter,))))
        with zipfile.ZipFile(tmp_path / "a.epub") as archive:
            names = [name for name in archive.namelist() if name.endswith((".png", ".jpg", ".jpeg"))]
            shown = [Image.open(io.BytesIO(archive.read(name))) for name in names]
        shown = [image for image in shown if image.size != (COVER_WIDTH, COVER_HEIGHT)]
        assert {(image.format, image.mode, *image.size) for image in shown} == expected


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$e^{i\\pi} + 1 = 0$ and $x$", 2),
        ("$$\n\\sum_i x_i^2\n$$", 1),
        ("$a_{\\text{精度}}$", 1),
        ("it costs $5 (or US$6), and $x^2$ is read", 1),
        ("`$x^2$` and $HOME/bin:$PATH", 0),
        ("$foo_bar$baz and echo $$ then $$", 0),
        ("$x^2 \\label{chapter-1}$", 1),
    ],
)
def test_maths_is_distinguished_from_money(text: str, formulas: int, tmp_path: Path):
    """TeX between dollar signs is MathML in the EPUB and a formula in the PDF. Any other dollar sign is text."""
    book = bound(text, language="en")
    chapter = chapter_text(book_as_epub(book), tmp_path)
    assert chapter.count("<math ") == formulas
    words = re.sub(r"<math .*?</math>|<[^>]*>", "", chapter, flags=re.DOTALL)
    assert ("$" in words) == ("US$" in text or not formulas)
    with pikepdf.open(io.BytesIO(book_as_pdf(book))) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"


def test_books_made_together_are_those_made_alone(tmp_path: Path):
    """A book has the same bytes alone and in a batch. A text that pandoc cannot convert does not affect the others."""
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    texts = ["![x](a.png)\n\n[^1]\n\n[^1]: n\n", "> " * 3_000 + "a", "# h\n\n$x^2$ ![y](a.png)"]
    documents = [
        Document(PurePosixPath("a.md"), text, Metadata(title=f"{at}", date=f"202{at}")) for at, text in enumerate(texts)
    ]
    found = chapters_of([(document, tmp_path) for document in documents])
    assert [isinstance(chapter, SkipDocument) for chapter in found] == [False, True, False]
    books = [Book("T", "en", identifier("t"), (chapter,)) for chapter in found if not isinstance(chapter, SkipDocument)]
    assert books_as_files(books) == [one for book in books for one in books_as_files([book])]
    alone = [chapters_of([(document, tmp_path)])[0] for document in documents]
    assert [chapter for chapter in alone if not isinstance(chapter, SkipDocument)] == [
        book.chapters[0] for book in books
    ]


def test_a_book_ends_in_the_works_it_cites_and_its_colophon(made: Path):
    """Works cited has each work once, with its citations. The colophon has counts, repairs and tool versions."""
    with zipfile.ZipFile(made / "out" / "archive.epub") as archive:
        names = sorted(name for name in archive.namelist() if "/text/ch" in name)
        works, colophon = (archive.read(name).decode() for name in names[-2:])
    known = json.loads((made / "out" / "works.json").read_text("utf-8"))
    assert works.count("<strong>") == len(known)
    assert all(work["title"] in unescape(works) for work in known)
    assert '<a href="ch001.xhtml#chapter-1-' in works, "a work links to the section that cites it"
    assert f"文章：4 (2021-02 – 2021-08)。引用文献：{len(known)}。图片缺失：20。" in colophon
    assert f"pandoc {PANDOC}, Typst " in colophon
    assert run_sandboxed("--version", data=b"").decode().startswith(f"pandoc {PANDOC}\n")
    assert "引用文献" in page_text((made / "out" / "archive.pdf").read_bytes())


def test_an_image_bomb_is_refused(tmp_path: Path):
    """An image with too many pixels is not decoded, and becomes a placeholder."""
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    assert "Image missing" in chapter_text(book_as_epub(bound("![](bomb.png)\n", tmp_path, language="en")), tmp_path)


@pytest.mark.parametrize("mark", ["- ", "> ", "1. ", "*a **a "])
@pytest.mark.parametrize("times", [10, 20, 30, 100, 3_000])
def test_nested_text_becomes_a_book_or_is_skipped(mark: str, times: int):
    """A deeply nested text becomes a book, or is skipped with a message that says so."""
    try:
        book = bound(mark * times + "a")
    except SkipDocument as unfit:
        assert re.match("is (nested more|more than pandoc)", str(unfit))  # noqa: PT017 - either outcome is right
        return
    assert book_as_epub(book).startswith(b"PK")
    assert book_as_pdf(book).startswith(b"%PDF")


def test_memory_is_capped():
    """A text that would need gigabytes of memory is skipped."""
    with pytest.raises(SkipDocument, match="is more than pandoc can do with 512M of memory"):
        bound("x " * 2_000_000)


def test_titles_are_text(tmp_path: Path):
    """Markup in a title is text, in the EPUB and in the PDF."""
    title = '</title><script>alert(1)</script> "#read" \\ & $x$'
    document = Document(PurePosixPath("a.md"), "text", Metadata(title=title, authors=("<b>A</b>",)))
    book = Book(title, "en", identifier("a"), (chaptered(document, ROOT),))
    assert "&lt;script&gt;" in chapter_text(book_as_epub(book), tmp_path)
    assert "<script>alert(1)</script>" in page_text(book_as_pdf(book)).replace("\n", "").replace("\r", "")


@settings(max_examples=15, deadline=None)
@given(text=st.text(max_size=120))
def test_any_text_can_be_bound(text: str):
    """Any text can be converted to EPUB and to PDF."""
    book = bound(text.encode("utf-8", "replace").decode())
    assert book_as_epub(book).startswith(b"PK")
    assert book_as_pdf(book).startswith(b"%PDF")


HTML = tomllib.loads((ROOT / "tests" / "cases" / "html.toml").read_text("utf-8"))["case"]


@pytest.fixture(scope="module")
def html_books(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Book], list[dict[str, bytes]]]:
    """Return the cases of raw HTML as books, and the files of each book."""
    root = tmp_path_factory.mktemp("html")
    Image.new("RGB", (8, 8), "red").save(root / "ok.png")
    documents = [
        (Document(PurePosixPath(f"{at}.md"), case["post"], Metadata(title="A title", language="en")), root)
        for at, case in enumerate(HTML)
    ]
    chapters = [chapter for chapter in chapters_of(documents) if not isinstance(chapter, SkipDocument)]
    books = [Book(one.title, "en", identifier(str(at)), (one,)) for at, one in enumerate(chapters)]
    return books, books_as_files(books)


@pytest.mark.parametrize("at", range(len(HTML)), ids=[case["label"] for case in HTML])
def test_raw_html_is_kept(at: int, html_books: tuple[list[Book], list[dict[str, bytes]]], tmp_path: Path):
    """Raw HTML in a post appears in the EPUB as in a browser, without unsafe parts. The PDF has all its words."""
    case, book, made = HTML[at], html_books[0][at], html_books[1][at]
    chapter = " ".join(chapter_text(made["epub"], tmp_path).split())
    text = " ".join("".join(ET.fromstring(chapter).itertext()).split())  # noqa: S314 - our own
    assert case.get("markup", "") in chapter
    assert case.get("text", "") in text
    assert not re.search(case.get("never", "(?!)"), chapter)
    assert book.chapters[0].omitted == ()
    assert omission_warnings(book.chapters[0], made["epub"]) == ()
    with pikepdf.open(io.BytesIO(made["pdf"])) as pdf:
        alternatives = [
            str(item.Alt) for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/Alt" in item
        ]
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
    printed = " ".join([page_text(made["pdf"]), *alternatives])
    assert not missing_words(ast_visible_text(book.chapters[0].blocks, maths=False), printed).words


@needs_java
def test_epubs_with_raw_html_are_valid(html_books: tuple[list[Book], list[dict[str, bytes]]], tmp_path: Path):
    """EPUBCheck reports nothing for a book of all cases of raw HTML."""
    chapters = tuple(chapter for book in html_books[0] for chapter in book.chapters)
    (tmp_path / "a.epub").write_bytes(book_as_epub(Book("HTML", "en", identifier("html"), chapters)))
    assert_valid(tmp_path / "a.epub")


def test_comments_alone_change_nothing():
    """HTML comments do not change the blocks of a post."""
    text = "a *b*\n\n<!-- c -->\n\n- d<!-- e -->\n"
    assert bound(text).chapters[0].blocks == bound(re.sub("<!-- . -->", "", text)).chapters[0].blocks


NAMES = ("b", "p", "div", "td", "table", "a href=x", "pre")
BROKEN = (
    *(f"<{end}{name}>" for end in ("", "/") for name in NAMES),
    *("<select>", "<title>", "<li>", "<h2>", "<svg>", "<ruby>", "<rt>", "<!--", "<details>"),
    *("\n\n", "\n\n", "\n", "- ", "> ", "`code`", "*em*", "word1 ", "字 ", "[^1] ", "| a |\n|--|\n| b |\n"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(BROKEN), max_size=24))
def test_no_word_is_lost_in_broken_html(parts: list[str]):
    """With any broken, nested tags mixed with Markdown, the chapter has every word of the post."""
    text = "".join(f"{part}w{at} " if part.startswith("<") else part for at, part in enumerate(parts))
    try:
        (chapter,) = bound(f"{text}\n\n[^1]: note\n").chapters
    except SkipDocument:
        return
    words = re.findall(r"w\d+", re.sub(r"<!--.*?(-->|\Z)", "", text, flags=re.DOTALL))
    assert Counter(words) - Counter(re.findall(r"w\d+", ast_visible_text(chapter.blocks))) == Counter()


@pytest.mark.parametrize(
    ("shown", "held", "words", "excerpts"),
    [
        ("One two, three!", "three one — One two", 0, ()),
        ("foobar baz", "foo bar baz", 0, ()),
        ("foo bar", "foobar", 0, ()),
        ("字を読む", "字 を\n読む", 0, ()),
        ("a\u00adb 𝐱 ﬁ", "ab x fi", 0, ()),
        ("say this whole sentence twice, this once", "say this twice", 4, ("whole sentence", "this once")),
        ("字を読む", "字読む", 1, ("を",)),
        ("a 📝 b", "a b", 1, ("📝",)),
    ],
)
def test_missing_words_are_found(shown: str, held: str, words: int, excerpts: tuple[str, ...]):
    """Words are compared without white space and punctuation. Missing words are counted and quoted."""
    assert missing_words(shown, held) == (words, excerpts)


def test_omitted_words_are_reported(tmp_path: Path):
    """A chapter that omits words of its post says so at its end, and in the warnings of the report."""
    book = bound("[^1] one\n\n[^1]: two\n", tmp_path, language="en")
    chapter = replace(book.chapters[0], omitted_words=2, omitted=("two words",))
    made = books_as_files([replace(book, chapters=(chapter,))])[0]
    note = "Words of the post that are not shown: 2: “two words”"
    assert note in chapter_text(made["epub"], tmp_path)
    assert note in " ".join(page_text(made["pdf"]).split())
    assert omission_warnings(chapter, made["epub"]) == ("2 words of the post are not in the book: two words",)
    other = book_as_epub(bound("else", tmp_path, language="en"))
    assert omission_warnings(book.chapters[0], other) == ("2 words of the chapter are not in its EPUB: two one",)


def test_a_character_without_a_font_is_reported():
    """A character without a glyph is reported with its count. Joiners, selectors and combining marks are not."""
    assert characters_without_glyph("𐎀 b 𐎀 ✗ 👩\u200d💻 ☺\ufe0f e\u0323\u0302 한 ệ\u00ad\ufeff") == {"𐎀": 2}
    document = Document(PurePosixPath("a.md"), "𐎀 text", Metadata(title="A 𐎀", language="en"))
    (made,) = make_books([BookJob(document, ROOT, ROOT / "a", "", BookStyle())])
    assert made.warnings == ("no font has a glyph for U+10380 (2×)",)


def test_urls_are_copied_whole():
    """Long URLs and code break across lines. Text copied from the PDF has no extra character at the breaks."""
    url = (
        "https://example.org/a/very/long/address/that/goes/over/the/line/as-it-is-so-long?and=has&a=query#and-fragment"
    )
    pdf = page_text(book_as_pdf(bound(f"{url}\n\n`{'x1' * 60}`\n\n| a |\n|---|\n| {url} |\n", language="en")))
    whole = re.sub(r"[\r\n]", "", pdf)
    assert whole.count(url) == 2
    assert "x1" * 60 in whole
    assert "\u200b" not in pdf


@pytest.mark.parametrize("field", ["title", "author", "subtitle", "tag", "heading", "address", "code", "entity"])
def test_no_field_breaks_the_xml(field: str, tmp_path: Path):
    """A character that XML forbids becomes U+FFFD in any field: every XML file of the EPUB can be parsed."""
    bad = "x\x1b\ufffe\ud83dy"
    texts = {
        "heading": f"# {bad}",
        "address": f"[a](https://e.org/{bad}) ![{bad}](gone{bad}.png)",
        "code": f"`{bad}`\n\n```{bad}\n{bad}\n```",
        "entity": "&#27; `x` <b title='&#27;'>&#27;&#xfffe;</b> [a](&#27;)",
    }
    text = texts.get(field, "text").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    book = bound(text, tmp_path, language="en", source_url="https://e.org/")
    changes = {"author": {"authors": (bad,)}, "tag": {"tags": (bad,)}, "subtitle": {"title": bad, "kicker": bad}}
    chapter = replace(book.chapters[0], **changes.get(field, {}))
    book = replace(book, title=bad if field == "title" else "A", chapters=(chapter,))
    made = books_as_files([book])[0]
    with zipfile.ZipFile(io.BytesIO(made["epub"])) as archive:
        for name in archive.namelist():
            if name.endswith((".xhtml", ".opf", ".ncx", ".xml", ".svg")):
                ET.fromstring(archive.read(name))  # noqa: S314 - our own
    assert made["pdf"].startswith(b"%PDF")


def test_a_long_table_runs_over_pages():
    """A table longer than a page continues on the next pages: no character is below a page's edge."""
    rows = "".join(f"| row{at} | text |\n" for at in range(90))
    document = pypdfium2.PdfDocument(book_as_pdf(bound(f"| a | b |\n|---|---|\n{rows}", language="en")))
    texts = [page.get_textpage() for page in document]
    assert all(text.get_charbox(at)[1] >= 0 for text in texts for at in range(text.count_chars()))
    assert sum("row" in text.get_text_range() for text in texts) > 1
    document.close()


def test_an_invalid_date_stops_no_book():
    """A day that does not exist is ignored."""
    assert book_as_pdf(bound("text", language="en", date="2021-02-31")).startswith(b"%PDF")
    assert bound("text", date="2021-19").date == ""


def test_a_picture_is_in_a_book_once(tmp_path: Path):
    """The bytes of an image are in a book once, even if it is used often, from several files, in two chapters."""
    noise = Image.effect_noise((400, 400), 100)
    (tmp_path / "b").mkdir()
    for name in ("a.png", "b/c.png"):
        noise.save(tmp_path / name)
    size = (tmp_path / "a.png").stat().st_size
    text = "![x](a.png)\n\ny ![x](b/c.png) z\n\n" * 20
    chapters = tuple(
        chaptered(Document(PurePosixPath(f"{at}.md"), text, Metadata(title=f"{at}")), tmp_path) for at in "ab"
    )
    made = books_as_files([Book("T", "en", identifier("t"), chapters)])[0]
    with zipfile.ZipFile(io.BytesIO(made["epub"])) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 1
        assert archive.read("EPUB/text/ch001.xhtml").decode().count("<img") == 40
    assert len(made["pdf"]) < size + 400_000


def test_pictures_beyond_the_limit_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Images beyond the size limit of a post or book become boxes, and the report says so."""
    for at in range(3):
        Image.effect_noise((200, 200), 100 + at).save(tmp_path / f"{at}.png")
    sizes = [(tmp_path / f"{at}.png").stat().st_size for at in range(3)]
    monkeypatch.setattr("pipeline.books.images.chapter_pictures.MAX_TOGETHER", sum(sizes[:2]))
    text = "![zero](0.png)\n\n![one](1.png)\n\n![two](2.png) and ![two](2.png)\n"
    one = chaptered(Document(PurePosixPath("a.md"), text, Metadata(title="A", language="en")), tmp_path)
    assert (len(one.pictures), one.left_out) == (2, 1)
    monkeypatch.setattr("pipeline.books.book.MAX_TOGETHER", sizes[0])
    epub = book_as_epub(Book("T", "en", identifier("t"), (one,)))
    chapter = chapter_text(epub, tmp_path)
    assert chapter.count("<img") == 1
    assert re.search(r'class="missing-image">\s*<p>one</p>', chapter)
    assert omission_warnings(one, epub)[-1].startswith("1 picture is omitted")


@pytest.mark.parametrize(
    ("code", "output", "error"),
    [
        (-signal.SIGXCPU, "", SkipDocument),
        (251, "pandoc: Heap exhausted", SkipDocument),
        (-signal.SIGKILL, "", ChildProcessError),
        (1, "pandoc: out of memory (requested 1048576 bytes)", MemoryError),
        (1, "x.out: hPutBuf: resource exhausted (No space left on device)", OSError),
        (64, "Unknown option", RuntimeError),
    ],
)
def test_causes_of_failure_are_distinguished(code: int, output: str, error: type[Exception], tmp_path: Path):
    """A text beyond the limits, a failure of the machine and a bug of ours raise different errors."""
    script = tmp_path / "pandoc"
    end = f"kill -{-code} $$" if code < 0 else f"exit {code}"
    script.write_text(f"#!/bin/sh\necho '{output}' >&2\n{end}\n", "utf-8")
    script.chmod(0o755)
    with pytest.raises(error) as raised:
        _run_limited([str(script)], b"", 5, "512M")
    assert raised.type is error


def test_editions_in_out_are_all_there_is(made: Path):
    """out/ has books, the report and records, and no temporary files."""
    kinds = {name.rpartition(".")[2] for name in tree(made / "out")}
    assert kinds == {"epub", "pdf", "html", "json", "bib", "graphml", "xml", "jpg"}


def several(*posts: tuple[str, str], root: Path = ROOT, **meta: str) -> Book:
    """Return a book of posts, each a title and a text."""
    documents = [
        (Document(PurePosixPath(f"{at}.md"), text, Metadata(title=title, language="en", **meta)), root)
        for at, (title, text) in enumerate(posts)
    ]
    chapters = tuple(chapter for chapter in chapters_of(documents) if not isinstance(chapter, SkipDocument))
    return Book("The book", "en", identifier("several"), chapters)


def test_small_objects_of_a_pdf_are_compressed():
    """Tags and links are in object streams, the PDF stays tagged, and a second build gives the same bytes."""
    book = several(*((f"Post {at}", "[a](https://e.org) b\n\n" * 40) for at in range(9)))
    made = book_as_pdf(book)
    assert made == book_as_pdf(book)
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        whole = io.BytesIO()
        pdf.save(whole, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert len(made) < len(whole.getvalue()) * 0.6


def test_undated_posts_are_in_natural_order(tmp_path: Path, lacuna: Lacuna):
    """Dated posts come first, by date. Posts of one date, and undated ones, are in the order of their numbers."""
    (tmp_path / "raw").mkdir()
    for at in (1, 2, 10, 11, 100):
        (tmp_path / "raw" / f"issue-{at}.md").write_text(f"---\ntitle: U{at}\n---\nUndated text {at}.\n", "utf-8")
        (tmp_path / "raw" / f"day-{at}.md").write_text(f"---\ntitle: D{at}\ndate: 2020\n---\nText {at}.\n", "utf-8")
    assert lacuna("run", cwd=tmp_path).returncode == 0
    with zipfile.ZipFile(tmp_path / "out" / "archive.epub") as archive:
        nav = archive.read("EPUB/nav.xhtml").decode()
    assert re.findall(r">([UD]\d+)<", nav) == [f"{kind}{at}" for kind in "DU" for at in (1, 2, 10, 11, 100)]


@pytest.mark.parametrize("titles", SERIES, ids=[case["label"] for case in SERIES])
def test_series_are_split_off_titles(titles: dict):
    """The series and number at the start of most titles of a book are split off. Other titles stay whole."""
    split = series_titles(titles["titles"])
    assert [one.title for one in split] == titles.get("want", titles["titles"])
    assert [one.number for one in split if one.number] == titles.get("numbers", [])


def test_the_series_is_above_the_title(tmp_path: Path):
    """Heads and contents have the title without its series. The start of the chapter has both."""
    book = several(*((f"Letter #{at}: Frost {at}", "Text.\n\n" * 80) for at in (8, 9, 10)))
    chapter = chapter_text(book_as_epub(book), tmp_path)
    assert re.search(r'<h1[^>]*><span class="series">Letter #8</span>\s+Frost 8</h1>', chapter)
    assert "<title>Letter #8: Frost 8</title>" in chapter
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        assert re.findall(r">([^<>]*Frost[^<]*)</a>", archive.read("EPUB/nav.xhtml").decode()) == [
            "8 Frost 8",
            "9 Frost 9",
            "10 Frost 10",
        ]
    pdf = book_as_pdf(book)
    pages = page_text(pdf).split("\n")
    assert any(re.fullmatch(r"Letter #8\s*", line) for line in pages)
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_outline() as outline:
        assert [item.title for item in outline.root][:3] == ["Frost 8", "Frost 9", "Frost 10"]


def test_contents_have_the_sections_of_small_books_and_the_years_of_large_ones(tmp_path: Path):
    """A post lists its headings, a small book those of each post, a large book its posts by year. EPUBCheck agrees."""
    text = "## One\n\nx\n\n### Deep\n\n## Two\n\n> ## Quoted\n\nx\n"
    alone, few = bound(text, language="en"), several(("A", text), ("B", "text"))
    chapters = tuple(
        replace(alone.chapters[0], title=f"T{at}", date=f"20{10 + at // 10}-05-0{1 + at % 9}") for at in range(30)
    )
    large = Book("Large", "en", identifier("large"), tuple(sorted(chapters, key=lambda one: one.date)))
    trees = []
    for book in (alone, few, large):
        (tmp_path / "a.epub").write_bytes(book_as_epub(book))
        with zipfile.ZipFile(tmp_path / "a.epub") as archive:
            nav = archive.read("EPUB/nav.xhtml").decode().partition("</nav>")[0]
            names = {*archive.namelist()}
            for path, mark in re.findall(r'href="(text/[^"#]+)#([^"]+)"', nav):
                assert f"EPUB/{path}" in names
                assert f'id="{mark}"' in archive.read(f"EPUB/{path}").decode()
        trees.append(re.sub(r"<ol>", "(", re.sub(r"</ol>", ")", re.sub(r"<(?!/?ol>)[^>]*>", " ", nav))).split())
        if JAVA and book is not few:  # the contents of the sample's collection are like those: test_epubs_are_valid
            assert_valid(tmp_path / "a.epub")
    assert " ".join(trees[0]).endswith("A title One ( Deep ) Two )")
    assert "A ( One Two ) B" in " ".join(trees[1])
    assert re.search(r"2010 \( T.*\) 2011 \( T.*\) 2012 \( T", " ".join(trees[2]))


@pytest.mark.parametrize(
    "heading",
    [
        "#", "##  ", "## &nbsp;", "## <!-- c -->", "## ![](ok.png)", "## ![a](ok.png) ", "## [](https://e.org)",
        "## \u200b", "## `` ` ``", "##\n##", "## **", "## &#8203;", "# <b></b>", "<h2></h2>", "<h2> <br> </h2>",
        "## []()", "## $x^2$", "## 📝", "## [^1]", "## —", "> ##\n\n- #",
    ],
)  # fmt: skip
def test_an_empty_heading_does_not_untag_a_book(heading: str, tmp_path: Path):
    """A heading that shows nothing is left out of the book and its contents. The PDF claims the standards."""
    Image.new("RGB", (8, 8), "red").save(tmp_path / "ok.png")
    text = f"before\n\n{heading}\n\nafter $y^2$\n\n## Next\n\n[^1]: note\n"
    made = books_as_files([bound(text, tmp_path, language="en")])[0]
    with pikepdf.open(io.BytesIO(made["pdf"])) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    chapter = chapter_text(made["epub"], tmp_path)
    assert not re.search(r"<h\d[^>]*>\s*</h\d>", chapter)
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        assert not re.search(r"<a [^>]*>\s*</a>", archive.read("EPUB/nav.xhtml").decode())
    assert ("<img" in chapter) == ("ok.png" in heading)


def test_running_heads_name_the_book_and_the_chapter():
    """Left pages have the title of the book above the text, right pages that of the chapter. The first has neither."""
    book = several(("First", "Text.\n\n" * 150), ("Second", "Text.\n\n" * 150))
    document = pypdfium2.PdfDocument(book_as_pdf(book))
    tops, feet = [], []
    for page in document:
        letters = page.get_textpage()
        height, width = page.get_height(), page.get_width()
        tops.append(" ".join(letters.get_text_bounded(0, height - 50, width, height).split()))
        feet.append(letters.get_text_bounded(0, 0, width, 50).strip())
    document.close()
    first = feet.index("1")
    assert tops[first] == ""
    assert tops[first + 1] == "2 The book"
    assert tops[first + 2] == "First 3"
    assert feet[first + 1 : first + 3] == ["", ""]
    assert any(re.fullmatch(r"Second \d+", top) for top in tops)


def test_a_title_that_shows_nothing_does_not_untag_a_book():
    """A title without a visible character becomes the date or a dash, in the contents and in the PDF."""
    book = several(("\u200b", "x"), ("", "y"), ("Last", "z"))
    made = books_as_files([book])[0]
    with pikepdf.open(io.BytesIO(made["pdf"])) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    with zipfile.ZipFile(io.BytesIO(made["epub"])) as archive:
        assert not re.search(r"<a [^>]*>\s*</a>", archive.read("EPUB/nav.xhtml").decode())
