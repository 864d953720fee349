"""What is copied from a PDF is the text of the post, in every script; notes, columns and titles are right."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace
from itertools import takewhile
from pathlib import PurePosixPath

import pikepdf
import pypdfium2
import pytest

from pipeline.books.chapter.languages import with_languages
from pipeline.books.chapter.visible_words import ast_visible_text, post_visible_text
from pipeline.books.dates import date_in_words
from pipeline.books.epub.style import style_sheet
from pipeline.books.fonts import characters_without_glyph
from pipeline.books.metadata import rights_of
from pipeline.books.pandoc_ast import para, text_nodes
from pipeline.books.sections import sections_of
from pipeline.markdown.note_links import note_links_as_commonmark
from pipeline.markdown.target_tags import target_without_tags
from pipeline.read.picture_paths import PictureFinder
from tests.posts import png
from tests.test_editions import book_as_epub, book_as_pdf, bound, chapter_text, page_text

SCRIPTS = {
    "ar": "هذه رسالة طويلة عن الكلمات واللغات، كتبها أحمد في القاهرة.",
    "fa": "سلام، چطوری؟ این یک متن فارسی است.",
    "he": "זהו פוסט ארוך בעברית, עם מספר 2024 ועוד מילה.",
    "hi": "यह हिंदी में एक लेख है। इसमें कुछ वाक्य हैं।",
    "th": "สวัสดีครับ นี่คือข้อความภาษาไทย",
    "ja": "直骨令和の文章です。カタカナも、「引用」もあります。",
    "ko": "이것은 한국어로 쓴 글입니다.",
    "zh-Hans": "直骨令和的文字，“引号”是全角的。",
    "zh-Hant": "繁體中文的文章，直骨令。",
    "ru": "Это статья на русском языке: ёж, объём.",
    "el": "Αυτό είναι ένα κείμενο στα ελληνικά.",
    "vi": "Đây là một bài viết bằng tiếng Việt.",
}


def characters(text: str) -> list[str]:
    """Return the letters and digits of a text, sorted: a PDF has no order that all readers agree on."""
    return sorted(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char)[0] in "LN")


@pytest.mark.parametrize("language", SCRIPTS)
def test_copied_text_is_the_text_of_the_post(language: str):
    """Every letter of each script is copied from the PDF once, and nothing is added."""
    copied = page_text(book_as_pdf(bound(SCRIPTS[language], language=language)))
    if language not in {"ar", "fa", "he"}:  # of these the colophon's words are copied in another order
        lines = copied[copied.rindex("A title") + len("A title") :].splitlines()
        shown = takewhile(lambda line: "Lacuna" not in line, lines)
        assert characters("".join(shown)) == characters(SCRIPTS[language])
    words = re.findall(r"\w+", SCRIPTS[language])
    assert sum(word in copied for word in words) > 0.8 * len(words)
    assert not re.search("[\u200b\u00ad\ufffd]", copied)


def test_urls_and_long_words_are_copied_whole():
    """A URL over several lines has no added character; a long word of letters is hyphenated, not cut."""
    url = "https://documentation.example.org/administration/configuration/internationalization/troubleshooting.html"
    word = "Donaudampfschifffahrtsgesellschaftskapitänsmütze"
    path = "documentation/configuration_guide/troubleshooting.md"
    text = f"# {word} und Verhaltenskodex\n\nSiehe {url} heute, und sonst auch noch einmal {path} an jedem Ort."
    copied = page_text(book_as_pdf(bound(text, language="de")))
    assert path in re.sub(r"[\r\n]", "", copied), copied
    assert url in re.sub(r"[\r\n]", "", copied), copied
    assert word in re.sub("[\r\n\ufffe]", "", copied)
    assert "Verhaltenskodex" in copied


def test_notes_are_not_in_the_outline():
    """The outline of a PDF has headings without their notes; a note cited twice is printed once."""
    text = "## Harbour[^h]\n\nOne.[^h] Two.[^b]\n\n[^h]: A note of the heading.\n[^b]: Another note.\n"
    pdf = book_as_pdf(bound(text, language="en"))
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_outline() as outline:
        assert [str(item.title) for item in outline.root[0].children] == ["Harbour"]
    assert page_text(pdf).count("A note of the heading.") == 1


def test_columns_of_code_with_cjk_are_aligned():
    """In the PDF, a CJK character of code is as wide as two Latin ones."""
    rows = ["| 名前 | 値  |", "| abc  | 45  |", "| 한국 | 7   |"]
    document = pypdfium2.PdfDocument(book_as_pdf(bound("```\n" + "\n".join(rows) + "\n```", language="ja")))
    page = document[1].get_textpage()
    text = page.get_text_range()
    bars = [page.get_charbox(at)[0] for at, char in enumerate(text) if char == "|"]
    document.close()
    assert "| 名前 |" in text, "no space is copied between CJK characters"
    assert "| 한국 |" in text
    assert len(bars) == 9
    assert all(bars[at] == pytest.approx(bars[at % 3], abs=1) for at in range(9))


def test_a_chapter_has_the_fonts_of_its_language(tmp_path):
    """In a Chinese book, a Japanese chapter names fonts with Japanese forms."""
    chinese, japanese = (bound(SCRIPTS[tag], language=tag) for tag in ("zh-Hans", "ja"))
    book = chinese.__class__("两种", "zh-Hans", chinese.identifier, (*chinese.chapters, *japanese.chapters))
    blocks = [
        {"t": "Div", "c": [["", ["chapter"], [["lang", part.language]]], part.blocks]} for part in sections_of(book)
    ]
    sheet, fonts = style_sheet(book, blocks)
    (rule,) = re.findall(r'^\[lang="ja"\] \{ font-family: ([^;]*);', sheet, re.MULTILINE)
    assert rule.startswith('"Lacuna Noto')
    assert "-ja" in rule
    assert any(font.name.endswith("-ja.otf") for font in fonts)
    assert "直骨" in chapter_text(book_as_epub(book), tmp_path)


def test_the_fonts_of_several_languages_have_one_order():
    """The fonts follow the book's own in the order of their languages, not in that of hashes, which runs differ in."""
    tags = ("ko", "ja", "zh-Hant", "zh")
    blocks = [{"t": "Div", "c": [["", [], [["lang", tag]]], [para(*text_nodes("直骨"))]]} for tag in tags]
    sheet, _ = style_sheet(bound("Words.", language="en"), blocks)
    named = re.findall(r'^\[lang="([^"]+)"\] \{ font-family', sheet, re.MULTILINE)
    assert [tag for tag in named if tag in tags] == sorted(tags)


def test_directions_follow_most_letters():
    """A paragraph's direction is that of most of its letters; code and formulas do not count."""
    english, arabic = para(*text_nodes("The word مرحبا is hello.")), para(*text_nodes("مرحبا، Example منذ 2010"))
    assert with_languages([english], "en") == [english]
    assert with_languages([arabic], "ar") == [arabic]
    (marked,) = with_languages([arabic], "en")
    assert marked["c"][0][2] == [["dir", "rtl"], ["lang", "ar"]]
    (other,) = with_languages([english], "he")
    assert other["c"][0][2] == [["dir", "ltr"], ["lang", "ar"]] or other["c"][0][2][0] == ["dir", "ltr"]
    for mixed in ("پنل «Sources»", "Developer tools را با Cmd (Mac: Opt) باز کنید.", "نصب Visual Studio Code"):
        assert with_languages([para(*text_nodes(mixed))], "fa") == [para(*text_nodes(mixed))]


@pytest.mark.parametrize(
    ("date", "language", "words"),
    [
        ("2024-04-14", "de", "14. April 2024"),
        ("2024-04-14", "ja", "2024年4月14日"),
        ("2024-04-14", "ko", "2024년 4월 14일"),
        ("2024-06-16", "ar", "16 يونيو 2024"),
        ("2024-03-08", "ru", "8 марта 2024"),
        ("2024-03", "pl", "marzec 2024"),
        ("2024", "zh-Hans", "2024年"),
        ("2024-04-14", "tlh", "2024-04-14"),
        ("", "en", ""),
    ],
)
def test_dates_are_in_words(date: str, language: str, words: str):
    """A date is in the words of the chapter's language, or as ISO 8601 in one without phrases."""
    assert date_in_words(date, language) == words


def test_long_code_and_many_paths_are_set():
    """Typst styles at most 508 matches in a block; a post with more is in its PDF, too."""
    code = "```python\n" + "".join(f"x{at} = 1  # 说明{at}\n" for at in range(600)) + "```\n"
    paths = "\n\n" + " ".join(f"docs/part_{at}/page.md" for at in range(600))
    copied = re.sub(r"\s", "", page_text(book_as_pdf(bound(code + paths, language="zh-Hans"))))
    assert "说明599" in copied
    assert "docs/part_599/page.md" in copied


@pytest.mark.parametrize(
    ("caption", "times"), [("*Beach at Big Sur, CA*", 1), ("Big Sur, by hand", 1), ("Beach at Big Sur, CA", 2)]
)
def test_a_caption_that_repeats_an_alternative_text_counts_once(caption: str, times: int):
    """A book shows the caption alone if it is in italics, as of a figure, or begins with the alternative text."""
    assert post_visible_text(f"![Big Sur](a.png)\n\n{caption}\n").count("Big Sur") == times


def test_numbers_of_lists_of_html_stay():
    """A list of HTML that counts down, begins anywhere or jumps keeps its numbers and letters."""
    html = (
        '<ol reversed><li>b</li><li>a</li></ol>\n\n<ol type="a" start="3"><li>c</li></ol>\n\n'
        '<ol start="7" type="I"><li>g</li><li value="12">l</li><li>m</li></ol>\n'
    )
    book = bound(html, language="en")
    starts = [
        (block["c"][0][0], block["c"][0][1]["t"], len(block["c"][1]))
        for block in book.chapters[0].blocks
        if block["t"] == "OrderedList"
    ]
    assert starts == [
        (2, "Decimal", 1), (1, "Decimal", 1), (3, "LowerAlpha", 1), (7, "UpperRoman", 1), (12, "UpperRoman", 2)
    ]  # fmt: skip
    assert re.search(r"XII\.\s+l", page_text(book_as_pdf(book)))


def test_private_use_and_rights_are_named():
    """What only a post's own font showed is reported; the licence is that of the posts, if they agree."""
    assert characters_without_glyph("a\ue001\uf0a7") == {"\ue001": 1, "\uf0a7": 1}
    book = bound("Text.", language="en")
    (chapter,) = book.chapters
    licensed = replace(chapter, rights="CC BY 4.0")
    assert rights_of(replace(book, chapters=(licensed, licensed))) == "CC BY 4.0"
    assert rights_of(replace(book, chapters=(licensed, chapter))) == ""


@pytest.mark.parametrize(
    "written",
    [
        *("p.png", "./p.png", "2020-05-06-walk/p.png", "{% asset_path p.png %}", "{{ site.baseurl }}/walk/p.png"),
        *('{{ "/walk/p.png" | relative_url }}', "{{site.url}}/walk/p.png?x=1", "{{ '/walk/p.png' | absolute_url }}"),
    ],
)
def test_images_of_site_generators_are_found(written: str, tmp_path):
    """An image is in the folder of its post (Hexo), with or without the date in its name, or below the site's root."""
    for folder in ("2020-05-06-walk", "walk"):
        tmp_path.joinpath("posts", folder).mkdir(parents=True)
        tmp_path.joinpath("posts", folder, "p.png").write_bytes(png((1, 2, 3)))
    found = PictureFinder(tmp_path).found(PurePosixPath("posts/2020-05-06-walk.md"), written)
    assert found in {PurePosixPath("posts/2020-05-06-walk/p.png"), PurePosixPath("posts/walk/p.png")}
    shown = note_links_as_commonmark(f"![a]({written})", lambda _: False)
    assert shown == (f"![a]({written})" if "{" not in written else f"![a](<{target_without_tags(written)}>)")


def test_struck_links_keep_the_tags_of_the_pdf():
    """What is struck out has no line below it: PDF/UA forbids both, and the whole book would lose its tags."""
    text = "~~a [b](https://e.org/a)~~ [c ~~d~~](https://e.org/b) <u>e <s>f</s></u> <s>g <u>h</u></s>"
    with pikepdf.open(io.BytesIO(book_as_pdf(bound(text, language="en")))) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2A"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("* TOC\n{:toc}\n\nText", "Text"),
        ("1. Contents\n{:toc .big}\n\nText", "Text"),
        ("[TOC]\n\nText\n\n[[_TOC_]]", "Text"),
        ('Text\n{: .note width="50"}\n\n> Quoted\n> {: #id}', "Text Quoted"),
        ("{: .lead}\nText", "Text"),
        ("* one {:toc}\n* two", "one {:toc} two"),
        ("`{:toc}` and {: in text", "{:toc} and {: in text"),
    ],
)
def test_marks_for_the_site_are_not_printed(written: str, shown: str):
    """Attribute lists of kramdown and places for contents are no words; in code and inside lines they stay."""
    assert ast_visible_text(bound(written).chapters[0].blocks).split() == shown.split()
