"""Books lose nothing and print nothing over each other: tables, images, links."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from html import unescape
from itertools import pairwise
from pathlib import Path, PurePosixPath
from textwrap import indent

import pypdfium2
import pytest
import typst
from PIL import Image

from pipeline import Document
from pipeline.books.book import Book, BookStyle, Chapter, chapters_of, identifier
from pipeline.books.chapter.visible_words import missing_words, post_visible_text
from pipeline.books.formats import books_as_files
from pipeline.books.images.pictures import DEFAULT_PICTURE_OPTIONS, verified_image
from pipeline.books.images.svg import sanitized_svg
from pipeline.books.title_phrases import title_phrases
from pipeline.document import Metadata
from tests.book_pages import page_faults
from tests.conftest import Lacuna

MONTHS = [f"{name}ember" for name in ("Sept", "Nov", "Dec")] * 4


def pipe_table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


TABLES = {
    "months": pipe_table(["Year", *MONTHS], [["2019", *(f"{2019 * at:,}.50" for at in range(12))]] * 2),
    "long": pipe_table(["no", "name"], [[str(at), f"item {at}"] for at in range(120)]),
    "in a list": "- item\n\n" + indent(pipe_table(["a", "b"], [["x", str(at)] for at in range(60)]), "  "),
    "in a quotation": indent(pipe_table(["a", "b"], [["x", str(at)] for at in range(60)]), "> "),
    "Japanese": pipe_table(
        ["名前", "値", "説明", "備考", "場所", "日付"],
        [["東京都千代田区", "1,234", "長い説明文がここに入ります", "なし", "関東", "2021-03-09"]],
    ),
    "German": pipe_table(
        ["Ein", "Wort"],
        [["Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", "Kraftfahrzeughaftpflichtversicherung"]],
    ),
    "Russian": pipe_table(
        ["Слово", "Значение", "Пример", "Год"],
        [["Высокопревосходительство", "титул", "Ваше высокопревосходительство", "1867"]] * 3,
    ),
    "Arabic": pipe_table(["الاسم", "العدد"], [["القاهرة", "1,234"], ["بيروت", "5,678"]]),
    "Thai": pipe_table(["ชื่อ", "คำอธิบาย"], [["กรุงเทพมหานคร", "เมืองหลวงของประเทศไทยและเมืองที่ใหญ่ที่สุด"]] * 3),
    "forty columns": pipe_table([f"c{at}" for at in range(40)], [[str(at * 37) for at in range(40)]]),
    "URLs": pipe_table(["URL", "Name"], [[f"<https://e.org/{'a/' * 40}>", "`an_option_name_of_some_length`"]]),
    "a long cell": pipe_table(["n", "text"], [["1", "Words that repeat, again and again. " * 90]]),
    "spans": "<table><caption>Cap</caption><tr><th rowspan=2>A</th><th colspan=2>B</th></tr>"
    "<tr><th>C</th><th>D</th></tr>"
    "<tr><td rowspan=2>1</td><td>2</td><td>3</td></tr><tr><td colspan=2>wide</td></tr></table>",
    "a note and maths": pipe_table(["a[^1]", "b"], [["$x^2$", "**bold** `code`"]]) + "\n[^1]: The note.\n",
}  # fmt: skip


def made_book(text: str, root: Path, page: str = "a5", posts: tuple[tuple[str, str], ...] = ()) -> dict[str, bytes]:
    """Return the files of a book of a post and of `posts` (path and text)."""
    found = [
        Document(PurePosixPath(name), body, Metadata(title=name, language="en"))
        for name, body in (("a.md", text), *posts)
    ]
    chapters = tuple(one for one in chapters_of([(one, root) for one in found]) if isinstance(one, Chapter))
    assert len(chapters) == len(found)
    return books_as_files([Book("A title", "en", identifier("a.md"), chapters, BookStyle(page))])[0]


def epub_file(epub: bytes, name: str) -> str:
    """Return a file of an EPUB as text."""
    with zipfile.ZipFile(io.BytesIO(epub)) as archive:
        return archive.read(f"EPUB/{name}").decode()


def pdf_text(pdf: bytes) -> str:
    """Return the text of a PDF, hyphens at line ends removed."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return re.sub("[\u00ad\ufffe\u2010]\\s*", "", text)


@pytest.mark.parametrize("page", ["a5", "reader"])
@pytest.mark.parametrize("name", TABLES)
def test_tables_stay_on_the_page(name: str, page: str, tmp_path: Path):
    """No cell is printed over another or off the page, and no word or number of a table is missing or broken."""
    made = made_book(f"Before.\n\n{TABLES[name]}\nAfter.\n", tmp_path, page)
    assert page_faults(made["pdf"]) == []
    text = unescape(re.sub("<[^>]+>", " ", epub_file(made["epub"], "text/ch001.xhtml")))
    assert missing_words(post_visible_text(TABLES[name]), text).excerpts == ()
    shown = pdf_text(made["pdf"])
    for number in re.findall(r"\d[\d,.-]*\d", re.sub("<[^>]+>", " ", TABLES[name])):
        assert number in shown


LONG_CODE = """```java
    System.out.println(route.stream().map(Station::getName).collect(Collectors.toList()).thenSomethingElse());
    x = anIdentifierWithoutAnySignsInItThatIsLongerThanALineOfTheBookAndMoreThanThatSoItMustBreakSomewhere;
```

- list

  ```
  very_long_function_name(argument_one=value_one,argument_two=value_two).another_call(argument_three)[0].attribute
  ```
"""


@pytest.mark.parametrize("page", ["a5", "reader"])
def test_long_code_breaks(page: str, tmp_path: Path):
    """A line of code without spaces breaks within the page, even if it is highlighted, and is copied unchanged."""
    pdf = made_book(LONG_CODE, tmp_path, page)["pdf"]
    assert page_faults(pdf, margin=15) == []
    copied = "".join(pdf_text(pdf).split())
    for line in LONG_CODE.splitlines()[1:3]:
        assert "".join(line.split()) in copied


def test_overprinted_lines_are_found():
    """The test above finds what it is for: lines over each other, and text off the page."""
    source = b"#set page(width: 100pt, height: 100pt, margin: 10pt)\n#place[some words]#place(dx: 2pt)[other text]\n"
    assert "overprinted" in page_faults(typst.compile(source))[0]
    off = b"#set page(width: 100pt, height: 100pt, margin: 10pt)\n#box(width: 300pt)[words that run over the edge]\n"
    assert "off the page" in page_faults(typst.compile(off))[0]
    assert page_faults(typst.compile(b"Sound text, *bold* and _italic_: AVAST, fj, e\xcc\x81.")) == []


def test_long_tables_repeat_their_head(tmp_path: Path):
    """Each page of a table begins with its head."""
    pages = pypdfium2.PdfDocument(made_book(TABLES["long"], tmp_path)["pdf"])
    heads = [page.get_textpage().get_text_range().count("no name") for page in pages]
    assert heads[1:] == [1] * (len(heads) - 1)
    pages.close()


PICTURES = {
    "HTML": '<img src="img/p.png" alt="a red square" width="100">',
    "root of the site": "![x](/img/p.png)",
    "static folder": "![x](/pix/s.png)",
    "query": "![x](img/p.png?raw=true)",
    "fragment": "![x](img/p.png#pic_center)",
    "backslashes": "![x](.\\img\\p.png)",
    "other case": "![x](Img/P.PNG)",
    "escapes": "![x](img/%E6%B5%B7.png)",
    "spaces": "![x](img/two words.png)",
    "wiki": "![[p.png]]",
    "wiki with size": "![[p.png|a square|100]]",
    "wiki in a folder for attachments": "![[kept.png]]",
    "size": "![x](img/p.png =100x20)",
    "attributes": "![x](img/p.png){width=50%}",
    "kramdown": '![x](img/p.png){: width="50" .center}',
    "piped size": "![x|50](img/p.png)",
    "figure": '<figure><a href="https://e.org"><img src="img/p.png"></a><figcaption>words</figcaption></figure>',
    "AVIF": "![x](img/p.avif)",
    "BMP": "![x](img/p.bmp)",
    "TIFF": "![x](img/p.tiff)",
    "SVG": "![x](img/p.svg)",
    "inline SVG": '<svg width="9" height="9"><path d="M0 0H9V9z"/></svg>',
    "link": "[![x](img/p.png)](https://e.org)",
    "Hugo": '{{< figure src="/img/p.png" title="a square" width="300" >}}',
    "Hexo": "{% img left /img/p.png 200 100 'a square' %}",
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_images_are_found_as_they_are_written(name: str, tmp_path: Path):
    """Every way to write an image shows it in both books, without rests of the markup."""
    for folder in ("img", "static/pix", "attachments"):
        (tmp_path / folder).mkdir(parents=True)
    picture = Image.new("RGB", (40, 30), "red")
    for file in (
        "img/p.png",
        "img/p.avif",
        "img/p.bmp",
        "img/p.tiff",
        "img/海.png",
        "img/two words.png",
        "static/pix/s.png",
    ):
        picture.save(tmp_path / file)
    picture.save(tmp_path / "attachments" / "kept.png")
    (tmp_path / "img" / "p.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0H9V9z"/></svg>', "utf-8"
    )
    made = made_book(f"Before.\n\n{PICTURES[name]}\n\nAfter.\n", tmp_path)
    chapter = epub_file(made["epub"], "text/ch001.xhtml")
    assert chapter.count('<img src="../media/file') == 1
    shown = re.sub("<[^>]+>", "", chapter.partition("Before.")[2].partition("After.")[0])
    assert not re.search(r"[{}\[\]|=]|missing", shown)
    assert b"/Image" in made["pdf"] or name in {"SVG", "inline SVG"}


def test_missing_images_share_one_line(tmp_path: Path):
    """Consecutive missing images are one block with their captions, hosts and files, and no frame each."""
    text = "![A boat](gone.png)\n\n![](https://cdn.e.org/a.png)\n\n![IMG_1.jpg](https://cdn.e.org/b.png)\n\nText.\n"
    chapter = epub_file(made_book(text, tmp_path)["epub"], "text/ch001.xhtml")
    assert chapter.count("missing-image") == 1
    shown = " ".join(re.sub("<[^>]+>", "", chapter).split())
    assert "A boat Image missing (3) · gone.png, cdn.e.org Text." in shown


def test_transparency_and_turned_photographs():
    """Transparent images get a white ground, and photographs are upright whatever their EXIF says."""
    turned, clear, exif = io.BytesIO(), io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(turned, "JPEG", exif=exif)
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(clear, "PNG")
    upright = verified_image(turned.getvalue(), DEFAULT_PICTURE_OPTIONS)
    white = verified_image(clear.getvalue(), DEFAULT_PICTURE_OPTIONS)
    assert upright
    assert white
    assert Image.open(io.BytesIO(upright.data)).size == (20, 40)
    assert Image.open(io.BytesIO(white.data)).convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)


SVG_START = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
SVG_ATTACKS = {
    "script": "<script>alert(1)</script><path d='M0 0'/>",
    "event": "<path d='M0 0' onload='alert(1)'/>",
    "link": "<a xlink:href='javascript:alert(1)'><path d='M0 0'/></a>",
    "remote image": "<image href='https://e.org/x.png'/><path d='M0 0'/>",
    "file": "<image xlink:href='file:///etc/passwd'/><path d='M0 0'/>",
    "style": "<style>@import url(https://e.org/x.css); path{fill:url(https://e.org)}</style><path d='M0 0'/>",
    "style attribute": "<path d='M0 0' style='background:url(https://e.org)'/>",
    "foreign object": "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject><path d='M0 0'/>",
    "animated link": "<set attributeName='href' to='javascript:alert(1)'/><path d='M0 0'/>",
    "remote use": "<use xlink:href='https://e.org/a.svg#b'/><path d='M0 0'/>",
}


@pytest.mark.parametrize("name", SVG_ATTACKS)
def test_drawings_only_draw(name: str):
    """A drawing keeps its path, and nothing that runs, loads or links."""
    made = sanitized_svg(f"{SVG_START}{SVG_ATTACKS[name]}</svg>".encode(), bool)
    assert made
    assert b"<path" in made
    assert not re.search(rb"e\.org|script|alert|passwd|onload|foreign", made)


def test_drawings_that_draw_too_much_are_refused():
    """Nested `use` and entities multiply elements; such a drawing is refused, and so is one that uses itself."""
    uses = "".join(f'<g id="l{at}">{f"<use href=%s#l{at - 1}%s/>" % (chr(34), chr(34)) * 10}</g>' for at in range(1, 9))
    assert sanitized_svg(f'{SVG_START}<g id="l0"><path d="M0 0"/></g>{uses}</svg>'.encode(), bool) is None
    assert sanitized_svg(f'{SVG_START}<g id="a"><use href="#a"/></g></svg>'.encode(), bool) is None
    bomb = f'<!DOCTYPE svg [<!ENTITY a "{"x" * 1000}"><!ENTITY b "{"&a;" * 1000}">]>{SVG_START}<text>&b;</text></svg>'
    made = sanitized_svg(bomb.encode(), bool)
    assert made is None or len(made) < 10_000


def test_data_images_are_embedded(tmp_path: Path):
    """An image in a `data:` URL is a file of the book."""
    png = io.BytesIO()
    Image.new("RGB", (3, 3), "red").save(png, "PNG")
    made = made_book(f"![x](data:image/png;base64,{base64.b64encode(png.getvalue()).decode()})", tmp_path)
    chapter = epub_file(made["epub"], "text/ch001.xhtml")
    assert "../media/file0.png" in chapter
    assert "base64" not in chapter


def test_links_lead_to_chapters_and_never_to_nothing(tmp_path: Path, lacuna: Lacuna):
    """In the archive's book links lead to chapters; in a book of one post to source URLs; a link to nothing is text."""
    raw = tmp_path / "raw"
    posts = {
        "a.md": "# Alpha\n\n[by file](b.md) [part](b.md#the-part) [below](sub/c.md) [bare](b) [case](B.md)"
        " [[b]] [[b#The part|wiki]] [[Gamma ray|by title]] [tag]({% post_url b %}) [gone](gone.md) [file](x.pdf)"
        " [url](https://e.org/posts/b?utm_source=x) [[nowhere]]"
        ' [anchor](#here) [top](#alpha) [no](#nothing)\n\nWords. <a id="here"></a>And more words of the first post.\n',
        "b.md": "---\nsource: https://e.org/posts/b\n---\n\n# Beta\n\nText of the second post.\n"
        "\n## The part\n\nIts part.\n",
        "sub/c.md": "# Gamma ray\n\nUp to [alpha](../a.md) and [root](/b.md), no further than that, in a third text.\n",
    }  # fmt: skip
    for name, text in posts.items():
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text(text, "utf-8")
    lacuna("run", cwd=tmp_path)
    pattern = re.compile(r'<a href="([^"]*)"[^>]*>([^<]*)</a>')

    def links(book: Path) -> dict[str, str]:
        with zipfile.ZipFile(book) as archive:
            chapters = [archive.read(name).decode() for name in sorted(archive.namelist()) if "/ch" in name]
        return {
            text: url for chapter in chapters for url, text in pattern.findall(chapter) if not url.startswith("#fn")
        }

    ours = links(tmp_path / "out" / "archive.epub")
    contents = epub_file((tmp_path / "out" / "archive.epub").read_bytes(), "nav.xhtml")
    chapter = {title: name for name, title in re.findall(r'href="text/(ch\d+)[^"]*"[^>]*>(\w+)', contents)}
    beta, gamma, alpha = (chapter[name] for name in ("Beta", "Gamma", "Alpha"))
    for text in ("by file", "bare", "case", "b", "url", "root", "tag"):
        assert ours[text].startswith(f"{beta}.xhtml#chapter-"), text
    assert ours["part"] == ours["wiki"] != ours["b"]
    assert ours["below"].split("#")[0] == ours["by title"].split("#")[0] == f"{gamma}.xhtml"
    assert ours["alpha"].split("#")[0] == f"{alpha}.xhtml"
    assert "place" in ours["anchor"]
    single = links(tmp_path / "out" / "posts" / "a.epub")
    assert single["by file"] == single["b"] == "https://e.org/posts/b"
    assert single["part"] == "https://e.org/posts/b#the-part"
    for found in (ours, single):
        assert not {"gone", "file", "no", "nowhere"} & {*found}
    assert "below" not in single


@pytest.mark.parametrize(
    ("title", "language", "phrases"),
    [
        ("李飞飞，从移民到 AI 明星", "zh-Hans", "李飞飞，|从|移民|到 |AI 明星"),
        ("科技爱好者周刊（第 348 期）", "zh-Hans", "科技|爱好者|周刊|（第 348 期）"),
        ("如何用 Docker 部署一个 PostgreSQL 数据库", "zh-Hans", "如何|用 |Docker 部署|一个 |PostgreSQL 数据库"),
        ("機器學習中的不確定性與實踐經驗", "zh-TW", "機器|學習|中的|不確定性與|實踐經驗"),
        ("日本語の組版における禁則処理", "ja", "日本語の|組版に|おける|禁則処理"),
        ("プログラミング言語Rustを理解する", "ja", "プログラミング言語Rustを|理解する"),
        ("标题", "zh-Hans", "标题"),
        ("A title of words", "zh-Hans", "A title of words"),
        ("번역 제목", "ko", "번역 제목"),
        ("", "zh-Hans", ""),
    ],
)
def test_titles_break_between_words(title: str, language: str, phrases: str):
    """A line of a title in Chinese or Japanese ends after a phrase; no character is lost, and none is alone."""
    assert "|".join(title_phrases(title, language)) == phrases


def test_headings_keep_their_text(tmp_path: Path):
    """Headings whose phrases stay whole have the same text in contents, outline and page, and break between them."""
    title, heading = "深度学习的历史与未来的发展", "关于机器学习中不确定性的一些思考"
    subtitle = "从神经科学到自动分化，神经网络理论 & 神经过程中的欠拟合"
    last = "*强调*的标题 `code` 和[公式](https://e.org/a) $x^2$"
    text = f"## {subtitle}\n\n## {heading}\n\n正文。\n\n## {last}\n\n正文。\n"
    document = Document(PurePosixPath("a.md"), text, Metadata(title=title, subtitle=subtitle, language="zh-Hans"))
    chapters = tuple(one for one in chapters_of([(document, tmp_path)]) if isinstance(one, Chapter))
    made = books_as_files([Book(title, "zh-Hans", identifier("a.md"), chapters)])[0]
    page = epub_file(made["epub"], "text/ch001.xhtml")
    assert "机器<wbr></wbr>学习" in page
    assert "<wbr></wbr>欠拟合" in page
    assert heading in epub_file(made["epub"], "nav.xhtml")
    with pypdfium2.PdfDocument(made["pdf"]) as pdf:
        outline = [one.get_title() for one in pdf.get_toc()]
    assert outline == [title, heading, "强调的标题 code 和公式 x2"]
    assert heading in "".join(pdf_text(made["pdf"]).split())
    assert "欠拟合" in pdf_text(made["pdf"])  # whole, in one line


CARD = (
    """Text, and [the table](#months) below.

[A card's title](https://www.e.org/a)\\
What it leads to

> Words that are quoted.
> — Ann Smith

> — A question?
>
> — An answer!

![A high picture](p.png)

"""
    + "Words that fill the page. " * 40
)


def test_parts_of_pages(tmp_path: Path):
    """A wide table turns its page; cards, attributions, floats, pages of links and long formulas are as documented."""
    Image.new("RGB", (900, 1000), "grey").save(tmp_path / "p.png")
    rows = [["2019", *(f"{2019 * at:,}.50" for at in range(9))]] * 6
    sums = " + ".join("abcdefghijklmnopqrstuvwxyz" * 2)
    formula = f"$$ a = {sums} $$\n\n$$\\begin{{aligned}} a &= {sums}\\\\ b &= c \\end{{aligned}}$$"
    made = made_book(
        f"{CARD}\n\n{formula}\n\n## Months\n\n{pipe_table(['Year', *['September'] * 9], rows)}\nAfter.\n", tmp_path
    )
    page = epub_file(made["epub"], "text/ch001.xhtml")
    assert '<div class="link-card">' in page
    assert 'class="address">e.org' in page
    assert page.count('<div class="attribution">') == 1
    assert page_faults(made["pdf"], margin=15) == []
    with pypdfium2.PdfDocument(made["pdf"]) as pdf:
        sizes = [one.get_size() for one in pdf]
        turned = [at for at, (width, height) in enumerate(sizes) if width > height]
        assert len(turned) == 1
        words = pdf[turned[0]].get_textpage().get_text_range()
        first, second = (pdf[at].get_textpage().get_text_range() for at in (1, 2))
    assert words.count("September") == 9
    assert "Months" in words
    assert words.count("2,019.50") == len(rows)
    assert f"(p. {turned[0]})" in " ".join(first.split())
    assert "Words that fill" in first  # before the picture, which floats to the next page
    assert "A high picture" in second


def test_right_to_left_headings_do_not_turn_their_section(tmp_path: Path):
    """What follows a heading in Arabic runs in its own direction."""
    page = epub_file(made_book("## عنوان عربي\n\nEnglish words.\n", tmp_path)["epub"], "text/ch001.xhtml")
    assert '<h2 dir="rtl" lang="ar" xml:lang="ar">' in page
    assert not re.search(r"<section[^>]*level2[^>]*rtl", page)


@pytest.mark.parametrize("sides", ["two", "two-recto", "one"])
def test_sides_and_fonts(sides: str, tmp_path: Path):
    """`sides` chooses where chapters begin; `fonts = "none"` embeds none."""
    texts = [f"Words of post {at}." for at in range(3)]
    documents = [
        Document(PurePosixPath(f"{at}.md"), text, Metadata(title=f"Post {at}", language="zh-Hans"))
        for at, text in enumerate(texts)
    ]
    found = chapters_of([(document, tmp_path) for document in documents])
    chapters = tuple(one for one in found if isinstance(one, Chapter))
    style = BookStyle(sides=sides, fonts="none")
    made = books_as_files([Book("Posts", "zh-Hans", identifier("p"), chapters, style)])[0]
    with zipfile.ZipFile(io.BytesIO(made["epub"])) as archive:
        assert not [name for name in archive.namelist() if "/fonts/" in name]
    with pypdfium2.PdfDocument(made["pdf"]) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    starts = [next(at for at, text in enumerate(pages, 1) if words in text) for words in texts]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert gaps == ([2, 2] if sides == "two-recto" else [1, 1])
