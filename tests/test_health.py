"""Checking links: what the web says of each, asked gently and remembered, private addresses only where allowed."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.engines.health import Manners, Memory, check

EXPECTED = {
    "ok": ("ok", 200),
    "only-get": ("ok", 200),
    "huge": ("ok", 200),
    "moved": ("moved", 200),
    "found": ("ok", 200),
    "gone": ("gone", 410),
    "missing": ("gone", 404),
    "busy": ("busy", 429),
    "recovers": ("ok", 200),
    "failing": ("failing", 500),
    "forbidden": ("refused", 403),
    "loop": ("loop", 0),
    "silent": ("timeout", 0),
    "to-file": ("unreachable", 0),
}
STATUS = {"gone": 410, "missing": 404, "busy": 429, "failing": 500, "forbidden": 403}
LEADS = {"moved": (301, "/ok"), "found": (302, "/ok"), "loop": (302, "/loop"), "to-file": (302, "file:///etc/passwd")}


class Site(ThreadingHTTPServer):
    """A server that plays every kind of answer, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen at any free port."""
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: Counter[str] = Counter()
        self.over = threading.Event()

    @property
    def address(self) -> str:
        """Where it is to be had."""
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    """One answer, told by the path."""

    server: Site

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.answer("HEAD")

    def do_GET(self) -> None:
        """Answer."""
        self.answer("GET")

    def answer(self, method: str) -> None:
        """Send what the path asks for."""
        name = self.path.strip("/")
        self.server.asked[f"{method} {name}"] += 1
        if name == "silent":
            self.server.over.wait()
            return
        status, target = LEADS.get(name, (STATUS.get(name, 200), ""))
        if name in {"only-get", "huge"} and method == "HEAD":
            status = 405
        if name == "recovers" and self.server.asked["HEAD recovers"] == 1:
            status = 503
        self.send_response(status)
        if target:
            self.send_header("Location", target)
        self.end_headers()
        if name == "huge" and method == "GET":
            self.pour()

    def pour(self) -> None:
        """Send without end, until the other side has enough."""
        try:
            while not self.server.over.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def rows_of(site: Site, names: list[str]) -> list[dict]:
    return [{"path": "a.md", "line": 1, "url": f"{site.address}/{name}", "notes": []} for name in names]


QUICK = Manners(rate=1000, timeout=1, allow_private=True)
WEEK = dt.timedelta(days=7)


def test_every_kind_of_answer_is_told(site: Site, tmp_path: Path):
    """Statuses, redirects, loops, silence, an endless body, an answer that comes at the second try: each as it is."""
    told = list(check(rows_of(site, list(EXPECTED)), tmp_path / "memory", QUICK, WEEK))
    assert {row["url"].rpartition("/")[2]: (row["health"], row["status"]) for row in told} == EXPECTED
    assert next(row for row in told if row["url"].endswith("/moved"))["final"] == f"{site.address}/ok"
    assert {row["url"].rpartition("/")[2] for row in told if row["archived"]} == {
        "gone", "missing", "failing", "loop", "silent", "to-file",
    }  # fmt: skip
    assert site.asked["HEAD busy"] == 3
    assert site.asked["GET ok"] == 0


def test_answers_are_remembered_until_they_are_old(site: Site, tmp_path: Path):
    """A second check asks nobody; one with no patience asks again; a fragment is the same page."""
    rows = rows_of(site, ["missing", "missing#part", "ok"])
    first = list(check(rows, tmp_path / "memory", QUICK, WEEK))
    asked = site.asked.copy()
    assert list(check(rows, tmp_path / "memory", QUICK, WEEK)) == first
    assert list(check(rows, tmp_path / "memory", None, WEEK)) == first
    assert site.asked == asked == {"HEAD ok": 1, "HEAD missing": 1, "GET missing": 1}
    list(check(rows, tmp_path / "memory", QUICK, dt.timedelta(0)))
    assert site.asked["HEAD ok"] == 2


def test_private_addresses_are_not_asked(site: Site, tmp_path: Path):
    """Addresses of this machine, by number or by name, are refused before a connection is made."""
    port = site.server_port
    hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433"]  # noqa: S104
    rows = [{"path": "a.md", "line": 1, "url": f"http://{host}:{port}/ok", "notes": []} for host in hosts]
    told = list(check(rows, tmp_path / "memory", Manners(rate=1000, timeout=1), WEEK))
    assert {row["health"] for row in told} <= {"private", "unreachable"}
    assert told[0]["health"] == told[1]["health"] == "private"
    assert not site.asked


def test_the_command_adds_columns_to_the_links(archive: Path, site: Site, lacuna):
    """check-links asks only with --online, tells what is dead and where, and the next run keeps what it wrote."""
    for old in (archive / "raw").iterdir():
        old.unlink()
    (archive / "raw" / "a.md").write_text(f"# A\n\n[x]({site.address}/missing) [y]({site.address}/ok)\n", "utf-8")
    assert lacuna("check-links", cwd=archive).returncode == 2
    assert lacuna("run", "--no-editions", cwd=archive).returncode == 0
    assert not site.asked
    offline = lacuna("check-links", cwd=archive)
    assert (offline.returncode, offline.stdout) == (0, "2 never asked for\n")
    assert not site.asked
    asked = lacuna("check-links", "--online", "--allow-private", "--rate", "1000", "--timeout", "5", cwd=archive)
    assert asked.returncode == 1, asked.stderr
    address = f"{site.address}/missing"
    assert asked.stdout.splitlines() == [
        f"gone: {address} (a.md:3); perhaps https://web.archive.org/web/{address}",
        "1 gone, 1 ok",
    ]
    file = archive / "clean" / "links.jsonl"
    told = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [(row["health"], row["status"]) for row in told] == [("gone", 404), ("ok", 200)]
    before = file.read_bytes()
    again = lacuna("run", "--no-editions", cwd=archive)
    assert again.stdout.endswith("0 files written, 0 removed\n")
    assert file.read_bytes() == before


def test_what_passes_is_asked_again_sooner(tmp_path: Path, site: Site):
    """A host that was busy two days ago is asked again, one that was well is not."""
    memory = Memory(tmp_path / "memory")
    list(check(rows_of(site, ["busy", "ok"]), tmp_path / "memory", QUICK, WEEK))
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=2)).isoformat()
    memory.db.execute("UPDATE health SET checked = ?", (long_ago,))
    addresses = [f"{site.address}/{name}" for name in ("busy", "ok")]
    assert list(memory.stale(addresses, WEEK)) == addresses[:1]
    memory.db.close()
