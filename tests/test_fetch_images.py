"""Images of the web: fetched once on request, verified, limited, stored for the books, and left alone by a run."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image

from pipeline.books.images.pictures import MAX_BYTES
from pipeline.document import Document, Link
from pipeline.linkcheck.client import RequestLimits
from pipeline.linkcheck.images import FetchLimits, ImageStore
from pipeline.read.fetched_pictures import fetched_name, web_image_url
from pipeline.read.pictures import web_images
from pipeline.run.incremental import run_archive
from pipeline.settings import Settings
from tests.conftest import Lacuna, tree
from tests.local_server import LocalServer, Quiet, serving

QUICK = RequestLimits(rate=1000, timeout=2, allow_private=True)
MONTH = dt.timedelta(days=30)
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="9"><rect width="9" height="9"/></svg>'


def picture(kind: str, size: tuple[int, int] = (9, 9)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind)
    return file.getvalue()


BODIES = {
    "a.png": picture("PNG"),
    "photo": picture("JPEG"),
    "b.webp": picture("WEBP"),
    "c.svg": DRAWING,
    "%E6%97%A5%201.gif": picture("GIF"),
    "query?id=7&utm_source=x": picture("PNG", (7, 7)),
    "wide.png": picture("PNG", (40, 1)),
    "pixel.gif": picture("GIF", (1, 1)),
    "pixel.png": picture("PNG", (1, 1)),
    "login.png": b"<!DOCTYPE html><title>Sign in</title>",
    "half.png": picture("PNG", (90, 90))[:60],
    "empty.png": b"",
    "script.svg": b"<svg",
    "text.jpg": "кто здесь".encode(),
    "huge.png": picture("PNG") + bytes(MAX_BYTES),
}
STORED = ("a.png", "photo", "b.webp", "c.svg", "%E6%97%A5%201.gif", "query?id=7&utm_source=x", "wide.png", "moved.png")
REASONS = {
    "pixel.gif": "tracking pixel",
    "pixel.png": "tracking pixel",
    "login.png": "not an image",
    "half.png": "not an image",
    "empty.png": "not an image",
    "script.svg": "not an image",
    "text.jpg": "not an image",
    "huge.png": "too large",
    "gone.png": "gone",
    "loop.png": "loop",
    "to-file.png": "unreachable",
    "private/a.png": "disallowed",
}
LEADS = {"moved.png": "/a.png", "loop.png": "/loop.png", "to-file.png": "file:///etc/passwd"}


class Gallery(LocalServer):
    """A server of images, which counts its requests."""

    def __init__(self) -> None:
        """Listen."""
        super().__init__(Answers)
        self.bodies = dict(BODIES)

    def url(self, name: str) -> str:
        """Return the URL of an image."""
        return f"{self.address}/{name}"


class Answers(Quiet, BaseHTTPRequestHandler):
    """One response, chosen by the path."""

    server: Gallery

    def do_GET(self) -> None:
        """Respond."""
        name = self.path[1:]
        self.server.asked[name] += 1
        body = b"User-agent: *\nDisallow: /private/" if name == "robots.txt" else self.server.bodies.get(name)
        self.send_response(302 if name in LEADS else 404 if body is None else 200)
        if name in LEADS:
            self.send_header("Location", LEADS[name])
        self.end_headers()
        with suppress(OSError):  # the client reads no more than it wants
            self.wfile.write(body or b"")


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    server = Gallery()
    with serving(server):
        yield server


def fetched(store: ImageStore, urls: list[str], limits: FetchLimits = FetchLimits()) -> dict[str, str]:  # noqa: B008
    results: dict[str, str] = {}
    store.fetch(store.missing(urls, MONTH), QUICK, limits, lambda url, result: results.update({url: result}))
    return results


def test_images_are_stored_and_all_else_is_left_out(gallery: Gallery, tmp_path: Path):
    """Images are stored by the hash of their URL with the bytes of the server; each other has a reason."""
    store = ImageStore(tmp_path)
    urls = [gallery.url(name) for name in (*STORED, *REASONS)]
    expected = dict.fromkeys(STORED, "stored") | REASONS
    assert fetched(store, urls) == {gallery.url(name): result for name, result in expected.items()}
    for name in STORED:
        data = (tmp_path / ".images" / fetched_name(gallery.url(name))).read_bytes()
        assert data == BODIES[LEADS.get(name, "/" + name)[1:]]
    assert len([name for name in tree(store.folder) if not name.startswith(".")]) == len(STORED)
    assert not gallery.asked["private/a.png"]


def test_nothing_is_fetched_again(gallery: Gallery, tmp_path: Path):
    """Stored images are never requested again, failures only when they are old or a person asks."""
    store, urls = ImageStore(tmp_path), [gallery.url(name) for name in ("a.png", "gone.png", "login.png")]
    fetched(store, urls)
    before = gallery.asked.copy()
    assert fetched(store, urls) == {}
    assert gallery.asked == before
    gallery.bodies["login.png"] = picture("PNG")
    assert sorted(store.missing(urls, dt.timedelta())) == sorted(urls[1:])
    (store.folder / fetched_name(urls[0])).unlink()
    assert store.missing(urls, MONTH) == urls[:1]


def test_count_and_size_are_limited(gallery: Gallery, tmp_path: Path):
    """A command stops at its limits; the next one goes on."""
    store, urls = ImageStore(tmp_path), [gallery.url(name) for name in STORED]
    assert len(fetched(store, urls, FetchLimits(count=3))) == 3
    assert fetched(store, urls, FetchLimits(total=10)) == {}
    assert len(fetched(store, urls)) == len(STORED) - 3


def test_private_addresses_are_refused(gallery: Gallery, tmp_path: Path):
    """Without --allow-private, no image of this machine is requested."""
    results: list[str] = []
    store = ImageStore(tmp_path)
    public = RequestLimits(rate=1000, timeout=2)
    store.fetch([gallery.url("a.png")], public, FetchLimits(), lambda _, result: results.append(result))
    assert results == ["private"]
    assert not gallery.asked


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("//e.org/a.png", "https://e.org/a.png"),
        ("http://e.org/a.png#top", "http://e.org/a.png"),
        ("https://e.org/日.png", "https://e.org/%E6%97%A5.png"),
        ("https://e.org/%e6%97%a5.png", "https://e.org/%E6%97%A5.png"),
        ("https://e.org/a b.png?x=ü", "https://e.org/a%20b.png?x=%C3%BC"),
        ("https://e.org/a.png?utm_source=x", "https://e.org/a.png?utm_source=x"),
        ("https:///a.png", ""),
        ("http://[::1/a.png", ""),
        ("https://e.org/" + "a" * 5000, ""),
        ("a.png", ""),
        ("data:image/png;base64,AAAA", ""),
        ("ftp://e.org/a.png", ""),
        ("javascript://e.org/a.png", ""),
        ("", ""),
    ],
)
def test_targets_as_urls(written: str, url: str):
    """Each way to write the URL of an image names the same file; other targets name none."""
    assert web_image_url(written) == url
    document = Document(PurePosixPath("a/b.md"), "", links=(Link(written, "", "", "image", 1),))
    assert web_images(document) == ([written] if url else [])


def books_of(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "out" / "posts" / "a.epub") as book:
        return [name for name in book.namelist() if name.endswith((".png", ".jpg", ".jpeg", ".gif", ".svg"))]


def test_a_fetched_image_reaches_the_books(gallery: Gallery, tmp_path: Path, lacuna: Lacuna):
    """The command shows its hosts, fetches, and the next run makes the book with the image; later runs leave it.

    A relative target of a saved page that names no file is an image next to the page; one of a Markdown post is none.
    """
    (tmp_path / "raw").mkdir()
    images = {gallery.url("日 1.gif"): "A red square", gallery.url("pixel.gif"): "", "a.png": "Next to the page"}
    images["here.png"] = "A file"
    words = "<p>We saw a red square at the harbour, and the fishermen explained what it was for.</p>"
    shown = "".join(f'{words}<p><img src="{src}" alt="{alt}"></p>' for src, alt in images.items())
    head = f'<title>A walk</title><link rel="canonical" href="{gallery.url("walk")}">'
    (tmp_path / "raw" / "a.html").write_text(f"<html><head>{head}</head><body><article>{shown}", "utf-8")
    (tmp_path / "raw" / "b.md").write_text(f"---\nsource_url: {gallery.url('b')}\n---\n![Lost](lost.png)\n", "utf-8")
    (tmp_path / "raw" / "here.png").write_bytes(picture("PNG", (5, 5)))
    assert lacuna("fetch-images", cwd=tmp_path).returncode == 2  # there was no run
    assert not (tmp_path / "clean").exists()
    assert lacuna("run", cwd=tmp_path).returncode == 0
    without = len(books_of(tmp_path))
    shown = lacuna("fetch-images", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (0, "127.0.0.1: 3 images\n3 images to fetch from 1 host\n")
    assert not gallery.asked
    assert not (tmp_path / "clean" / ".images").exists()
    done = lacuna("fetch-images", "--online", "--allow-private", "--rate", "1000", cwd=tmp_path)
    assert done.stdout.startswith("2 stored, 1 tracking pixel\n"), done.stderr
    stored = tree(tmp_path / "clean" / ".images")
    chosen = Settings(raw=str(tmp_path / "raw"), clean=str(tmp_path / "clean"), out=str(tmp_path / "out"))
    report = run_archive(chosen)
    assert "posts/a.epub" in "".join(report.written)
    assert len(books_of(tmp_path)) == without + 2
    assert not run_archive(chosen).written
    (tmp_path / "raw" / "a.html").unlink()
    run_archive(chosen)
    assert tree(tmp_path / "clean" / ".images") == stored
    assert "0 images to fetch" in lacuna("fetch-images", cwd=tmp_path).stdout
