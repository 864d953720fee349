"""Web pages, MHTML and documents of other formats become Markdown: rules, encodings, attacks, whole runs."""

from __future__ import annotations

import base64
import io
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.document import Document, ListPage, SkipDocument, Skipped, Source
from pipeline.markdown import parser
from pipeline.markdown.front_matter import front_matter_of
from pipeline.read import readers, web_archive
from pipeline.read.html import SavedPage, page_markdown, read_html
from pipeline.read.kinds import FileKind
from pipeline.read.pages.metadata import metadata_of
from pipeline.read.pages.tree import page_tree
from pipeline.read.readers import Reader, read_document, reader_of
from pipeline.run.follow import follow_all
from pipeline.run.worker import cleaned_document
from pipeline.settings import Settings
from pipeline.store.rows import document_row
from tests.conftest import ROOT

CASES = tomllib.loads((ROOT / "tests" / "cases" / "web_pages.toml").read_text("utf-8"))["case"]
DIALECTS = tomllib.loads((ROOT / "tests" / "cases" / "page_dialects.toml").read_text("utf-8"))["case"]
OTHER_SENTENCES = (
    "When we came home it was dark, nobody was on the road, and the lamps of the village were lit one after the other. "
    "My sister had kept the soup warm, and we sat in the kitchen until the clock in the hall struck eleven."
)
SENTENCE = (
    "We walked along the river as far as the old mill, and the water was high after the rain of the week before. "
)
PROSE = f"<p>{SENTENCE * 3}</p>"
TEXTS = {  # language -> a text, its usual legacy encoding, a wrong declaration
    "zh": (
        "我们沿着河走到老磨坊，上周下雨以后水位很高，路上没有遇到什么人，回家时天已经黑了。",
        "gb18030",
        "gb2312",
    ),
    "ja": (
        "私たちは川に沿って古い水車小屋まで歩いた。先週の雨で水かさが増していて、帰る頃にはもう暗かった。",
        "cp932",
        "shift_jis",
    ),
    "ru": (
        "Мы шли вдоль реки до старой мельницы, и вода была высокой после дождей прошлой недели.",
        "cp1251",
        "koi8-r",
    ),
    "ar": (
        "مشينا على طول النهر حتى الطاحونة القديمة، وكان الماء مرتفعا بعد أمطار الأسبوع الماضي.",
        "cp1256",
        "iso-8859-6",
    ),
    "fr": (
        "Nous avons marché le long de la rivière jusqu’au vieux moulin, où l’eau était très élevée.",
        "cp1252",
        "latin-1",
    ),
}


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body><article>{PROSE}{body}{PROSE}</article></body></html>"


def read(text: str | bytes, name: str = "page.html") -> Document:
    return read_document(Source(PurePosixPath(name), text.encode() if isinstance(text, str) else text))


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_elements_become_markdown(case: dict[str, str]):
    """Each element of a page has the Markdown that shows the same."""
    made = page_markdown(SavedPage(f"<body>{PROSE}{case['page']}{PROSE}", "page.html", extract=False))
    before, middle, after = made.text.partition(SENTENCE.strip()[-20:])
    sentences = (SENTENCE * 3).strip()
    body, _, notes = made.text.removeprefix(sentences).strip("\n").rpartition(sentences)
    shown = "\n\n".join(part for part in (body.strip("\n"), notes.strip("\n")) if part)
    assert before
    assert middle
    assert after
    assert shown == case["markdown"]
    assert case.get("never", "\0") not in made.text
    assert made.missing == 0


@pytest.mark.parametrize("case", DIALECTS, ids=lambda case: case["label"])
def test_nothing_of_an_article_is_lost_in_any_dialect(case: dict[str, list[str]]):
    """Text, code, cells, pictures and notes of many websites and programs are in the Markdown, in their order."""
    article = f"<article>{PROSE}{case['page']}<p>{OTHER_SENTENCES}</p></article>"
    text = read(f"<html><head><title>T</title></head><body><nav><a href='/'>Home</a></nav>{article}</body></html>").text
    at = 0
    for part in case["has"]:
        assert part in text[at:], text
        at = text.index(part, at) + len(part)
    assert [part for part in case.get("never", ()) if part in text] == []
    assert OTHER_SENTENCES in text


LISTS = {
    "Apache": "<title>Index of /blog</title></head><body><h1>Index of /blog</h1><table><tr><th>Name</th><th>Size</th>"
    '</tr><tr><td><a href="/">Parent Directory</a></td><td>-</td></tr><tr><td><a href="a.html">a.html</a></td>'
    "<td>12K</td></tr></table><address>Apache/2.4 Server at e.org Port 80</address>",
    "nginx": '<title>Index of /</title></head><body><h1>Index of /</h1><hr><pre><a href="../">../</a>\n'
    '<a href="a.html">a.html</a>   01-Jan-2020 10:00   512\n</pre><hr>',
    "Python": "<title>Directory listing for /</title></head><body><h1>Directory listing for /</h1><hr><ul>"
    '<li><a href="a.html">a.html</a></li><li><a href="b/">b/</a></li></ul><hr>',
    "HTTrack": "<title>Local index - HTTrack Website Copier</title></head><body><table><tr><td>Index of locally "
    'available sites:</td></tr><tr><td><a href="e.org/index.html">Ann walks along the river</a></td></tr></table>',
}


@pytest.mark.parametrize("program", LISTS)
def test_a_list_that_a_program_wrote_is_no_post(program: str):
    """Lists of files of servers, and of pages of HTTrack, are passed over; the message names the program."""
    with pytest.raises(ListPage, match=r"list of|HTTrack"):
        read(f"<html><head>{LISTS[program]}</body></html>")
    text = read(
        f"<html><head><title>Index of /etc</title></head><body><h1>Index of /etc</h1>{PROSE}</body></html>"
    ).text
    assert SENTENCE.strip() in text


def test_lists_of_programs_are_counted_and_not_skipped():
    """The outcome of such a list has the kind of list pages."""
    data = f"<html><head>{LISTS['nginx']}</body></html>".encode()
    outcome = follow_all(Source(PurePosixPath("index.html"), data), ())
    assert isinstance(outcome, Skipped)
    assert outcome.step == FileKind.LISTING
    assert document_row(outcome).kind == FileKind.DRAFT


def test_the_article_is_found_and_the_website_is_not():
    """Menus, shares, related posts and the frame of the website are left out."""
    text = page(
        '<aside class="related"><a href="/x">Another post that you may like</a></aside><h2>Part two</h2>'
    ).replace("<article>", '<nav><a href="/">Home</a><a href="/about">About us</a></nav><article>')
    shown = read(text.replace("</article>", "</article><footer>Copyright, all rights reserved</footer>")).text
    assert SENTENCE.strip() in shown
    assert "## Part two" in shown
    for furniture in ("Home", "About us", "you may like", "Copyright"):
        assert furniture not in shown


def test_metadata_become_front_matter():
    """Title, authors, date, URL, language and description of a page are fields of the document."""
    head = (
        '<title>A walk | The site</title><link rel="canonical" '
        'href="https://e.org/walk"><meta name="description" content="d">'
        '<script type="application/ld+json">{"@type": "BlogPosting", "headline": "A '
        'walk", "datePublished": "2021-03-09T10:00Z",'
        ' "author": [{"name": "Ann Lee"}, {"name": "by Ben Ray"}]}</script>'
    )
    shown = read(page("", head).replace("<html>", '<html lang="en-GB">')).text
    block = shown.split("---\n")[1]
    assert block == (
        "title: A walk\nauthors:\n- Ann Lee\n- Ben Ray\ndate: '2021-03-09'\nsource_url: https://e.org/walk\n"
        "language: en-GB\ndescription: d\n"
    )


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("declared", ["true", "lie", "none", "two", "utf-8 under an old declaration"])
def test_the_detector_decodes_a_page_whatever_it_declares(language: str, declared: str):
    """The text is right if the declaration is true, wrong, missing or double."""
    text, codec, other = TEXTS[language]
    metas = {
        "true": f'<meta charset="{codec}">',
        "lie": '<meta charset="utf-8">',
        "none": "",
        "two": f'<meta charset="{codec}"><meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
        "utf-8 under an old declaration": f'<meta charset="{other}">',
    }
    whole = f"<html><head>{metas[declared]}</head><body><article><p>{text * 4}</p><p>{text}</p></article></body></html>"
    data = whole.encode("utf-8" if declared.startswith("utf-8") else codec)
    shown = read(data).text
    assert text in shown.replace("\\", "")


SAMPLE = tomllib.loads((ROOT / "tests" / "cases" / "page_texts.toml").read_text("utf-8"))["text"]


def declaring(names: tuple[str, ...]) -> str:
    """Return a page that declares some encodings, with a place for a text."""
    metas = [f'<meta http-equiv="Content-Type" content="text/html; charset={name}">' for name in names]
    return f"<html><head><title>Walk</title>{''.join(metas)}</head><body><article>{{}}</article></body></html>"


def as_article(text: str) -> str:
    """Return a text as paragraphs of HTML."""
    return "".join(f"<p>{line}</p>\n" for line in text.strip().split("\n"))


def _as_browsers_decode(byte: int, codec: str) -> str:
    """Return a byte as a character; one that is not defined is a control character, as in browsers."""
    try:
        return bytes([byte]).decode(codec)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: f"{case['language']}-{case['codec']}")
def test_each_page_of_the_sample_has_the_right_text(case: dict[str, str]):
    """Sixty pages: twelve texts, with a true, a lying, no and a double declaration, and with mojibake inside."""
    article = as_article(case["text"])
    wanted = [line for line in case["text"].strip().split("\n") if line]
    declarations = {
        "true": (case["codec"],),
        "lying": (case["lie"],),
        "missing": (),
        "double": (case["codec"], case["lie"]),
    }
    for kind, names in declarations.items():
        data = declaring(names).format(article).encode(case["codec"])
        shown = read(data).text.replace("\\", "")
        assert [line for line in wanted if line not in shown] == [], kind
    broken = "".join(_as_browsers_decode(byte, case["mojibake"]) for byte in article.encode())
    data = declaring(("utf-8",)).format(broken).encode()
    shown = cleaned_document(PurePosixPath("page.html"), data, Settings()).text.replace("\\", "")
    assert [line for line in wanted if line not in shown] == [], "mojibake"


MARKED_UP = {  # lines whose bytes alone look like another encoding, or like damage
    "cp932": (
        "<p>「<b>ＮＥＷＳ</b> ＷＥＢ ＥＡＳＹ」は<ruby>外国人<rt>がいこくじん</rt></ruby>の皆さん</p>",
        "ＮＥＷＳ",
    ),
    "cp1251": ("<ul>\n<li>ЧМ-2014</li>\n<li>да</li>\n</ul>", "ЧМ-2014"),
    "gb18030": (
        "<p>Jam Hsiao Jing Teng (只能想念你 - 蕭敬騰)</p>\n<p>联通</p>\n<p>手上有工——出品︱网易</p>",
        "- 蕭敬騰)",
    ),
    "cp1256": ('<p title="\n\xa0">نعم</p>', "نعم"),
}


@pytest.mark.parametrize("codec", MARKED_UP)
@pytest.mark.parametrize("declared", [True, False])
def test_a_page_is_in_one_encoding_if_its_bytes_allow_it(codec: str, declared: bool):  # noqa: FBT001 - a parameter
    """Short lines with tags, rare characters and full-width letters do not make a page one of several encodings."""
    body, expected = MARKED_UP[codec]
    prose = next(text for text, known, _ in TEXTS.values() if known == codec)
    meta = f'<meta charset="{codec}">' if declared else ""
    whole = (
        f"<html><head>{meta}</head><body><article><p>{prose * 6}</p>{body}<p>{prose * 3}</p></article></body></html>"
    )
    document, _ = read_html(Source(PurePosixPath("page.html"), whole.encode(codec)))
    assert expected in document.text
    assert "\ufffd" not in document.text
    assert not document.notes


ATTACKS = {
    "NULs": "<p>a\0b<\0script>c</p>" * 10_000,
    "processing instructions": "<?php echo 1 ?><?xml version='1.0'?>" * 20_000,
    "entity bomb": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + "&b;" * 10_000,
    "numeric entities": "<p>" + "&#x110000;&#0;&#xD800;&#65;" * 20_000,
    "a huge attribute": '<p class="' + "x " * 1_000_000 + '">a',
    "a huge style": '<p style="' + "display:block;" * 100_000 + '">a',
    "comments": "<!--" * 50_000 + "<p>a-->",
    "conditional comments": "<!--[if IE]><p>a<![endif]-->" * 10_000,
    "lists": "<ul><li>" * 190,
    "tables": "<table><tr><td>" * 120,
    "open tags": "<" * 500_000,
    "open quotes": "<a href='" * 50_000,
    "tags in tags": "<p <p <p" * 50_000,
    "notes": "".join(f'<a href="#n{at}"><sup>{at}</sup></a>' for at in range(3_000))
    + "".join(f'<p id="n{at}">{at}. x</p>' for at in range(3_000)),
    "notes that refer to each other": '<p id="a"><a href="#b">1</a></p><p id="b"><a href="#a">2</a></p>' * 500,
    "formulas": "<math><mrow>" * 190 + "<mi>x</mi>",
    "many formulas": "<math><mi>x</mi></math>" * 10_000,
    "ruby": "<ruby>" * 150 + "a<rt>b",
    "code": "<pre>" + "<span class=line>" * 300 + "x",
    "fences": "<pre>" + "`" * 100_000,
    "definitions": "<dl><dt>a<dd>b" * 10_000,
    "details": "<details><summary>" * 150 + "a",
    "data images": '<img src="data:image/png;base64,' + "A" * 5_000_000 + '">',
    "polyglot": "%PDF-1.4 GIF89a/*<html><script>*/=1;</script><svg onload=x>PK\x03\x04",
    "base": '<base href="javascript:alert(1)"><base href="//' + "a" * 100_000 + '"><a href="x">y</a>',
    "one link around all": '<a href="https://e.org">' + "<p>a <b>b</b></p>" * 5_000,
    "marks": "<p>" + "*_`~[]()<>#|!$\\" * 20_000,
    "deep": "<div>" * 50_000,
    "quotations": "<blockquote>" * 20_000,
    "unclosed inlines": "<b><a href=x>" * 50_000,
    "attributes": "<p " + " ".join(f"a{at}=1" for at in range(5_000)) + ">",
    "entities": "<p>" + "&amp;" * 300_000,
    "a long word": "<p>" + "a" * 2_000_000,
    "spans": "<table><tr><td colspan=1000000 rowspan=99999999>x<td>y</table>",
    "JSON": '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
    "stars": "<p>" + "<b>*</b>" * 5_000,
    "a set": '<img srcset="' + "a.jpg 1w, " * 50_000 + '">',
}


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_pages_end(name: str):
    """A hostile page is read, or skipped with a sentence."""
    try:
        assert len(read(f"{PROSE}{ATTACKS[name]}{PROSE}").text) < 10_000_000
    except SkipDocument as reason:
        assert "save" in str(reason)  # noqa: PT017 - either is right


ACTIVE = (
    '<script>alert(1)</script><iframe src="javascript:alert(1)"></iframe><form '
    'action="https://e.org"><input value="v"></form>'
    '<a href="java\nscript:alert(1)">one</a><a href=" &#106;avascript:alert(1)">two</a><a href="vbscript:x">three</a>'
    '<img src="file:///etc/passwd" alt="four"><img src="x.png" '
    'onerror="alert(1)"><svg onload="alert(1)"><script>x</script></svg>'
    '<object data="x"></object><p>&lt;script&gt;alert(1)&lt;/script&gt;</p><img '
    'alt="](javascript:alert(1))" src="a.png">'
    '<a href="https://e.org/)](javascript:alert" '
    "title='\"&gt;&lt;script&gt;'>five</a><math><mtext><script>z</script></mtext></math>"
)


def test_no_active_content_gets_through():
    """Scripts, forms, frames and links that run programs are gone; what the page says about them is plain text."""
    shown = read(page(f"{PROSE}{ACTIVE}{PROSE}")).text.split("---\n")[-1]
    html = parser().render(shown)
    for tag in ("<script", "<iframe", "<form", "<object", "<svg", "onerror=", "onload="):
        assert tag not in html.replace("&lt;", "")
    for attribute in ('href="javascript', 'src="javascript', 'src="file:', 'href="vbscript'):
        assert attribute not in html


WORDS = st.sampled_from(
    ["mill", "*", "_a_", "`", "<b>", "1.", "#", "河", "“重点：”", "[x]", "$", "|", "~~", "\\", "&", "!", "。", "   "]
)
TAGS = st.sampled_from(
    [
        "p",
        "b",
        "em",
        "ul",
        "li",
        "div",
        "span",
        "h2",
        "blockquote",
        "code",
        "a",
        "td",
        "tr",
        "table",
        "pre",
        "sub",
        "dd",
    ]
)


def nodes() -> st.SearchStrategy[str]:
    texts = WORDS.map(lambda word: word.replace("&", "&amp;").replace("<", "&lt;") + " ")
    return st.recursive(
        texts,
        lambda inner: st.tuples(TAGS, st.lists(inner, max_size=4)).map(
            lambda one: f"<{one[0]}>{''.join(one[1])}</{one[0]}>"
        ),
        max_leaves=25,
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes(), min_size=1, max_size=5))
def test_what_a_page_shows_the_markdown_shows(parts: list[str]):
    """No letter of a page is missing in its Markdown, whatever is nested in what."""
    made = page_markdown(SavedPage(f"<body>{''.join(parts)}", "page.html", extract=False))
    assert made.missing == 0, made.text


def archive_of(page_bytes: bytes, charset: str) -> bytes:
    """Return an MHTML archive as browsers write it."""
    boundary = "----MultipartBoundary--x"
    picture = base64.encodebytes(png()).decode()
    return (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: "
        "https://e.org/a/walk.html\r\nSubject: A walk\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: "
        f'multipart/related;\r\n\ttype="text/html";\r\n\tboundary="{boundary}"\r\n\r\n\r\n--{boundary}\r\n'
        f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Location: https://e.org/a/walk.html\r\n\r\n{base64.encodebytes(page_bytes).decode()}\r\n--{boundary}\r\n"
        f"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://e.org/pics/mill.png\r\n\r\n"
        f"{picture}\r\n--{boundary}--\r\n"
    ).encode()


@pytest.mark.parametrize("charset", ["gb2312", "utf-8", "us-ascii"])
def test_an_archive_is_read_with_its_pictures(charset: str):
    """The bytes of the page in an MHTML archive go to the detector, and its pictures become files."""
    text = TEXTS["zh"][0]
    whole = page(f'<p>{text}</p><p><img src="../pics/mill.png" alt="M"></p><p><a href="next.html">n</a></p>').encode(
        "gb18030"
    )
    source = Source(PurePosixPath("walk.mhtml"), archive_of(whole, charset))
    document, files = web_archive.READER.read(source)
    (name,) = files
    assert text in document.text
    assert f"![M](walk.mhtml.files/{name})" in document.text
    assert "[n](https://e.org/a/next.html)" in document.text
    assert "source_url: https://e.org/a/walk.html" in document.text
    assert files[name] == png()


def test_parts_of_an_archive_are_found_however_they_are_named():
    """Word names them by files, browsers by encoded URLs, mail programs by identifiers."""
    picture = base64.encodebytes(png()).decode()

    def archive(place: str, of_picture: str, source: str) -> bytes:
        html = page(f'<p><img src="{source}" alt="M"></p>')
        return (
            f'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
            "Content-Type: text/html\r\n"
            f"Content-Location: {place}\r\n\r\n{html}\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\n"
            f"Content-Transfer-Encoding: base64\r\nContent-Location: {of_picture}\r\n\r\n{picture}\r\n--b--\r\n"
        ).encode()

    for names in (
        ("file:///C:/1/walk.htm", "file:///C:/1/walk.files/a.png", "walk.files/a.png"),
        ("http://e.org/w.htm", "http://e.org/p%20q/%E5%9B%BE.png", "p q/图.png"),
        ("http://e.org/w.htm", "http://e.org/p q/a.png", "p%20q/%61.png"),
        ("http://e.org/w.htm", "x", "cid:p@x"),
    ):
        document, files = web_archive.READER.read(Source(PurePosixPath("w.mht"), archive(*names)))
        assert "![M](w.mht.files/" in document.text, names
        assert [*files.values()] == [png()]


def test_a_page_of_singlefile_shows_the_pictures_in_its_variables():
    """SingleFile keeps a picture that is shown twice in a variable of the style sheet."""
    data = base64.b64encode(png()).decode()
    style = f'<style>:root{{--sf-img-1: url("data:image/png;base64,{data}")}}</style>'
    image = '<img src="data:image/svg+xml,<svg/>" style="background-image:var(--sf-img-1)!important" alt="V">'
    assert "![V](page.html.files/" in read(page(f"<p>{image}</p>", style)).text


def test_a_page_that_is_only_a_list_of_links_is_taken_whole():
    """A page without an article is not a page without text."""
    items = "".join(f'<li><a href="p{at}.html">Post {at}</a></li>' for at in range(30))
    document = read(f"<html><head><title>Blog</title></head><body><nav>Home</nav><ul>{items}</ul></body></html>")
    assert "- [Post 7](p7.html)" in document.text
    assert "no article was found" in document.notes[0].message


def test_a_run_reads_pages_and_puts_their_pictures_into_clean_and_books(tmp_path: Path, lacuna):
    """A page with a picture inside, one with a folder of files, and one without a suffix become posts and books."""
    raw = tmp_path / "raw"
    (raw / "mill_files").mkdir(parents=True)
    (raw / "mill_files" / "mill.png").write_bytes(png("blue"))
    (raw / "mill_files" / "frame.html").write_text("<p>An advertisement.</p>", "utf-8")
    inside = base64.b64encode(png()).decode()
    (raw / "single.html").write_text(page(f'<p>One <img src="data:image/png;base64,{inside}" alt="S"></p>'), "utf-8")
    (raw / "mill.html").write_text(page('<p>Two <img src="mill_files/mill.png" alt="M"></p>'), "utf-8")
    (raw / "saved-by-wget").write_text(page("<p>Three</p>"), "utf-8")
    (raw / "mojibake.html").write_text(page("<p>Le cafÃ© est trÃ¨s bon et l'Ã©tÃ© aussi.</p>"), "utf-8")
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    (picture,) = (tmp_path / "clean" / "single.html.files").iterdir()
    assert picture.read_bytes() == png()
    assert f"](single.html.files/{picture.name})" in (tmp_path / "clean" / "single.md").read_text("utf-8")
    assert "](mill_files/mill.png)" in (tmp_path / "clean" / "mill.md").read_text("utf-8")
    assert "Three" in (tmp_path / "clean" / "saved-by-wget.md").read_text("utf-8")
    assert "Le café est très bon" in (tmp_path / "clean" / "mojibake.md").read_text("utf-8")
    assert not (tmp_path / "clean" / "frame.md").exists()
    for name in ("single", "mill"):
        with zipfile.ZipFile(tmp_path / "out" / "posts" / f"{name}.epub") as book:
            assert [one for one in book.namelist() if one.endswith(".png")], name
    again = lacuna("run", cwd=tmp_path)
    assert "0 files written" in again.stdout


def test_pandoc_reads_other_formats():
    """Org, reStructuredText and notebooks are converted in the sandbox; our detector decodes them."""
    org = "#+TITLE: Прогулка\n\n* Река\n\nМы шли вдоль реки до *старой* мельницы, и вода была высокой.\n".encode(
        "cp1251"
    )
    document = read(org, "walk.org")
    assert "title: Прогулка" in document.text
    assert "# Река" in document.text
    assert "**старой**" in document.text
    assert "`code`" in read("Title\n=====\n\nA word of ``code``, and more.\n", "walk.rst").text


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


ENCRYPTED = b'<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></EncryptedData></encryption>'


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"META-INF/encryption.xml": ENCRYPTED}, "DRM"),
        ({"META-INF/rights.xml": b""}, "DRM"),
        ({"a": b"\0" * 50_000_000}, "unpacks"),
        ({"../a": b"x"}, "lead outside"),
    ],
)
def test_archives_are_checked_before_they_are_unpacked(files: dict[str, bytes], reason: str):
    """E-books with DRM, archives that unpack to too much or name files outside are skipped with a sentence."""
    with pytest.raises(SkipDocument, match=reason):
        read(zipped(files), "book.epub")


def test_a_reader_is_chosen_by_suffix_and_bytes():
    """MHTML in an `.html` file is read as MHTML; a file that is not what its name says is skipped."""
    chosen = reader_of(Source(PurePosixPath("a.html"), archive_of(b"<p>a", "utf-8")))
    assert chosen
    assert chosen.name == "mhtml"
    assert reader_of(Source(PurePosixPath("a.md"), b"<html>")) is None
    with pytest.raises(SkipDocument, match="not what its name says"):
        reader_of(Source(PurePosixPath("a.html"), b"%PDF-1.7"))


def test_a_reader_of_another_package_comes_first():
    """A reader with a new suffix reads its files."""
    shout = Reader("shout", ("shout",), lambda _: True, lambda one: (Document(one.path, one.data.decode().upper()), {}))
    assert read_document(Source(PurePosixPath("a.shout"), b"hello"), [shout]).text == "HELLO"
    assert readers.pictures_inside(Source(PurePosixPath("a.shout"), b"hello"), [shout]) == {}


FRONT = "---\nlayout: post\ntitle: 'The mill: a walk'\ndate: 2010-05-04\ntags: [walks, rivers]\n{}---\n"


@pytest.mark.parametrize(
    ("text", "title", "shown"),
    [
        (FRONT.format("") + "<p>By the river.</p>", "The mill: a walk", "By the river."),
        (FRONT.format("") + "<h1>Seen</h1><p>{{ page.date }}</p>", "The mill: a walk", "Seen"),
        ("\ufeff" + FRONT.format("published: false\n") + "沿着河走。<br>回家。", "The mill: a walk", "沿着河走。"),
        ("<p>---</p><p>title: no</p><p>" + SENTENCE * 3 + "</p>", "", SENTENCE.strip()),
    ],
)
def test_the_front_matter_of_a_page(text: str, title: str, shown: str):
    """A page of Jekyll has front matter above its HTML: it is metadata and not text. Source: sobolevn.github.io."""
    document, _ = read_html(Source(PurePosixPath("_posts/2010-05-04-mill.html"), text.encode()))
    front = front_matter_of(document.text)
    fields = front.fields if front else {}
    assert (fields.get("title", ""), "layout" in document.text.removeprefix(front.block if front else "")) == (
        title,
        False,
    )
    assert shown in document.text
    assert not title or (str(fields["date"]), fields["tags"]) == ("2010-05-04", ["walks", "rivers"])


def test_read_html_is_the_same_every_time():
    """The same bytes give the same Markdown, also after other pages."""
    source = Source(PurePosixPath("page.html"), page("<p>One</p>").encode())
    first = read_html(source)[0].text
    for _ in range(3):
        read_html(Source(PurePosixPath("other.html"), page("<p>Two</p>").encode()))
        assert read_html(source)[0].text == first


@pytest.mark.parametrize(
    ("title", "byline"),
    [
        ("The mill", '<h4 class="gh-article-author-name"><a>Ann Li</a></h4><time datetime="2021-03-04">4 March</time>'),
        ("The mill", '<p class="wp-block-post-author__name">Ann Li</p><time datetime="2021-03-04T08:00">x</time>'),
        ("The mill", '<span class="author">by Ann Li</span><span class="date">2021. 3. 4.</span>'),
        ("The mill", '<span class="nick"><a>Ann Li</a></span><span class="se_publishDate">2021. 3. 4. 8:00</span>'),
        ("The mill｜Ann Li", '<a class="o-noteContentHeader__name">Ann Li</a><time datetime="2021-03-04">x</time>'),
        ("The mill - Qiita", '<a class="username">Ann Li</a><div class="post-date">2021年03月04日</div>'),
        ("The mill", '<a class="follow-nickName">Ann Li</a><span class="time">于 2021-03-04 08:00:00 发布</span>'),
        ("The mill", '<p itemprop="author"><a>A.</a><b itemprop="name">Ann Li</b></p><time datetime="2021-03-04">'),
        ("The mill", '<span class="fn author">Ann Li</span><abbr class="published" title="2021-03-04T08">8</abbr>'),
        ("The mill", '<a rel="author">See full bio</a><p class="author">Ann Li</p><time datetime="2021-03-04">'),
        ("The mill", '<p class="author">Фото из архива</p><a class="author">Ann Li</a><time datetime="2021-03-04">'),
        ("The mill", '<meta name="author" content="\'Ann Li"><time datetime="2021-03-04">'),
    ],
)  # fmt: skip
def test_bylines_of_blog_engines_are_read(title: str, byline: str):
    """Author and day are read where the page shows them and its head is silent; those of a comment are not."""
    comment = '<div class="comments"><b class="author">Bo</b><i class="date">2022-01-01</i></div>'
    page = f'<meta property="og:title" content="{title}"><body>{comment}<h1>The mill</h1>{byline}<p>Text.</p></body>'
    meta = metadata_of(page_tree(page), page)
    assert (meta.title, meta.authors, meta.date) == ("The mill", ("Ann Li",), "2021-03-04")


@pytest.mark.parametrize("title", ["Example News|The mill", "Example News ｜ The mill", "The mill"])
def test_the_name_of_the_site_before_a_title_goes(title: str):
    """The name that the page gives to its site is no part of a title; other words before such a mark are."""
    head = f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="Example News">'
    assert metadata_of(page_tree(f"{head}<p>Text.</p>"), "").title == "The mill"
    other = '<meta property="og:title" content="Mills|The mill"><meta property="og:site_name" content="Example News">'
    assert metadata_of(page_tree(f"{other}<p>Text.</p>"), "").title == "Mills|The mill"


def test_the_window_of_a_translator_is_no_part_of_a_page():
    """Google Translate puts a heading into pages that a browser saves."""
    window = '<div id="goog-gt-tt" class="skiptranslate"><h1>Original text</h1><p>Rate this translation.</p></div>'
    text = "".join(f"<p>Sentence {number} about the mill, the river and the village.</p>" for number in range(6))
    page = page_markdown(SavedPage(f"<title>The mill</title><body><article>{text}</article>{window}</body>", "a.html"))
    assert page.meta.title == "The mill"
    assert "translation" not in page.text


def test_a_remark_before_the_first_paragraph_stays():
    """A box of a remark belongs to the article; one of the website with a link or a form does not."""
    text = "".join(
        f"<p>Sentence {number} about the mill, the river and the flour of the village.</p>" for number in range(6)
    )
    remark = '<aside class="msg alert"><span>!</span><p>Mind the beams.</p></aside>'
    site = '<aside class="message"><p>Join us</p><a href="/join">now</a></aside>'
    shown = page_markdown(SavedPage(f"<body><article>{remark}{text}{site}</article></body>", "a.html")).text
    assert "Mind the beams." in shown
    assert "Join us" not in shown
