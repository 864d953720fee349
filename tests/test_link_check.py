"""Link checks: results, cache, rate limits, robots.txt, and no requests to private addresses."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import sqlite3
import threading
import time
import tomllib
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpcore
import httpx
import pytest

from pipeline.linkcheck.check import HealthCache, checked_rows
from pipeline.linkcheck.client import RequestLimits, check_urls
from pipeline.linkcheck.health import LinkHealth
from pipeline.linkcheck.public_network import PublicTransport, is_public
from pipeline.linkcheck.robots import RobotsCache
from tests.conftest import ROOT
from tests.local_server import LocalServer, Quiet, serving

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
    "odd": ("refused", 400),
    "loop": ("loop", 0),
    "silent": ("timeout", 0),
    "to-file": ("unreachable", 0),
}
STATUS = {"gone": 410, "missing": 404, "busy": 429, "failing": 500, "forbidden": 403, "odd": 400}
LEADS = {
    "to-number": (302, "http://127.0.0.1/ok"),
    "to-name": (301, "http://inside.example/ok"),
    "to-public": (301, "http://other.example/ok"),
    "to-closed": (302, "/closed"),
    "moved": (301, "/ok"),
    "found": (302, "/ok"),
    "loop": (302, "/loop"),
    "to-file": (302, "file:///etc/passwd"),
}


class Site(LocalServer):
    """A server that gives every kind of response, and records its requests."""

    def __init__(self) -> None:
        """Listen."""
        super().__init__(Answers)
        self.times: list[float] = []
        self.robots: tuple[int, str | bytes] = (404, "")
        self.headers: dict[str, dict[str, str]] = {}  # response headers by path
        self.received: list[tuple[str, str | None, str | None]] = []  # path, Cookie, Authorization
        self.over = threading.Event()


class Answers(Quiet, BaseHTTPRequestHandler):
    """One response, chosen by the path."""

    server: Site

    def do_HEAD(self) -> None:
        """Respond without a body."""
        self.answer("HEAD")

    def do_GET(self) -> None:
        """Respond."""
        self.answer("GET")

    def answer(self, method: str) -> None:
        """Send the response for the path."""
        name = self.path.strip("/")
        self.server.asked[f"{method} {name}"] += 1
        self.server.times.append(time.monotonic())
        self.server.received.append((name, self.headers["Cookie"], self.headers["Authorization"]))
        if name == "silent":
            self.server.over.wait()
            return
        status, target = LEADS.get(name, (STATUS.get(name, 200), ""))
        if name == "robots.txt":
            status, body = self.server.robots
        if name in {"only-get", "huge"} and method == "HEAD":
            status = 405
        if name == "recovers" and self.server.asked["HEAD recovers"] == 1:
            status = 503
        self.send_response(status)
        if target:
            self.send_header("Location", target)
        for header, value in self.server.headers.get(name, {}).items():
            self.send_header(header, value)
        self.end_headers()
        if name == "robots.txt":
            self.wfile.write(body.encode() if isinstance(body, str) else body)
        if name == "huge" and method == "GET":
            self.pour()

    def pour(self) -> None:
        """Send without end, until the client closes the connection."""
        try:
            while not self.server.over.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            pass


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    with serving(server):
        yield server
        server.over.set()


def rows_of(site: Site, names: list[str]) -> list[dict]:
    return [{"path": "a.md", "line": 1, "url": f"{site.address}/{name}", "notes": []} for name in names]


QUICK = RequestLimits(rate=1000, timeout=1, allow_private=True)
WEEK = dt.timedelta(days=7)


def test_every_kind_of_response_is_reported(site: Site, tmp_path: Path):
    """Statuses, redirects, loops, silence, an endless body, a response at the second try: each has its health."""
    results = list(checked_rows(rows_of(site, list(EXPECTED)), tmp_path / "memory", QUICK, WEEK))
    assert {row["url"].rpartition("/")[2]: (row["health"], row["status"]) for row in results} == EXPECTED
    assert next(row for row in results if row["url"].endswith("/moved"))["final"] == f"{site.address}/ok"
    assert {row["url"].rpartition("/")[2] for row in results if row["archived"]} == {
        "gone", "missing", "failing", "loop", "silent", "to-file",
    }  # fmt: skip
    assert site.asked["HEAD busy"] == 3
    assert site.asked["GET ok"] == 0


def test_results_are_cached_until_they_expire(site: Site, tmp_path: Path):
    """A second check sends no requests, one with max_age 0 does; a fragment does not make another URL."""
    rows = rows_of(site, ["missing", "missing#part", "ok"])
    first = list(checked_rows(rows, tmp_path / "memory", QUICK, WEEK))
    asked = site.asked.copy()
    assert list(checked_rows(rows, tmp_path / "memory", QUICK, WEEK)) == first
    assert list(checked_rows(rows, tmp_path / "memory", None, WEEK)) == first
    assert site.asked == asked == {"GET robots.txt": 1, "HEAD ok": 1, "HEAD missing": 1, "GET missing": 1}
    list(checked_rows(rows, tmp_path / "memory", QUICK, dt.timedelta(0)))
    assert site.asked["HEAD ok"] == 2


def test_private_addresses_get_no_request(site: Site, tmp_path: Path):
    """URLs of this machine, by number or by name, are refused before a connection is made."""
    port = site.server_port
    hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433"]  # noqa: S104
    rows = [{"path": "a.md", "line": 1, "url": f"http://{host}:{port}/ok", "notes": []} for host in hosts]
    results = list(checked_rows(rows, tmp_path / "memory", RequestLimits(rate=1000, timeout=1), WEEK))
    assert {row["health"] for row in results} <= {"private", "unreachable"}
    assert results[0]["health"] == results[1]["health"] == "private"
    assert not site.asked


def test_only_global_unicast_addresses_are_public():
    """IANA's special-purpose addresses are not public, also as IPv4 in IPv6; ordinary ones are."""
    table = tomllib.loads((ROOT / "tests" / "cases" / "public.toml").read_text("utf-8"))
    assert [address for address in table["special"] if is_public(address)] == []
    assert [address for address in table["public"] if not is_public(address)] == []


def test_no_cookies_and_no_passwords_are_sent(site: Site, tmp_path: Path):
    """A cookie is not sent back, also after a redirect; user and password of a URL are not sent."""
    cookie = {"Set-Cookie": "id=1; Path=/"}
    site.headers = {"robots.txt": cookie, "ok": cookie, "moved": cookie}
    rows = rows_of(site, ["ok", "moved", "ok"])
    rows[2]["url"] = rows[2]["url"].replace("http://", "http://user:secret@")
    list(checked_rows(rows, tmp_path / "memory", QUICK, WEEK))
    assert {request[0] for request in site.received} == {"robots.txt", "ok", "moved"}
    assert {request[1:] for request in site.received} == {(None, None)}


def test_a_long_retry_after_ends_the_tries(site: Site, tmp_path: Path):
    """A Retry-After above the maximum wait ends the tries at once."""
    site.headers = {"busy": {"Retry-After": "31"}, "failing": {"Retry-After": "9" * 400}}
    results = list(checked_rows(rows_of(site, ["busy", "failing"]), tmp_path / "memory", QUICK, WEEK))
    assert [row["health"] for row in results] == ["busy", "failing"]
    assert site.asked["HEAD busy"] == 1
    assert site.asked["HEAD failing"] == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_robots_txt_is_decompressed_up_to_the_limit(site: Site, tmp_path: Path, coding: str):
    """Rules that are compressed without request are read; a zip bomb of a gigabyte yields 500 kibibytes."""
    packed = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    bomb = packed.compress(b"User-agent: *\nDisallow: /closed\n#")
    block = bytes(2**20)
    for _ in range(64):
        bomb += packed.compress(block)
    site.robots = (200, bomb + packed.flush())
    site.headers = {"robots.txt": {"Content-Encoding": coding}}
    tracemalloc.start()
    results = list(checked_rows(rows_of(site, ["ok", "closed"]), tmp_path / "memory", QUICK, WEEK))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row["health"] for row in results] == ["ok", "disallowed"]
    assert peak < 2**25


def test_a_redirect_of_robots_txt_is_followed_without_its_body(site: Site, tmp_path: Path):
    """If robots.txt redirects with an endless body, its target counts."""
    site.robots = (302, "x" * 10_000_000)
    site.headers = {"robots.txt": {"Location": "/rules"}}
    results = list(checked_rows(rows_of(site, ["ok"]), tmp_path / "memory", QUICK, WEEK))
    assert [row["health"] for row in results] == ["ok"]
    assert site.asked["GET rules"] == 1


def test_what_robots_txt_forbids_is_not_requested(site: Site, tmp_path: Path):
    """Rules for us override rules for all; a redirect to a forbidden URL is not followed."""
    site.robots = (200, "User-agent: *\nDisallow: /\n\nUser-agent: Lacuna\nDisallow: /closed\nAllow: /closed/door\n")
    results = checked_rows(
        rows_of(site, ["ok", "closed", "closed/door", "to-closed"]), tmp_path / "memory", QUICK, WEEK
    )
    assert [row["health"] for row in results] == ["ok", "disallowed", "ok", "disallowed"]
    assert site.asked == {"GET robots.txt": 1, "HEAD ok": 1, "HEAD closed/door": 1, "HEAD to-closed": 1}


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        ((404, "User-agent: *\nDisallow: /"), ("ok", 200)),
        ((403, ""), ("ok", 200)),
        ((503, ""), ("disallowed", 503)),
        ((200, "<html>\0 no rules at all"), ("ok", 200)),
        ((200, "# " + "x" * 600_000 + "\nUser-agent: *\nDisallow: /"), ("ok", 200)),
        ((200, "User-agent: *\nCrawl-delay: 3600"), ("disallowed", 0)),
    ],
    ids=["none", "refused", "failing", "no rules", "endless", "slower than we wait"],
)
def test_a_site_without_rules_allows_all_and_one_that_fails_nothing(site: Site, tmp_path: Path, robots, expected):
    """RFC 9309, 2.3.1: 4xx allows everything, 5xx nothing; rules after 500 kibibytes are not read."""
    site.robots = robots
    results = checked_rows(rows_of(site, ["ok"]), tmp_path / "memory", QUICK, WEEK)
    assert [(row["health"], row["status"]) for row in results] == [expected]
    assert site.asked["HEAD ok"] == (expected[0] == "ok")


def test_crawl_delay_is_respected(site: Site, tmp_path: Path):
    """Crawl-delay separates all requests, also those of a redirect."""
    site.robots = (200, "User-agent: *\nCrawl-delay: 0.2")
    list(checked_rows(rows_of(site, ["ok", "moved"]), tmp_path / "memory", QUICK, WEEK))
    asked = site.times[1:]  # without robots.txt
    assert len(asked) == 3
    assert all(later - earlier > 0.15 for earlier, later in itertools.pairwise(asked))


def test_rules_are_cached_for_a_day(site: Site, tmp_path: Path):
    """The second check on one day does not request robots.txt; a check on the next day does."""
    for times in (1, 1, 2):
        list(checked_rows(rows_of(site, ["ok"]), tmp_path / "memory", QUICK, dt.timedelta(0)))
        assert site.asked["GET robots.txt"] == times
        if site.asked["HEAD ok"] == 2:
            with closing(sqlite3.connect(tmp_path / "memory")) as db, db:
                yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
                db.execute("UPDATE robots SET read = ?", (yesterday.isoformat(),))
            db.close()


class FakeNetwork(httpcore.AsyncNetworkBackend):
    """A network where every IP address leads to the same server; it records the connections."""

    def __init__(self, site: Site) -> None:
        """Connect to `site`."""
        self.port, self.inner = site.server_port, httpcore.AnyIOBackend()
        self.connected: list[str] = []
        self.refusing: set[str] = set()

    async def connect_tcp(self, host: str, port: int, *args: object, **_: object) -> httpcore.AsyncNetworkStream:  # noqa: ARG002
        """Connect to the server, whatever the host."""
        self.connected.append(host)
        if host in self.refusing:
            raise httpcore.ConnectError
        return await self.inner.connect_tcp("127.0.0.1", self.port)

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self.inner.sleep(seconds)


def requested_in_public(network: FakeNetwork, names: dict[str, list[list[str]]], urls: list[str]) -> dict[str, str]:
    """Return the health of each URL, requested over `network`.

    Each lookup of one of the `names` returns its next list of IP addresses; the last one repeats.
    """

    async def resolve(host: str, _port: int) -> list[str]:
        addresses = names.get(host, [[host]])
        return addresses.pop(0) if len(addresses) > 1 else addresses[0]

    async def ask() -> dict[str, LinkHealth]:
        results = check_urls(urls, RequestLimits(rate=1000, timeout=5), RobotsCache(db), transport)
        return {url: health async for url, health in results}

    transport = PublicTransport(httpx.create_ssl_context(), resolve, network)
    with closing(sqlite3.connect(":memory:")) as db:
        return {url: health.health for url, health in asyncio.run(ask()).items()}


PUBLIC, OTHER = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"


def test_a_redirect_does_not_lead_from_the_public_to_the_private(site: Site):
    """A redirect from a public URL to a private one, by number or by name, is not followed."""
    network = FakeNetwork(site)
    names = {"a.example": [[PUBLIC]], "other.example": [[OTHER]], "inside.example": [["10.0.0.7"]]}
    expected = {"to-number": "private", "to-name": "private", "to-public": "moved"}
    results = requested_in_public(network, names, [f"http://a.example/{name}" for name in expected])
    assert results == {f"http://a.example/{name}": health for name, health in expected.items()}
    assert set(network.connected) == {PUBLIC, OTHER}
    assert site.asked["HEAD ok"] == 1


def test_a_name_cannot_turn_private_after_the_check(site: Site):
    """DNS rebinding: a request connects to the IP address that was checked, and each connection is checked again."""
    network = FakeNetwork(site)
    names = {"turns.example": [[PUBLIC], ["127.0.0.1"]], "both.example": [[PUBLIC, "127.0.0.1"]]}
    results = requested_in_public(network, names, ["http://turns.example/ok", "http://both.example/ok"])
    assert set(results.values()) == {"private"}
    assert network.connected == [PUBLIC], "for robots.txt, before the name changed"
    assert not site.asked["HEAD ok"]


def test_a_host_is_tried_at_each_of_its_addresses_and_given_up_as_a_whole(site: Site):
    """If the first IP address fails, the second is tried; if all fail, the whole site is unreachable."""
    network = FakeNetwork(site)
    network.refusing = {OTHER}
    names = {"a.example": [[OTHER, PUBLIC]], "closed.example": [[OTHER]]}
    assert requested_in_public(network, names, ["http://a.example/ok"]) == {"http://a.example/ok": "ok"}
    assert network.connected == [OTHER, PUBLIC] * 2, "for robots.txt and for the page"
    network.connected.clear()
    closed = [f"http://closed.example/{number}" for number in range(50)]
    assert requested_in_public(network, names, closed) == dict.fromkeys(closed, "unreachable")
    assert network.connected == [OTHER] * 3


def test_the_command_adds_columns_to_the_links(archive: Path, site: Site, lacuna):
    """check-links sends requests only with --online, lists dead links, and the next run keeps its columns."""
    for old in (archive / "raw").iterdir():
        old.unlink()
    (archive / "raw" / "a.md").write_text(f"# A\n\n[x]({site.address}/missing) [y]({site.address}/ok)\n", "utf-8")
    assert lacuna("check-links", cwd=archive).returncode == 2
    assert lacuna("run", "--no-editions", cwd=archive).returncode == 0
    assert not site.asked
    offline = lacuna("check-links", cwd=archive)
    assert (offline.returncode, offline.stdout) == (0, "2 not checked yet\n")
    assert not site.asked
    asked = lacuna("check-links", "--online", "--allow-private", "--rate", "1000", "--timeout", "5", cwd=archive)
    assert asked.returncode == 1, asked.stderr
    address = f"{site.address}/missing"
    assert asked.stdout.splitlines() == [
        f"gone: {address} (a.md:3); try https://web.archive.org/web/{address}",
        "1 gone, 1 ok",
    ]
    file = archive / "clean" / "links.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [(row["health"], row["status"]) for row in rows] == [("gone", 404), ("ok", 200)]
    before = file.read_bytes()
    again = lacuna("run", "--no-editions", cwd=archive)
    assert again.stdout.endswith("0 files written, 0 removed\n")
    assert file.read_bytes() == before


def test_damaged_files_are_reported_or_replaced(tmp_path: Path, site: Site, lacuna):
    """A damaged line of links.jsonl is an error; a damaged cache is replaced."""
    clean = tmp_path / "clean"
    clean.mkdir()
    lines = [json.dumps(row) for row in rows_of(site, ["ok", "missing", "missing"])]
    (clean / "links.jsonl").write_text("\n".join([*lines, "{garbage"]), "utf-8")
    (clean / ".health.sqlite").write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    ran = lacuna("check-links", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr == "lacuna: clean/links.jsonl: line 4 is damaged; delete the file, then run `lacuna run`\n"
    (clean / "links.jsonl").write_text("\n".join(lines), "utf-8")
    ran = lacuna("check-links", "--online", "--allow-private", "--rate", "1000", "--max-age", "0", cwd=tmp_path)
    address = f"{site.address}/missing"
    assert ran.stdout.splitlines() == [
        f"gone: {address} (a.md:1, a.md:1); try https://web.archive.org/web/{address}",
        "1 gone, 1 ok",
    ]
    assert sorted(ran.stderr.splitlines()) == [f"gone: {address}", f"ok: {site.address}/ok"]


def test_temporary_failures_expire_sooner(tmp_path: Path, site: Site):
    """A URL that was busy two days ago is requested again, one that was ok is not."""
    memory = HealthCache(tmp_path / "memory")
    list(checked_rows(rows_of(site, ["busy", "ok"]), tmp_path / "memory", QUICK, WEEK))
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=2)).isoformat()
    memory.db.execute("UPDATE health SET checked = ?", (long_ago,))
    urls = [f"{site.address}/{name}" for name in ("busy", "ok")]
    assert list(memory.stale(urls, WEEK)) == urls[:1]
    memory.db.close()
