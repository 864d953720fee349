"""WARC, WACZ and EPUB: a document for each page and each chapter, in every run."""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from pipeline.document import Document, SkipDocument, Source
from pipeline.read import epub, warc
from pipeline.read.readers import Reader, read_document, reader_of
from tests.conftest import Lacuna, command
from tests.test_web_pages import PROSE, SENTENCE, TEXTS, page, png, zipped


def crawled(*responses: tuple[str, str, bytes, int], packed: bool = True) -> bytes:
    """A WARC of responses: URL, media type, body, status."""
    records = []
    for url, kind, body, status in responses:
        sent = f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(sent)}\r\n"
        head += "Content-Type: application/http; msgtype=response\r\n\r\n"
        records.append(head.encode() + sent + b"\r\n\r\n")
    return b"".join(gzip.compress(one, mtime=0) if packed else one for one in records)


FIRST = page(f'<p>{TEXTS["zh"][0]}<img src="/a.png" alt="A"> <a href="/blog/2">next</a></p>').encode("gb18030")
SECOND = page('<p>n<a id="r1" href="#f1"><sup>1</sup></a></p><ol class="footnotes"><li id="f1">Note</ol>').encode()
CRAWL = (
    ("https://e.org/1", "text/html; charset=utf-8", FIRST, 200),
    ("https://e.org/a.png", "image/png", png(), 200),
    ("https://e.org/gone", "text/html", b"<p>not found", 404),
    ("https://e.org/blog/2", "text/html", SECOND, 200),
    ("https://ads.example/frame", "text/html", b"<html><body><script>show()</script></body></html>", 200),
    ("https://e.org/?q=a%20b", "text/html", page("<p>Two</p>").encode(), 200),
    ("https://e.org/?q=a%20b&x", "text/html", page("<p>Two</p>").encode(), 200),
)
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Walks</dc:title><dc:creator>Ann Lee</dc:creator>
 <dc:language>en</dc:language></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"""
XHTML = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{}</body></html>'
)
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
)
NAV = (
    '<nav epub:type="toc"><ol><li><a href="t/a.xhtml">The mill</a></li><li><a href="t/b.xhtml">The weir</a>'
    '<ol><li><a href="t/b.xhtml#s">A part</a></li></ol></li>'
    '<li><a href="t/b.xhtml#three">Three: the end</a></li></ol></nav>'
)
BOOK = {
    "t/cover.xhtml": '<div><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    '<image xlink:href="../i/mill.png"/></svg></div>',
    "t/a.xhtml": f'<h1>The mill</h1><p><a id="x"/>{SENTENCE * 3}<a epub:type="noteref" href="n.xhtml#n1">1</a></p>'
    '<p><img src="../i/mill.png" alt="M"/> See <a href="b.xhtml#three">the end</a>&nbsp;&mdash; or '
    '<a href="https://e.org/x">x</a>.</p>',
    "t/a2.xhtml": f'<p>Going on. {SENTENCE}<a href="b.xhtml">next</a></p>',
    "t/b.xhtml": f'<h1>The weir</h1><p>Weir. {SENTENCE * 2}</p><h2 id="s">A part</h2><p>More. {SENTENCE}</p>'
    f'<h1 id="three">Three</h1><p>End. {SENTENCE * 2}<sup><a href="n.xhtml#n2">2</a></sup></p>',
    "t/n.xhtml": '<h1>Notes</h1><p id="n1"><a href="a.xhtml#x">1</a>. First note.</p><p id="n2">2. Second note.</p>',
}


def ebook(files: dict[str, str], nav: str = NAV, dtd: str = "<!DOCTYPE html>") -> bytes:
    """An EPUB of XHTML files in this order."""
    names = ["nav.xhtml", *files, "i/mill.png"]
    kinds = {"png": "image/png", "xhtml": "application/xhtml+xml", "ncx": "application/x-dtbncx+xml"}
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="{kinds[name.rpartition(".")[2]]}"'
        f"{' properties=' + chr(34) + 'nav' + chr(34) if name == 'nav.xhtml' else ''}/>"
        for at, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="i{at}"/>' for at, name in enumerate(names) if name.endswith("xhtml"))
    written = {"META-INF/container.xml": CONTAINER, "OEBPS/content.opf": PACKAGE.format(items=items, spine=spine)}
    pages = {name: XHTML.format(text).replace("<!DOCTYPE html>", dtd) for name, text in files.items()}
    written |= {f"OEBPS/{name}": text for name, text in ({"nav.xhtml": XHTML.format(nav)} | pages).items()}
    return zipped({name: text.encode() for name, text in written.items()} | {"OEBPS/i/mill.png": png()})


def parts_of(reader: Reader, data: bytes, name: str = "a") -> dict[str, Document]:
    """Return the parts of a container as they are read."""
    assert reader.parts
    found = reader.parts(Source(PurePosixPath(name), data))
    path = PurePosixPath(f"{name}.parts")
    return {one: reader.read(Source(path / one, part, part=True))[0] for one, part in found.items()}


@pytest.mark.parametrize("packed", [True, False])
def test_each_page_of_a_warc_is_a_document(packed: bool):  # noqa: FBT001 - a parameter of the test
    """Pages are named by their URLs and decoded by our detector; failures, frames and repeated pages do not count."""
    found = parts_of(warc.READER, crawled(*CRAWL, packed=packed))
    assert [*found] == ["e.org/1.html", "e.org/blog/2.html", "e.org/index_q=a b.html"]
    assert TEXTS["zh"][0] in found["e.org/1.html"].text
    assert "](1.html.files/" in found["e.org/1.html"].text
    assert "(https://e.org/blog/2)" in found["e.org/1.html"].text
    assert "[^1]: Note" in found["e.org/blog/2.html"].text
    assert "source_url: https://e.org/blog/2" in found["e.org/blog/2.html"].text


def test_each_chapter_of_an_ebook_is_a_document():
    """The contents divide a book, also inside a file; links lead to other parts, and notes are where they belong."""
    found = parts_of(epub.READER, ebook(BOOK), "b.epub")
    assert [*found] == ["01 cover.html", "02 The mill.html", "03 The weir.html", "04 Three_ the end.html"]
    mill, weir, end = [*found.values()][1:]
    assert "title: The mill\nauthors:\n- Ann Lee\nlanguage: en\nseries: Walks\n" in mill.text
    assert "[the end](04%20Three_%20the%20end.md)\u00a0— or [x](https://e.org/x)." in mill.text
    assert "Going on." in mill.text
    assert "[next](03%20The%20weir.md)" in mill.text
    assert mill.text.endswith("[^1]: First note.\n")
    assert "## A part" in weir.text
    assert "End." not in weir.text
    assert "[^1]: Second note." in end.text
    assert not any(one.notes for one in found.values())


ODD_BOOKS = {  # files, contents -> names
    "no contents": ({"a.xhtml": "<h1>第一章</h1><p>河</p>", "b.xhtml": "<p>b</p>"}, "", ["01 第一章", "02 b"]),
    "one entry for two files": (
        {"a.xhtml": "<p>a</p>", "b.xhtml": "<p>b</p>"},
        '<a href="a.xhtml">One</a>',
        ["01 One"],
    ),
    "an entry that leads nowhere": (
        {"a.xhtml": "<p>a</p>"},
        '<a href="z.xhtml">Z</a><a href="a.xhtml">A</a>',
        ["01 A"],
    ),
    "not well-formed": ({"a.xhtml": "<p>a<br>b <a id='x'/>c & d<p>e"}, '<a href="a.xhtml">A</a>', ["01 A"]),
    "equal titles": (
        {"a.xhtml": "<p>a</p>", "b.xhtml": "<p>b</p>"},
        '<a href="a.xhtml">..</a><a href="b.xhtml">..</a>',
        ["01", "02"],
    ),
    "parts with chapters": (
        {"p.xhtml": "<h1>Part I</h1>", "a.xhtml": "<p>a</p>", "b.xhtml": "<p>b</p>"},
        (
            '<ol><li><a href="p.xhtml">I</a><ol><li><a href="a.xhtml">A</a></li>'
            '<li><a href="b.xhtml">B</a></li></ol></li></ol>'
        ),
        ["01 I", "02 A", "03 B"],
    ),
}


@pytest.mark.parametrize("name", ODD_BOOKS)
def test_any_book_is_divided(name: str):
    """Books without contents, with contents that lead elsewhere, and with files that are not XML lose no text."""
    files, nav, names = ODD_BOOKS[name]
    found = parts_of(epub.READER, ebook(files, f'<nav epub:type="toc">{nav}</nav>'))
    assert [one.removesuffix(".html") for one in found] == names
    text = " ".join(one.text for one in found.values())
    for word in ("a", "b", "c", "d", "e", "河"):
        assert word in text or not any(word in one for one in files.values())


def test_an_old_ebook_with_entities_and_attacks_is_read():
    """An entity bomb and an external entity are not expanded; links out of the archive lead nowhere."""
    dtd = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    body = '<p>river &b;&f;&eacute; <a href="../../../etc/passwd">out</a> <img src="file:///etc/passwd"/></p>'
    (document,) = parts_of(epub.READER, ebook({"a.xhtml": body}, dtd=dtd)).values()
    assert "river" in document.text
    assert "é [out" not in document.text
    assert "é out" in document.text
    assert "passwd" not in document.text
    assert "aaaa" not in document.text
    assert "root:" not in document.text


@pytest.mark.parametrize("data", [b"WARC/1.0\r\n", b"\x1f\x8b" + b"x" * 99, b"PK\x03\x04x", crawled(CRAWL[1])])
def test_an_archive_without_pages_is_skipped(data: bytes):
    """A damaged archive, and one without a page, is skipped with a sentence."""
    with pytest.raises(SkipDocument, match="archive"):
        read_document(Source(PurePosixPath("a.warc"), data))


@pytest.mark.parametrize("files", [{}, {"META-INF/container.xml": b"<a>"}, {"a.opf": b"<package/>"}])
def test_an_ebook_without_text_is_skipped(files: dict[str, bytes]):
    """An archive that is not an e-book, and a book without chapters, is skipped with a sentence."""
    with pytest.raises(SkipDocument, match="e-book"):
        read_document(Source(PurePosixPath("a.epub"), zipped(files or {"a": b""})))


def test_an_ebook_with_very_deep_contents_is_skipped():
    """Contents of 1,000 levels, which no reader of HTML goes into, skip the book with a sentence."""
    levels = '<ol><li><a href="t/a.xhtml">a</a>' * 1000 + "</li></ol>" * 1000
    nav = f'<nav epub:type="toc">{levels}</nav>'
    with pytest.raises(SkipDocument, match="convert it to Markdown"):
        read_document(Source(PurePosixPath("a.epub"), ebook({"t/a.xhtml": "<p>a</p>"}, nav)))


def test_a_whole_container_is_one_document_for_a_command():
    """`bind` and its like read the parts one after the other; names choose the reader; a cut archive is read."""
    data = crawled(*CRAWL)
    whole = read_document(Source(PurePosixPath("a.warc.gz"), data)).text
    assert whole.count("\n<https://e.org/") == 3
    assert "[^2-1]: Note" in whole
    assert TEXTS["zh"][0] in read_document(Source(PurePosixPath("a.warc.gz"), data[:-40])).text
    wacz = zipped({"archive/data.warc.gz": data, "datapackage.json": b"{}"})
    assert read_document(Source(PurePosixPath("a.wacz"), wacz)).text == whole.replace("a.warc.gz.", "a.wacz.")
    assert reader_of(Source(PurePosixPath("b.WARC.GZ"), data)) is warc.READER
    assert read_document(Source(PurePosixPath("b.epub"), ebook(BOOK))).text.startswith("---\ntitle: Walks\n")


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files that a run writes for people, by name."""
    files = [one for one in folder.rglob("*") if one.is_file() and not one.relative_to(folder).parts[0].startswith(".")]
    return {str(one.relative_to(folder)): one.read_bytes() for one in files}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a crawl and a book, after a run; tests only read it."""
    folder = tmp_path_factory.mktemp("containers")
    (folder / "raw" / "in").mkdir(parents=True)
    (folder / "raw" / "crawl.warc.gz").write_bytes(crawled(*CRAWL))
    (folder / "raw" / "in" / "b.epub").write_bytes(ebook(BOOK))
    (folder / "raw" / "broken.epub").write_bytes(b"PK\x03\x04x")
    ran = command("run", cwd=folder)
    assert ran.returncode == 4, ran.stderr
    assert "8 posts: 7 cleaned, 0 duplicates, 1 skipped" in ran.stdout
    return folder


def test_a_run_writes_a_clean_file_and_books_for_each_part(archive: Path):
    """Each part has its clean file, its pictures and its books; the report links to the container."""
    clean, out = archive / "clean", archive / "out"
    assert sorted(one.stem for one in (clean / "in" / "b.epub.parts").glob("*.md"))[1] == "02 The mill"
    assert len([*(clean / "in" / "b.epub.parts" / "02 The mill.html.files").iterdir()]) == 1
    assert len([*(clean / "crawl.warc.gz.parts" / "e.org" / "1.html.files").iterdir()]) == 1
    report = (out / "report.html").read_text("utf-8")
    assert report.count("raw/in/b.epub") == 4
    assert "broken.epub" in report
    with zipfile.ZipFile(out / "archive.epub") as book:
        texts = "".join(book.read(one).decode() for one in book.namelist() if one.endswith("xhtml"))
        assert [one for one in book.namelist() if one.endswith(".png")]
    assert (
        texts.count('href="https://e.org/blog/2"') == 1
    )  # of the post itself; a link from another leads to its chapter
    assert "04%20Three" not in texts


def test_runs_are_incremental_and_equal_a_fresh_run(archive: Path, tmp_path: Path, lacuna: Lacuna):
    """A touched container changes nothing, a changed one its changed parts; deleted parts lose their outputs."""
    folder, other = tmp_path / "archive", tmp_path / "other"
    shutil.copytree(archive, folder)
    raw = folder / "raw"
    lacuna("run", "--no-editions", cwd=folder)  # it is a copy: its files are new ones
    assert "0 files written, 0 removed" in lacuna("run", "--no-editions", cwd=folder).stdout
    before = tree(folder / "clean")
    os.utime(raw / "crawl.warc.gz", (1, 1))
    lacuna("run", "--no-editions", cwd=folder)
    assert tree(folder / "clean") == before
    changed = ("https://e.org/1", "text/html", page("<p>Changed</p>").encode(), 200)
    (raw / "crawl.warc.gz").write_bytes(
        crawled(changed, CRAWL[3], ("https://e.org/new", "text/html", SECOND + b" ", 200))
    )
    assert "changed: crawl.warc.gz" in lacuna("status", cwd=folder).stdout
    (raw / "in" / "b.epub.parts").mkdir()
    ran = lacuna("run", "--no-editions", cwd=folder)
    assert "rename it" in ran.stdout
    assert not (folder / "clean" / "in" / "b.epub.parts").exists()
    (raw / "in" / "b.epub.parts").rmdir()
    (folder / "pipeline.toml").write_text('ignore = ["crawl.warc.gz.parts/*/new*", "broken.epub"]\n', "utf-8")
    lacuna("run", "--no-editions", cwd=folder)
    assert "Changed" in (folder / "clean" / "crawl.warc.gz.parts" / "e.org" / "1.md").read_text("utf-8")
    assert not (folder / "clean" / "crawl.warc.gz.parts" / "e.org" / "new.md").exists()
    shutil.copytree(raw, other / "raw")
    shutil.copy(folder / "pipeline.toml", other)
    lacuna("run", "--no-editions", cwd=other)
    assert tree(folder / "clean") == tree(other / "clean")
    (raw / "crawl.warc.gz").unlink()
    lacuna("run", "--no-editions", cwd=folder)
    assert not (folder / "clean" / "crawl.warc.gz.parts").exists()


def test_a_folder_that_is_called_like_one_of_parts_is_a_folder():
    """A clean file that is copied to raw/ is Markdown, whatever its folder is called."""
    path = PurePosixPath("b.epub.parts/01 One.md")
    assert read_document(Source(path, b"*One* river.")).text == "*One* river."
    assert PROSE.count(SENTENCE) == 3
