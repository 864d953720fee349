"""links.jsonl -> the same with what the web says of each address: asked for once, gently, and remembered."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import httpx
import msgspec
from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from pipeline import __version__
from pipeline.addresses.canonical import host_of
from pipeline.engines.public import AT_ONCE, PRIVATE, PublicTransport

AGENT = f"lacuna/{__version__} (checks the links of an archive: HEAD, then GET, once a week at most)"
TRIES = 3
MOST_REDIRECTS = 10
LONGEST_WAIT = 30.0  # seconds that a host may ask us to wait before we come back another day
PASSING = {"busy", "failing", "timeout", "unreachable"}  # asked again after a day
DEAD = {"gone", "unreachable", "loop", "failing", "timeout"}
VERDICTS = {401: "refused", 403: "refused", 404: "gone", 407: "refused", 410: "gone", 429: "busy", 451: "refused"}
Record = dict[str, Any]


class Health(msgspec.Struct, frozen=True):
    """What is known of an address: a verdict, the last status (0: no answer), where it leads in the end, and when."""

    health: str  # ok, moved, gone, refused, busy, failing, timeout, unreachable, loop, private
    status: int
    final: str
    checked: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class Manners:
    """How to ask: requests a second of one host, seconds to wait for an answer, whether private addresses are asked."""

    rate: float = 1.0
    timeout: float = 20.0
    allow_private: bool = False

    @property
    def backoff(self) -> float:
        """Return how many seconds to wait before the second try; doubled before the third."""
        return min(self.timeout / 10, 2.0)


class _Again(Exception):  # noqa: N818 - a condition, not a fault
    """The answer is to be asked for again; `after` is how long the host asks us to wait."""

    def __init__(self, health: Health, after: float) -> None:
        super().__init__(health.health)
        self.health, self.after = health, after


@dataclass(slots=True)
class _Asker:
    client: httpx.AsyncClient
    manners: Manners
    hosts: dict[str, AsyncLimiter] = field(default_factory=dict)
    doors: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def ask(self, address: str) -> Health:
        """Return the health of an address, asked up to TRIES times."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(TRIES), wait=self.wait, retry=retry_if_exception_type(_Again), reraise=True
        )
        try:
            return await retrying(self.once, address)
        except _Again as again:
            return again.health

    def wait(self, state: RetryCallState) -> float:
        """Return how many seconds to wait before the next try: what the host asks for, else twice as long each time."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _Again) else 0.0
        own: float = self.manners.backoff * 2 ** (state.attempt_number - 1)
        return min(max(own, asked), LONGEST_WAIT)

    async def once(self, address: str) -> Health:
        """Ask once. Raises _Again where another try may answer otherwise."""
        try:
            answer = await self.request("HEAD", address)
            if answer.is_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                answer = await self.request("GET", address)
        except httpx.TooManyRedirects:
            return _health("loop")
        except (TimeoutError, httpx.TimeoutException):
            raise _Again(_health("timeout"), 0) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            if PRIVATE in str(error):
                return _health("private")
            if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
                raise _Again(_health("unreachable"), 0) from None
            return _health("unreachable")
        return _judged(answer)

    async def request(self, method: str, address: str) -> httpx.Response:
        """Return the answer without its body, which is not read: it may be endless."""
        host = host_of(address)
        limiter = self.hosts.setdefault(host, AsyncLimiter(1, 1 / self.manners.rate))
        async with (
            self.doors[host],
            limiter,
            asyncio.timeout(self.manners.timeout),  # of the whole answer: one that drips is none
            self.client.stream(method, address) as answer,
        ):
            return answer


def _judged(answer: httpx.Response) -> Health:
    """Return what an answer says. Raises _Again where another try may say otherwise."""
    status = answer.status_code
    lasting = any(one.status_code in {301, 308} for one in answer.history)
    fine = "moved" if lasting else "ok"
    failing = "failing" if status >= httpx.codes.INTERNAL_SERVER_ERROR else "gone"
    verdict = fine if answer.is_success else VERDICTS.get(status, failing)
    health = _health(verdict, status, str(answer.url) if answer.history else "")
    if verdict in {"busy", "failing"}:
        after = answer.headers.get("retry-after", "")
        raise _Again(health, float(after) if after.isdecimal() else 0)
    return health


def _health(verdict: str, status: int = 0, final: str = "") -> Health:
    return Health(verdict, status, final, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))


async def ask_all(addresses: Iterable[str], manners: Manners) -> AsyncIterator[tuple[str, Health]]:
    """Yield each address with its health, as the answers come in."""
    context = httpx.create_ssl_context()
    transport = httpx.AsyncHTTPTransport(verify=context) if manners.allow_private else PublicTransport(context)
    async with httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": AGENT},
        follow_redirects=True,
        max_redirects=MOST_REDIRECTS,
        timeout=manners.timeout,
        trust_env=False,
    ) as client:
        asker, room = _Asker(client, manners), asyncio.Semaphore(AT_ONCE)

        async def one(address: str) -> tuple[str, Health]:
            async with room:
                return address, await asker.ask(address)

        for done in asyncio.as_completed([one(address) for address in addresses]):
            yield await done


class Memory:
    """What the web said before, in SQLite: derived, and to be deleted at will."""

    def __init__(self, file: Path) -> None:
        """Open `file`, or make it."""
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS health (url TEXT PRIMARY KEY, health TEXT, status INT, final TEXT, checked)"
        )

    def known(self, address: str) -> Health | None:
        """Return what was last learnt of an address."""
        row = self.db.execute("SELECT health, status, final, checked FROM health WHERE url = ?", (address,)).fetchone()
        return Health(*row) if row else None

    def learn(self, address: str, health: Health) -> None:
        """Remember what was learnt, at once: a check may be broken off."""
        row = (address, *msgspec.structs.astuple(health))
        self.db.execute("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?)", row)

    def stale(self, addresses: Iterable[str], max_age: dt.timedelta) -> Iterator[str]:
        """Yield the addresses that were not asked for within `max_age`; a passing trouble is forgotten after a day."""
        now = dt.datetime.now(dt.UTC)
        for address in addresses:
            known = self.known(address)
            age = min(max_age, dt.timedelta(days=1)) if known and known.health in PASSING else max_age
            if not known or now - dt.datetime.fromisoformat(known.checked) >= age:
                yield address


def asked_for(row: Record) -> str:
    """Return what is asked for to check a link, its fragment off; empty if it is no web address."""
    url = str(row["url"])
    return urldefrag(url)[0] if url.startswith(("http://", "https://")) and "unsafe" not in row["notes"] else ""


def check(rows: list[Record], file: Path, manners: Manners | None, max_age: dt.timedelta) -> Iterator[Record]:
    """Yield the rows of links.jsonl with what is known of each address; `manners` None asks nobody.

    `file` is where answers are remembered. Columns: health, status, final, checked, and archived, an address where a
    copy of what is gone may stand.
    """
    addresses = dict.fromkeys(filter(None, map(asked_for, rows)))
    with closing((memory := Memory(file)).db):
        if manners:
            asyncio.run(_learn_all(memory, list(memory.stale(addresses, max_age)), manners))
        for row in rows:
            known = memory.known(asked_for(row))
            told = msgspec.to_builtins(known) if known else dict.fromkeys(Health.__struct_fields__, "") | {"status": 0}
            archived = f"https://web.archive.org/web/{asked_for(row)}" if known and known.health in DEAD else ""
            yield row | told | {"archived": archived}


async def _learn_all(memory: Memory, addresses: list[str], manners: Manners) -> None:
    async for address, health in ask_all(addresses, manners):
        memory.learn(address, health)
