"""Exports of blogs (WordPress, Blogger, feeds, Substack, Medium) -> a document for each post; broken ones too."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import msgspec
import pytest
import zstandard

from pipeline.document import SkipDocument, Source
from pipeline.read import export_archive, feed, ghost, social, wordpress
from pipeline.read.exports.wordpress_content import StoredPicture, shown_content
from pipeline.read.html import SavedPage, page_markdown
from pipeline.read.picture_paths import PictureFinder
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
    """Attachments, menus, revisions and what plugins store are not posts; a post type with pages is one."""
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


def tarred(files: dict[str, bytes], mode: str = "w:gz", links: dict[str, str] | None = None) -> bytes:
    """A tar file; `links` are symbolic ones."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return written.getvalue()


SUBSTACK = {
    "./s/posts.csv": b"post_id,post_date,is_published,title\n1.mill,2021-03-09,true,The mill\n",
    "./s/posts/1.mill.html": b"<p>We walked.</p>",
}


def test_a_tar_file_is_read_as_a_zip_file():
    """The packing is seen from the bytes: none, gzip, bzip2, xz, zstd. A link in it is not followed."""
    link = {"s/posts/2.passwd.html": "/etc/passwd", "s/posts/3.up.html": "../posts.csv"}
    packed = [tarred(SUBSTACK, mode, link) for mode in ("w:", "w:gz", "w:bz2", "w:xz")]
    for data in [*packed, zstandard.compress(packed[0])]:
        assert export_archive.READER.sniff(data)
        (found,) = parts_of(export_archive.READER, data).items()
        assert (found[0], "title: The mill" in found[1].text) == ("2021-03-09-mill.html", True)


NOISE = hashlib.shake_256(b"").digest(100_000)
WIDE = tarfile.TarInfo("posts/a.html")
WIDE.pax_headers = {"comment": "0" * 3_000_000}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (tarred({**SUBSTACK, "../e.html": b"x"}), "lead outside"),
        (tarred({**SUBSTACK, "/etc/e.html": b"x"}), "lead outside"),
        (tarred({**SUBSTACK, "s/posts/a.html": b"<p>" + b"0" * 3_000_000}), "attack"),
        (tarred({**SUBSTACK, "photo.raw": b"0" * 3_000_000}, "w:xz"), "attack"),
        (tarred({**SUBSTACK, "z.json": NOISE})[:-90_000], "damaged"),
        (tarred({**SUBSTACK, "z.json": NOISE}, "w:xz")[:-90_000], "damaged"),
        (gzip.compress(tarred(SUBSTACK, "w:")[:2048] + WIDE.tobuf(tarfile.PAX_FORMAT)), "attack"),
    ],
    ids=["up", "root", "bomb", "bomb beside", "cut gzip", "cut xz", "bomb in a header"],
)
def test_a_hostile_tar_file_is_skipped(data: bytes, why: str):
    """Names that lead outside, bombs, and files that end early are reported, whatever else is in them."""
    with pytest.raises(SkipDocument, match=why):
        parts_of(export_archive.READER, data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"db":[{"data":{"posts":[{"title":"A","html":"<p>x"', "no valid JSON"),
        (b'{"db":[]}', "no export"),
        (b'{"data":' * 100_000, "no export"),
        (b'{"data":{"posts":7,"tags":{}}}', "no export"),
        (b'{"data":{"posts":[1,null,{"title":null},{"title":"Blank"}]}}', "no export"),
    ],
    ids=["cut", "empty", "deep", "no table", "no posts"],
)
def test_json_that_is_no_export_of_ghost(data: bytes, why: str):
    """JSON of another shape holds no posts; an export that is cut off is reported."""
    assert ghost.sniff_ghost(data)
    with pytest.raises(SkipDocument, match=why):
        parts_of(ghost.READER, data)


def test_what_an_editor_of_ghost_stored_is_read_as_far_as_it_goes():
    """Nodes and cards of other shapes, deep ones, half of a surrogate pair and bytes of no UTF-8 harm no other text."""
    deep = {"type": "paragraph", "children": [{"type": "text", "text": "lost"}]}
    for _ in range(200):
        deep = {"type": "layout", "children": [deep]}
    nodes = [
        *(7, None, {"type": 7}, {"type": "image"}, {"type": "gallery", "images": [3]}, {"type": "bookmark"}, deep),
        {"type": "new-card", "children": [{"type": "text", "text": "kept", "format": "x"}]},
        {"type": "link", "url": None, "children": [{"type": "text", "text": "bare < link"}]},
    ]
    mobiledoc = {
        "markups": [["a"], ["b"], 3, ["script"]],
        "cards": [[], ["x"], ["hr"]],
        "sections": [7, [], [1, "p", [[0, [0, 1, 9, 3], 9, "kept"]]], [10, 0], [10, 7], [10, 2], [3, "ol", [1]], [99]],
    }
    rows = [
        {"id": 1, "title": "A\ud83d", "slug": "a", "lexical": json.dumps({"root": {"children": nodes}})},
        {"id": 2, "title": "B", "slug": "b", "mobiledoc": json.dumps(mobiledoc)},
        {"id": 3, "title": "C", "slug": "c", "mobiledoc": "[]", "plaintext": "plain @"},
    ]
    data = json.dumps({"data": {"posts": rows}}).encode().replace(b"@", "près de l’eau".encode("cp1252"))
    found = [one.text for one in parts_of(ghost.READER, data).values()]
    assert ["kept" in found[0], "bare \\< link" in found[0], "lost" in found[0]] == [True, True, False]
    assert "title: A\ufffd" in found[0]
    assert "**kept**" in found[1]
    assert "plain près de l’eau" in found[2]


def test_a_changed_table_changes_its_pages(tmp_path: Path, lacuna: Lacuna):
    """The title of an unpacked page of Substack follows `posts.csv`; a page that is not in it is read as a page."""
    for name, data in SUBSTACK.items():
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "raw" / name).write_bytes(data)
    (tmp_path / "raw/s/posts/2.empty.html").touch()
    ran = lacuna("run", "--no-editions", cwd=tmp_path)
    assert (ran.returncode, "1 draft" in ran.stdout) == (0, True)
    clean = tmp_path / "clean/s/posts/1.mill.md"
    assert "title: The mill\n" in clean.read_text("utf-8")
    (tmp_path / "raw/s/posts.csv").write_bytes(SUBSTACK["./s/posts.csv"].replace(b"The mill", b"A weir"))
    assert "changed: s/posts/1.mill.html" in lacuna("status", cwd=tmp_path).stdout
    lacuna("run", "--no-editions", cwd=tmp_path)
    assert "title: A weir\n" in clean.read_text("utf-8")
    assert lacuna("run", "--no-editions", cwd=tmp_path).stdout.endswith("0 files written, 0 removed\n")
    (tmp_path / "raw/s/posts.csv").write_bytes(b"id,name\n1,2\n")
    lacuna("run", "--no-editions", cwd=tmp_path)
    assert "title: A weir\n" not in clean.read_text("utf-8")


BOMB = zipped({"posts.csv": b"post_id\n", "posts/1.a.html": b"<p>" + b"0" * 3_000_000})


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (export_archive.READER, b"PK\x03\x04 damaged"),
        (export_archive.READER, zipped({"a.md": b"# A", "posts/x.html": b"<p>a", "m.xml": b"<sitemap/>"})),
        (export_archive.READER, zipped({"__MACOSX/._a.xml": wxr(item(1, "x"))})),
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
        parts_of(export_archive.READER, data)


def test_the_zip_file_of_medium_is_read():
    """Pages in `posts/` are posts, drafts are drafts, and the lists of Medium are none."""
    page = "<article><h1>River</h1><section data-field='body'><p>{}</p></section></article>"
    long = "We walked along the river as far as the old mill, and the water was high after the rain. " * 2
    names = ("posts/2020-03-01_River-3f2a9c81d0e4.html", "posts/draft_Later-77aa88bb99cc.html", "claps/claps-1.html")
    found = parts_of(
        export_archive.READER, zipped({f"medium-export/{name}": page.format(long).encode() for name in names})
    )
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
    """An item with only a summary is not a post; the content is HTML, XHTML or plain text."""
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
    """Drafts of an export count as drafts, other XML, JSON and ZIP files as what they are; `include` takes drafts."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "e.xml").write_bytes(wxr(item(1, "One."), item(2, "Two.", status="draft"), item(3, "x", status="private")))
    (raw / "sitemap.xml").write_text("<urlset/>")
    (raw / "data.json").write_text("{}")
    (raw / "other.zip").write_bytes(zipped({"a.md": b"# A"}))
    ran = lacuna("run", "--no-editions", cwd=tmp_path)
    assert ran.returncode == 0
    assert "passed over: 2 data files, 1 archive file that is not unpacked, 2 drafts\n" in ran.stdout
    assert "2 drafts" in lacuna("status", cwd=tmp_path).stdout
    assert [one.name for one in (tmp_path / "clean" / "e.xml.parts").iterdir()] == ["2021-03-01-n1.md"]
    (tmp_path / "pipeline.toml").write_text('include = ["*.xml.parts/*-n2.html"]\n')
    lacuna("run", "--no-editions", cwd=tmp_path)
    assert len([*(tmp_path / "clean" / "e.xml.parts").iterdir()]) == 2
    asked = lacuna("bind", "raw/sitemap.xml", "-o", "books", cwd=tmp_path)
    assert "raw/sitemap.xml: is no export of a blog or a social network" in asked.stderr + asked.stdout


def test_an_archive_of_tumblr_has_its_posts_in_another_archive():
    """`posts/posts.zip` is read, with the pictures that are beside it; a damaged one is reported."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("posts_index.html", "<ul></ul>")
        archive.writestr("html/1.html", "<h1>The mill</h1><p>We walked.</p><img src='../../media/1.png'>")
    for packed, names in ((inner.getvalue(), ["1.html"]), (inner.getvalue()[:-30], None)):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("posts/posts.zip", packed)
            archive.writestr("media/1.png", b"\x89PNG")
        if names is None:
            with pytest.raises(SkipDocument, match="damaged"):
                export_archive.posts_of_export(Source(PurePosixPath("a.zip"), outer.getvalue()))
            continue
        parts = export_archive.posts_of_export(Source(PurePosixPath("a.zip"), outer.getvalue()))
        assert [*parts] == names
        document, pictures = export_archive.READER.read(Source(PurePosixPath("a.zip"), parts["1.html"], part=True))
        assert ("We walked." in document.text, [*pictures.values()]) == (True, [b"\x89PNG"])


@pytest.mark.parametrize(
    "found",
    [
        [{"timestamp": 1, "data": 7, "attachments": [None, {"data": [{"media": 3}]}]}, None],
        [{"media": [], "creation_timestamp": "x"}, {"media": [{"uri": 3}], "timestamp": True}],
        {"notes_v2": [{"text": "", "created_timestamp": 10**30}]},
        {"type": "OrderedCollection", "orderedItems": [7, {"object": {"content": 7}}, {"object": "https://e.org/1"}]},
        {
            "name": "a",
            "type": "public_channel",
            "messages": [None, {"type": "message", "text": [3, None, {"type": []}]}],
        },
        {"about": "", "chats": {"list": [3, {"type": ["x"], "messages": 3}]}},
        {"about": "", "chats": []},
        [{"timestamp": 1, "text": "a line of a log", "title": "no post"}],
        [],
    ],
    ids=str,
)
def test_json_of_a_social_network_in_other_shapes_has_no_posts(found: object):
    """Values of other types raise nothing but that the file has no posts."""
    with pytest.raises(NoPostsInside):
        social.posts_of_social(Source(PurePosixPath("a.json"), json.dumps(found).encode()))


@pytest.mark.parametrize(
    ("texts", "shows"),
    [
        (["cafÃ©", "10 â\x82¬"], ["café", "10 €"]),
        (["cafÃ©", "naïve", "é"], ["cafÃ©", "naïve", "é"]),
        (["cafÃ©", "10 €"], ["cafÃ©", "10 €"]),
        (["ð\x9f\x98\x80", "Ã© cut Ã", "dÃ©jÃ\xa0"], ["😀", "Ã© cut Ã", "déjà"]),
    ],
)
def test_bytes_of_facebook_are_decoded_where_a_file_is_so_as_a_whole(texts: list[str], shows: list[str]):
    """A file with sound Latin-1 letters, or with a character that is no byte, stays as it is."""
    rows = [{"timestamp": 1, "data": [{"post": one}]} for one in texts]
    parts = social.posts_of_social(Source(PurePosixPath("a.json"), json.dumps(rows).encode()))
    pages = [msgspec.msgpack.decode(part)["data"].decode() for part in parts.values()]
    assert pages == [f"<meta charset=utf-8><body><p>{one}</p>" for one in shows]


@pytest.mark.parametrize("written", ["/content/images/2021/mill.jpg", "content/images/2021/mill.jpg"])
def test_pictures_are_found_beside_an_export(tmp_path: Path, written: str):
    """The folder of pictures of Ghost, Facebook or Telegram is found where it is copied beside the JSON file."""
    (tmp_path / "a/content/images/2021").mkdir(parents=True)
    (tmp_path / "a/content/images/2021/mill.jpg").touch()
    post = PurePosixPath("a/ann.ghost.json.parts/2021-03-09-the-mill.md")
    assert PictureFinder(tmp_path).found(post, written) == PurePosixPath("a/content/images/2021/mill.jpg")
