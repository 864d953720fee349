"""`lacuna serve`: who gets an answer, what readers see and find, what the desk writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import pytest

from pipeline.decisions.decisions_file import read_decisions
from pipeline.read.fetched_pictures import fetched_name
from pipeline.serve.guard import MOST_BODY_BYTES
from pipeline.serve.post_html import post_html
from pipeline.serve.search_index import INDEX_FILE, SearchIndex
from pipeline.serve.side_by_side import character_diff, side_by_side
from tests.conftest import command, running
from tests.review_archive import make_review_archive

ITEMS = 60
PAGES = (
    "/",
    "/search?q=%E6%B5%B7%E8%BE%B9",
    "/review",
    "/review/items",
    "/books",
    "/static/desk.js",
    "/posts/harbour.md",
)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><path d="M0 0H9"/></svg>'
)
PICTURES = ("img/sea.png", "/img/map.svg", "IMG/Sea.png", "hostile.html.files/1.png", "https://e.org/stored.png")
NO_PICTURES = ("img/page.png", "img/link.png", "../secret.png", "..%2fsecret.png", "../clean/secret.png", "/etc/passwd",
               "img/../../secret.png", "file:///etc/passwd", "https://e.org/other.png", "//e.org/other.png", "img",
               "../clean/.state.sqlite", ".state.sqlite", "img/sea.png\0", "", "x" * 5000, "..\\secret.png",
               "../x.files/../../secret.png", "hostile.html.files/../../secret.png",
               "data:image/png;base64,iVBO")  # fmt: skip


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """Start `lacuna serve` in a folder; yield its URL and its token."""
    with running("serve", "--json", cwd=folder, stdout=-1) as process:
        assert process.stdout
        printed = json.loads(process.stdout.readline())
        address, _, token = printed["url"].partition("/?token=")
        assert (address, token) == (f"http://127.0.0.1:{printed['port']}", printed["token"])
        yield address, token


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """An archive with open items, and the URL and token of its server."""
    folder = make_review_archive(tmp_path_factory.mktemp("desk") / "archive", ITEMS)
    (folder / "clean" / "hostile.md").write_text(
        "# Hostile\n\n<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](file:///etc/passwd)"
        " [c](harbour.md) ![d](https://e.org/d.png)\n\n" + "".join(f"![picture]({target})\n" for target in PICTURES)
    )
    raw, clean = folder / "raw", folder / "clean"
    (raw / "img").mkdir()
    (raw / "img/sea.png").write_bytes(PNG)
    (raw / "img/page.png").write_bytes(b"<html><script>alert(1)</script>")
    (raw / "img/map.svg").write_bytes(DRAWING)
    (raw / "img/link.png").symlink_to(folder / "secret.png")
    (folder / "secret.png").write_bytes(PNG)
    (clean / "secret.png").write_bytes(PNG)
    (clean / "hostile.html.files").mkdir()
    (clean / "hostile.html.files/1.png").write_bytes(PNG)
    (clean / ".images").mkdir()
    (clean / ".images" / fetched_name("https://e.org/stored.png")).write_bytes(PNG)
    (folder / "secret.epub").write_text("outside")
    (folder / "out" / "posts" / "link.epub").symlink_to(folder / "secret.epub")
    with served(folder) as (address, token):
        yield folder, address, token


@pytest.fixture(scope="module")
def client(desk: tuple[Path, str, str]) -> Iterator[httpx.Client]:
    """A browser that has opened the printed URL."""
    _, address, token = desk
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        answer = client.get("/", params={"token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        yield client


def test_the_token_becomes_a_strict_cookie(desk: tuple[Path, str, str]):
    """The token leaves the URL; the cookie is for this site alone and no script reads it."""
    _, address, token = desk
    answer = httpx.get(f"{address}/review?token={token}&x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?x=1")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("path", PAGES)
def test_without_the_token_nothing_is_answered(desk: tuple[Path, str, str], path: str):
    """Neither a page nor a file without the token, nor with a wrong one."""
    _, address, token = desk
    port = address.rpartition(":")[2]
    wrong = (None, token[:-1], token + "x", "", "\N{HEAVY BLACK HEART}".encode().decode("latin-1"))
    for given in wrong:
        headers = {} if given is None else {"Cookie": f"lacuna-{port}={given}".encode("latin-1")}
        answer = httpx.get(address + path, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert httpx.get(f"{address}{path}", params={"token": given or ""}).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost.evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.test", "",
             "0.0.0.0:{port}", "[::1]:{port}", "127.0.0.1:{port}@evil.test", "localhost:{port}:80"]
)  # fmt: skip
def test_a_foreign_host_is_refused(client: httpx.Client, host: str):
    """A name that leads to this machine (DNS rebinding) gets nothing, whatever cookie comes with it."""
    name = host.format(port=client.base_url.port)
    assert client.get("/", headers={"Host": name}).status_code in {400, 403}  # 400 where the server finds no host in it


def test_two_hosts_are_refused(client: httpx.Client):
    """A request that names two hosts gets nothing, nor one that names none."""
    for hosts in ([f"127.0.0.1:{client.base_url.port}", "evil.test"], []):
        connection = HTTPConnection("127.0.0.1", client.base_url.port or 0)
        connection.putrequest("GET", "/", skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        connection.endheaders()
        assert connection.getresponse().status in {400, 403}
        connection.close()


@pytest.mark.parametrize("origin", ["null", "http://evil.test", "https://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.test",
                                    "http://localhost:{port}", "http://127.0.0.1", ""])  # fmt: skip
def test_a_foreign_origin_is_refused(client: httpx.Client, desk: tuple[Path, str, str], origin: str):
    """No other site reads or decides, not even with the cookie; a change needs an origin."""
    given = origin.format(port=client.base_url.port)
    answer = client.post("/review/undo", headers={"Origin": given})
    assert answer.status_code == 403
    assert client.get("/review/items", headers={"Origin": given}).status_code == 403
    bare = httpx.post(
        f"{desk[1]}/review/undo", headers={"Cookie": client.cookies and f"lacuna-{client.base_url.port}={desk[2]}"}
    )
    assert bare.status_code == 403


def test_a_large_body_is_refused(client: httpx.Client, desk: tuple[Path, str, str]):
    """10 MB are refused before they are read; so is a body of unknown length; nothing is written."""
    before = read_decisions(desk[0] / "decisions.jsonl")
    for size in (10_000_000, MOST_BODY_BYTES + 1):
        connection = HTTPConnection("127.0.0.1", client.base_url.port or 0)
        connection.putrequest("POST", "/review/decide")
        cookie = f"lacuna-{client.base_url.port}={desk[2]}"
        for name, value in (("Origin", desk[1]), ("Cookie", cookie), ("Content-Length", str(size))):
            connection.putheader(name, value)
        connection.endheaders(b"{")
        assert connection.getresponse().status == 413
        connection.close()
    assert client.post("/review/decide", content=iter([b"{}"])).status_code == 411
    assert read_decisions(desk[0] / "decisions.jsonl") == before


def test_only_post_changes_anything(client: httpx.Client):
    """A link or a picture of another page cannot decide: GET is refused, as is every other method."""
    assert client.get("/review/decide").status_code == 405
    assert client.get("/review/undo").status_code == 405
    assert client.put("/review/decide").status_code == 405
    assert client.delete("/").status_code == 405


def test_every_answer_has_the_policies(client: httpx.Client):
    """Pages, refusals and files may load nothing but this server's own files, and be framed by nobody."""
    for path in (*PAGES, "/nowhere", "/posts/nowhere.md"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'"), path
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in client.get("/", headers={"Host": "evil.test"}).headers


@pytest.mark.parametrize(
    "path",
    ["../secret.epub", "..%2fsecret.epub", "%2e%2e/secret.epub", "posts/../../secret.epub", "posts/link.epub",
     "/etc/passwd", "..\\secret.epub", "posts/.hidden.epub",
     "posts/harbour.epub%00.pdf", "../clean/.state.sqlite", "posts", ""]
)  # fmt: skip
def test_no_path_leads_out_of_the_folders(client: httpx.Client, path: str):
    """Only books below out/ are answered: no path and no symbolic link leads elsewhere, nor to hidden files."""
    for room in ("books", "posts", "static"):
        connection = HTTPConnection("127.0.0.1", client.base_url.port or 0)
        connection.putrequest("GET", f"/{room}/{path}")
        connection.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in client.cookies.items()))
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status in {404, 405, 307} or (path, answer.status) == ("", 200)
        assert b"outside" not in answer.read()
        connection.close()


def test_books_are_stored_files(client: httpx.Client):
    """A book is listed and downloaded with its type and name."""
    assert "posts/harbour.epub" in client.get("/books").text
    assert "link.epub" not in client.get("/books").text
    answer = client.get("/books/posts/harbour.epub")
    assert (answer.content, answer.headers["content-type"]) == (b"PK an e-book", "application/epub+zip")
    assert 'attachment; filename="harbour.epub"' in answer.headers["content-disposition"]
    assert "/books/posts/harbour.epub" in client.get("/posts/harbour.md").text
    assert client.get(f"/books/{'long' * 100}.epub").status_code == 404


def test_posts_are_harmless(client: httpx.Client):
    """Raw HTML is text, active and local targets are not links, pictures are words; links to posts work."""
    page = client.get("/posts/hostile.md").text
    article = page.partition("<article")[2].partition("</article>")[0]
    assert "&lt;script&gt;" in article
    assert not any(
        bad in article for bad in ("<script", "<img src=x", 'javascript:alert(1)"', 'href="file:', 'src="http')
    )
    assert 'href="/posts/harbour.md"' in article
    assert "Picture: d" in article


def test_posts_show_the_pictures_that_the_archive_holds(client: httpx.Client):
    """A picture next to the post, from inside its source, or fetched is shown; a drawing has no script in it."""
    article = client.get("/posts/hostile.md").text.partition("<article")[2]
    sources = [unescape(url) for url in re.findall(r'<img src="([^"]+)" alt="picture"', article)]
    assert len(sources) == len(PICTURES)
    answers = [client.get(url) for url in sources]
    types = [answer.headers["content-type"] for answer in answers]
    assert types == ["image/png", "image/svg+xml", "image/png", "image/png", "image/png"]
    assert all(answer.content == PNG for answer in answers if answer.headers["content-type"] == "image/png")
    assert b"script" not in answers[1].content
    assert "img-src 'self'" in answers[1].headers["content-security-policy"]


def test_no_picture_leads_out_of_the_folders(client: httpx.Client):
    """Only pictures of the archive are answered: no other target, no link out of its folders, no missing post."""
    for target in NO_PICTURES:
        assert client.get("/pictures/hostile.md", params={"target": target}).status_code == 404, target
    for post in ("nowhere.md", "../hostile.md", "%2e%2e/hostile.md", ""):
        assert client.get(f"/pictures/{post}", params={"target": "img/sea.png"}).status_code in {404, 307}, post
    assert client.get("/pictures/hostile.md").status_code == 404


def test_a_post_is_corrected_and_skipped(client: httpx.Client, desk: tuple[Path, str, str]):
    """Title, author, date and language are decided, a post is skipped and its items close; each is undone as one."""
    file, name = desk[0] / "decisions.jsonl", "post-001.md"
    known = client.get("/review/post", params={"document": name}).json()
    total = client.get("/review/items").json()["left"]
    wanted = {"title": "The harbour", "author": "Lee; Chen", "date": "2021-03", "language": "zh-TW"}
    answer = client.post("/review/post", json={"document": name, "values": wanted, "skipped": True})
    assert answer.json() == {"made": 5}
    decisions = read_decisions(file).decisions.values()
    assert {(one.verdict, one.after) for one in decisions} == {*wanted.items(), ("skip", "")}
    assert {one.before for one in decisions if one.verdict == "title"} == {known["values"]["title"]}
    assert all(one.sha256 and one.document == name for one in decisions)
    assert client.get("/review/items", params={"document": name}).json()["left"] == 0
    assert client.get("/review/items").json()["left"] == total - 20
    assert name in client.get("/review/skipped").text
    changed = client.get("/review/post", params={"document": name}).json()
    assert (changed["values"], changed["skipped"], changed["found"]) == (wanted, True, known["found"])
    assert client.post("/review/post", json={"document": name, "values": wanted, "skipped": True}).json() == {"made": 0}
    assert client.post("/review/undo").json() == {"item": None, "document": name}
    assert read_decisions(file).decisions == {}
    assert client.get("/review/items").json()["left"] == total


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"values": {"date": "yesterday"}}, "`yesterday` is no date"), ({"values": {"title": " "}}, "`after` is missing"),
     ({"values": {"language": "chinese!"}}, "is no language"), ({"values": {"title": "a\nb"}}, "in one line"),
     ({"values": {"title": "a\x1b"}}, "control character"), ({"values": {"path": "x"}}, "Invalid"),
     ({"values": {}, "document": "../secret.md"}, "There is no post"), ({"values": {}, "more": 1}, "unknown field")]
)  # fmt: skip
def test_a_wrong_value_gets_a_reason(client: httpx.Client, desk: tuple[Path, str, str], given: dict, reason: str):
    """What cannot be a title, a date or a language is refused with a sentence, and nothing is written."""
    before = read_decisions(desk[0] / "decisions.jsonl")
    answer = client.post("/review/post", json={"document": "harbour.md"} | given)
    assert (answer.status_code, reason in answer.json()["problem"]) == (400, True), answer.text
    assert read_decisions(desk[0] / "decisions.jsonl") == before


@pytest.mark.parametrize(
    "target", ["javascript:x", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "file:///x", "//evil.test/x"]
)
def test_no_active_target_becomes_a_link(target: str):
    """Targets that run something or name a file have no href, however they are written."""
    for text in (f"[a]({target})", f"[a](<{target}>)", f"<{target}>", f"[a][b]\n\n[b]: {target}", f"![a]({target})"):
        html = post_html(text, lambda written: written if written.startswith("https://") else "")
        assert "href=" not in html
        assert "src=" not in html


@pytest.mark.parametrize(
    ("query", "found"),
    [("海边", 1), ("网", 1), ("沙滩", 1), ("孩子们跑过去", 1), ("沙孩", 0), ("渔民 螃蟹", 1), ("fishermen", 1),
     ("FISHER", 1), ('"counted 12 crabs"', 1), ('"crabs 12"', 0), ("zebra", 0), ('") OR 1=1 --', 0), ("*", 0),
     ("NEAR(", 0), ("title:海边", 0)]
)  # fmt: skip
def test_words_of_any_script_are_found(client: httpx.Client, query: str, found: int):
    """Two Chinese characters, one, a phrase, the start of a word; operators of the index are words like any other."""
    posts = {"/posts/harbour.md", f"/posts/{quote('海边.md')}"}
    page = client.get("/search", params={"q": query}).text
    assert sum(f'href="{post}"' in page for post in posts) == found, page


def test_the_index_follows_the_folder(tmp_path: Path):
    """What changed is read again, and nothing else; what is gone is forgotten; a damaged index is rebuilt."""
    for number in range(20):
        (tmp_path / f"{number}.md").write_text(
            f"---\ntitle: Post {number}\n---\n\nEvery day of harbour{number} 深度学习\n"
        )
    index = SearchIndex(tmp_path)
    assert (index.update(), index.update(), index.count("深度")) == (20, 0, 20)
    (tmp_path / "3.md").write_text("Now about whales 反向传播\n")
    (tmp_path / "4.md").unlink()
    assert index.update() == 2
    assert [index.count(query) for query in ("深度", "反向", "harbour3", "harbour4", "whales")] == [18, 1, 0, 0, 1]
    assert [post.title for post in index.found("传播", 0, 9)] == ["3"]
    index.db.close()
    for damage in (b"not a database", b""):
        (tmp_path / INDEX_FILE).write_bytes(damage)
        index = SearchIndex(tmp_path)
        assert (index.update(), index.count("深度")) == (19, 18)
        index.db.close()


def test_differences_are_shown_by_character():
    """A change keeps what is equal; two texts of many paragraphs show where they differ, with a count of the rest."""
    assert character_diff("Zu\u0308rich", "Zürich") == [
        ("same", "Z"),
        ("old", "u\u0308"),
        ("new", "ü"),
        ("same", "rich"),
    ]
    assert character_diff("a\u202eb", "a") == [("same", "a"), ("old", "\\u202eb")]
    paragraphs = [f"Paragraph {number}" for number in range(50)]
    other = [*paragraphs[:30], "Paragraph thirty", *paragraphs[31:]]
    rows = side_by_side("\n\n".join(paragraphs), "\n\n".join(other))
    assert [hidden for _, _, hidden in rows] == [29, 0, 0]
    assert rows[1] == ([("same", "Paragraph "), ("old", "30")], [("same", "Paragraph "), ("new", "thirty")], 0)


def test_the_desk_decides_and_undoes(client: httpx.Client, desk: tuple[Path, str, str]):
    """Decisions are in the file at once; an undo opens the item again; filters count what they show."""
    file = desk[0] / "decisions.jsonl"
    first = client.get("/review/items").json()
    item = next(one for one in first["items"] if one["kind"] == "inferred")
    asked = {"id": item["id"], "document": item["document"], "verdict": "replace", "after": "梯形"}
    assert client.post("/review/decide", json=asked).status_code == 200
    assert [one.after for one in read_decisions(file).decisions.values()] == ["梯形"]
    assert client.get("/review/items").json()["left"] == first["left"] - 1
    assert client.post("/review/undo").json()["item"]["id"] == item["id"]
    assert read_decisions(file).decisions == {}
    assert client.get("/review/items").json()["left"] == first["left"]
    pair = asked | {"verdict": "accept", "scope": "pair", "after": ""}
    assert client.post("/review/decide", json=pair).status_code == 200
    assert client.get("/review/items").json()["left"] == first["left"] - item["group"]
    assert client.post("/review/undo").json()["item"]["id"] == item["id"]
    assert client.post("/review/undo").json()["item"] is None
    filtered = client.get("/review/items", params={"below": "0.5", "document": item["document"]}).json()
    assert 0 < filtered["left"] == len(filtered["items"]) < first["left"]
    assert all(one["confidence"] < 0.5 for one in filtered["items"])


def test_duplicates_are_side_by_side(client: httpx.Client, desk: tuple[Path, str, str]):
    """Both copies are shown where they differ, and either can be kept."""
    (item,) = client.get("/review/items", params={"kind": "duplicate"}).json()["items"]
    named = {"id": item["id"], "document": item["document"]}
    rows = client.get("/review/texts", params=named).json()["rows"]
    assert [right[1] for left, right, _ in rows if left != right] == [["new", "3"]]
    assert client.post("/review/decide", json=named | {"verdict": "reject"}).status_code == 200
    (decision,) = read_decisions(desk[0] / "decisions.jsonl").decisions.values()
    assert (decision.verdict, decision.document) == ("keep", "harbour-2.md")
    client.post("/review/undo")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"\xff"', b'{"id": 1}', b'{"id":"x","document":"y","verdict":"accept"}',
             b'{"id":"x","document":"y","verdict":"burn"}', b'{"id":"x","document":"y","verdict":"accept","more":1}',
             b"[" * 9000]
)  # fmt: skip
def test_bad_requests_get_a_reason(client: httpx.Client, body: bytes):
    """What is not a decision is refused with a sentence, and nothing is written."""
    answer = client.post("/review/decide", content=body)
    assert answer.status_code == 400
    assert msgspec.json.decode(answer.content)["problem"]
    assert client.get("/review/items", params={"start": "[", "below": "nan"}).status_code in {200, 400}


def test_a_control_character_is_no_text(client: httpx.Client):
    """A replacement that the decisions refuse comes back as a reason."""
    item = next(one for one in client.get("/review/items").json()["items"] if one["kind"] == "inferred")
    asked = {"id": item["id"], "document": item["document"], "verdict": "replace", "after": "a\x1bb"}
    answer = client.post("/review/decide", json=asked)
    assert (answer.status_code, answer.json()) == (400, {"problem": "the new text contains a control character"})


def test_it_says_what_is_missing(tmp_path: Path):
    """Without clean/, without the extra and with a port in use, one line says what to do."""
    ran = command("serve", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (2, "lacuna: clean: no folder `clean`; run `lacuna run` first\n")
    (tmp_path / "clean").mkdir()
    code = "import sys; sys.modules['starlette'] = None; import pipeline.__main__ as lacuna; lacuna.main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "serve"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3
    assert ran.stderr == (
        "lacuna: pages for a browser need packages that are not installed; pip install 'lacuna-pipeline[review]'\n"
    )
