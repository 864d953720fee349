"""Exports of blogs (WordPress, Blogger, feeds, Substack, Medium) -> a document for each post; broken ones too."""

from __future__ import annotations

import io
import tomllib
import zipfile
from pathlib import Path

import pytest

from pipeline.document import SkipDocument
from pipeline.read import export_zip, feed, wordpress
from pipeline.read.exports.wordpress_content import StoredPicture, shown_content
from pipeline.read.html import SavedPage, page_markdown
from pipeline.read.readers import NoPostsInside, Reader
from tests.conftest import ROOT, Lacuna
from tests.test_containers import parts_of

CONTENTS = tomllib.loads((ROOT / "tests" / "cases" / "wordpress.toml").read_text("utf-8"))["content"]
PICTURES = {
    "7": StoredPicture("https://e.org/7.jpg", "a"),
    "8": StoredPicture("https://e.org/8.jpg", "b", "Two"),
}
BLOCKS = {"9": "<!-- wp:paragraph -->\n<p>Von anderswo.</p>\n<!-- /wp:paragraph -->"}


@pytest.mark.parametrize("case", CONTENTS, ids=[one["name"] for one in CONTENTS])
def test_the_content_of_a_post_is_what_the_website_shows(case: dict):
    """Paragraphs, shortcodes and blocks become what WordPress makes of them; no text is lost."""
    html = shown_content(case["stored"], PICTURES, BLOCKS)
    assert page_markdown(SavedPage(f"<body>{html}", "a.html", extract=False)).text == case["shows"]


HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.4" -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>B</title>
<wp:author><wp:author_login><![CDATA[ann]]></wp:author_login>
<wp:author_display_name><![CDATA[安娜 Lee]]></wp:author_display_name></wp:author>"""
SLUG = "%E6%B2%B3"  # 河, as WordPress stores it


def item(number: int, content: str, kind: str = "post", status: str = "publish", more: str = "") -> str:
    """An item of an export."""
    return (
        f"\n<item><title><![CDATA[T{number}]]></title><link>https://e.org/{kind}/{number}/</link>"
        f"<dc:creator><![CDATA[ann]]></dc:creator><content:encoded><![CDATA[{content}]]></content:encoded>"
        f"<wp:post_id>{number}</wp:post_id><wp:post_date><![CDATA[2021-03-0{number} 23:30:00]]></wp:post_date>"
        f"<wp:post_date_gmt><![CDATA[2021-03-0{number} 15:30:00]]></wp:post_date_gmt>"
        f"<wp:post_name><![CDATA[n{number}]]></wp:post_name><wp:status><![CDATA[{status}]]></wp:status>"
        f"<wp:post_type><![CDATA[{kind}]]></wp:post_type>{more}</item>"
    )


def wxr(*items: str) -> bytes:
    """A WordPress export."""
    return f"{HEAD}{''.join(items)}\n</channel></rss>".encode()


PICTURE = "<wp:attachment_url>https://e.org/up/mill.jpg</wp:attachment_url>"
THUMBNAIL = "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>9</wp:meta_value></wp:postmeta>"


def test_posts_and_pages_are_taken_with_what_they_refer_to():
    """Attachments, menus, revisions and what plugins store are no posts; a post type with pages is one."""
    data = wxr(
        item(1, "River.", more=THUMBNAIL).replace("[n1]", f"[{SLUG}]"),
        item(2, "<img src='https://e.org/up/mill-300x200.jpg'>About.", "page", more=THUMBNAIL),
        item(3, "Recipe.", "recipe"),
        item(4, "Home", "nav_menu_item"),
        item(5, "field", "acf-field").replace("/acf-field/5/", "/?post_type=acf-field&amp;p=5"),
        item(6, "Old", "revision", "inherit"),
        item(7, "Gone.", status="trash"),
        item(8, ""),
        item(9, "", "attachment", "inherit", PICTURE),
        item(1, "Same name.").replace("[n1]", f"[{SLUG}]").replace("<wp:post_id>1", "<wp:post_id>77"),
    )
    found = parts_of(wordpress.READER, data)
    (same,) = [name for name in found if name.startswith("2021-03-01-河-")]
    assert [*found] == ["2021-03-01-河.html", "page/n2.html", "recipe/n3.html", same]
    assert found["2021-03-01-河.html"].text == (
        "---\ntitle: T1\nauthors:\n- 安娜 Lee\ndate: '2021-03-01T23:30:00+08:00'\nsource_url: https://e.org/post/1/\n"
        "slug: '%E6%B2%B3'\n---\n\n![](https://e.org/up/mill.jpg)\n\nRiver.\n"
    )
    assert found["page/n2.html"].text.count("mill") == 1


def test_an_export_that_is_no_valid_xml_is_read_item_by_item():
    """Control characters, bytes of another encoding, a CDATA that ends early and a cut file harm no other post."""
    latin = item(3, "Été à la rivière, près du vieux moulin; là-bas l'eau était très haute.").encode("cp1252")
    data = (
        wxr(
            item(1, "A\x08 <b>b</b> & c\x00."),
            item(2, "On <code>]]></code> and <b>more</b> &amp; the end."),
            "@",
            item(4, "About <code>&lt;item&gt;</code> and ]]]]><![CDATA[> and </item> in feeds."),
            item(5, "No end tag.").replace("</item>", ""),
            item(6, "Text ends he"),
        )
        .replace(b"\n@", b"@")
        .replace(b"@", latin)
    )
    found = parts_of(wordpress.READER, data[: data.index(b"Text ends he") + 9])
    shown = [one.text.partition("---\n\n")[2] for one in found.values()]
    assert shown[:3] == [
        "A **b** & c.\n",
        "On `]]>` and **more** & the end.\n",
        "Été à la rivière, près du vieux moulin; là-bas l'eau était très haute.\n",
    ]
    assert [one.split()[-1] for one in shown[3:]] == ["feeds.", "tag."]
    assert "`<item>` and \\]\\]> and" in shown[3]
    assert [one.notes[0].message for one in [*found.values()][4:]] == [
        "the export ends inside this post; export it again"
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;&a;">]>' + wxr(item(1, "x &a; &b;")),
        wxr(item(1, "x" + "<b>" * 3000)),
        wxr(item(1, "x [caption" * 5000)),
        wxr(item(1, "x" + "<pre>" * 5000)),
        wxr(item(1, "x" + "[[gallery" * 5000)),
        wxr(item(1, "x" + "<!-- wp:block {" * 5000)),
        wxr(item(1, "x" + "<![CDATA[" * 5000)),
        wxr(item(1, "x", more="".join(f"<a{at}>" for at in range(20_000)))),
        wxr(*["<item>" for _ in range(20_000)], item(1, "x")),
        wxr(item(1, 'x <!-- wp:block {"ref":9} /-->'), item(9, '<!-- wp:block {"ref":9} /-->', "wp_block")),
    ],
    ids=["entities", "depth", "captions", "pre", "galleries", "marks", "cdata", "fields", "items", "loop"],
)
def test_a_hostile_export_is_read_or_skipped(data: bytes):
    """No entity is expanded, and nothing takes more than a moment."""
    assert wordpress.sniff_wordpress(data)
    try:
        (document,) = parts_of(wordpress.READER, data).values()
    except SkipDocument:
        assert data.count(b"<b>") + data.count(b"<pre>") > 400  # elements inside others
    else:
        assert "root:" not in document.text
        assert "x" in document.text


def test_an_export_of_another_encoding_is_decoded():
    """A whole file in GB18030 or UTF-16 is read, whatever it declares."""
    text = wxr(item(1, "我们沿着河走到旧磨坊，雨后水位很高，那天早上路上没有别人。")).decode()
    for codec in ("gb18030", "utf-16"):
        (document,) = parts_of(wordpress.READER, text.encode(codec)).values()
        assert "旧磨坊，雨后水位很高" in document.text
        assert "安娜 Lee" in document.text


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


BOMB = zipped({"posts.csv": b"post_id\n", "posts/1.a.html": b"<p>" + b"0" * 3_000_000})


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (export_zip.READER, b"PK\x03\x04 damaged"),
        (export_zip.READER, zipped({"a.md": b"# A", "posts/x.html": b"<p>a", "m.xml": b"<sitemap/>"})),
        (export_zip.READER, zipped({"__MACOSX/._a.xml": wxr(item(1, "x"))})),
    ],
)
def test_another_zip_file_holds_no_posts(reader: Reader, data: bytes):
    """It is passed over as an archive file."""
    with pytest.raises(NoPostsInside, match="unpack it"):
        parts_of(reader, data)


@pytest.mark.parametrize("data", [BOMB, zipped({"../e.xml": wxr(item(1, "x"))})])
def test_an_attack_is_skipped(data: bytes):
    """A file that unpacks to far more than it holds, and names that lead outside, are reported."""
    with pytest.raises(SkipDocument, match="attack"):
        parts_of(export_zip.READER, data)


def test_the_zip_file_of_medium_is_read():
    """Pages in `posts/` are posts, drafts are drafts, and the lists of Medium are none."""
    page = "<article><h1>River</h1><section data-field='body'><p>{}</p></section></article>"
    long = "We walked along the river as far as the old mill, and the water was high after the rain. " * 2
    names = ("posts/2020-03-01_River-3f2a9c81d0e4.html", "posts/draft_Later-77aa88bb99cc.html", "claps/claps-1.html")
    found = parts_of(export_zip.READER, zipped({f"medium-export/{name}": page.format(long).encode() for name in names}))
    assert [*found] == ["2020-03-01_River-3f2a9c81d0e4.html", "draft_Later-77aa88bb99cc.html"]
    assert ["status: draft" in one.text for one in found.values()] == [False, True]
    assert "We walked along" in found["2020-03-01_River-3f2a9c81d0e4.html"].text


SHORT = "<p>We walked along the river.</p>"


@pytest.mark.parametrize(
    ("entry", "shows"),
    [
        (f"<description>{'&lt;p&gt;' + 'Long text. ' * 60}</description>", "Long text."),
        (f"<description>{'&lt;p&gt;' + 'Long text. ' * 60}[&amp;#8230;]</description>", ""),
        (f"<description>{'&lt;p&gt;' + '長い文。' * 90}続きを読む</description>", ""),
        ("<description>Only a line.</description>", ""),
        (f"<description>Short</description><content:encoded><![CDATA[{SHORT}]]></content:encoded>", "the river"),
        ('<content type="xhtml"><x:div xmlns:x="y"><x:p>Ein <x:b>Weg</x:b></x:p></x:div></content>', "Ein **Weg**"),
        ('<content type="text">a &lt;b&gt;\n\nc</content>', "\n\nc"),
        ('<content src="https://e.org/a.mp3"/>', ""),
    ],
)
def test_a_feed_has_posts_if_it_has_their_contents(entry: str, shows: str):
    """An item with only a summary is no post; the content is HTML, XHTML or plain text."""
    found = parts_of(feed.READER, f"<rss><channel><item><title>T</title>{entry}</item></channel></rss>".encode())
    assert (shows in found["T.html"].text) if shows else not found


def test_posts_with_one_name_and_one_key_are_all_read():
    """A feed that repeats a title and a guid, or an export that repeats a number, loses no post."""
    texts = [f"Day {number}: {'we walked along the river. ' * 20}" for number in range(4)]
    items = [
        f"<item><title>T</title><guid>same</guid><content:encoded>{text}</content:encoded></item>" for text in texts
    ]
    found = parts_of(feed.READER, f"<rss><channel>{''.join(items)}</channel></rss>".encode())
    assert [text.rstrip() in one.text for text, one in zip(texts, found.values(), strict=True)] == [True] * 4
    found = parts_of(wordpress.READER, wxr(*(item(7, text) for text in texts)))
    assert [text.rstrip() in one.text for text, one in zip(texts, found.values(), strict=True)] == [True] * 4


def test_a_run_counts_what_is_no_post(tmp_path: Path, lacuna: Lacuna):
    """Drafts of an export count as drafts, XML and ZIP files without posts as what they are; `include` takes drafts."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "e.xml").write_bytes(wxr(item(1, "One."), item(2, "Two.", status="draft"), item(3, "x", status="private")))
    (raw / "sitemap.xml").write_text("<urlset/>")
    (raw / "other.zip").write_bytes(zipped({"a.md": b"# A"}))
    ran = lacuna("run", "--no-editions", cwd=tmp_path)
    assert ran.returncode == 0
    assert "passed over: 1 data file, 1 archive file that is not unpacked, 2 drafts\n" in ran.stdout
    assert "2 drafts" in lacuna("status", cwd=tmp_path).stdout
    assert [one.name for one in (tmp_path / "clean" / "e.xml.parts").iterdir()] == ["2021-03-01-n1.md"]
    (tmp_path / "pipeline.toml").write_text('include = ["*.xml.parts/*-n2.html"]\n')
    lacuna("run", "--no-editions", cwd=tmp_path)
    assert len([*(tmp_path / "clean" / "e.xml.parts").iterdir()]) == 2
    asked = lacuna("bind", "raw/sitemap.xml", "-o", "books", cwd=tmp_path)
    assert "raw/sitemap.xml: is XML, but neither a WordPress export nor a feed" in asked.stderr + asked.stdout
