"""Addresses -> what the web says of each: asked for once, gently, host by host."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx
import msgspec
from aiolimiter import AsyncLimiter
from protego import Protego
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from pipeline.linkcheck.public_network import AT_ONCE, PRIVATE
from pipeline.linkcheck.robots import Robots, read_rules
from pipeline.version import __version__

NAME = "lacuna"  # what rules of robots.txt call us
AGENT = f"{NAME}/{__version__} (checks the links of an archive: HEAD, then GET, once a week at most)"
TRIES = 3
MOST_REDIRECTS = 10
LONGEST_WAIT = 30.0  # seconds that a host may make us wait in all; for more, we come back another day
VERDICTS = {404: "gone", 410: "gone", 429: "busy"}
T = TypeVar("T")


class Health(msgspec.Struct, frozen=True):
    """What is known of an address: a verdict, the last status (0: no answer), where it leads in the end, and when."""

    health: str  # ok, moved, gone, refused, busy, failing, timeout, unreachable, loop, private, disallowed
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


class _Settled(Exception):  # noqa: N818 - a condition, not a fault
    """Nothing more is to be asked of an address: its health is known."""

    def __init__(self, health: Health) -> None:
        super().__init__(health.health)
        self.health = health


class _Again(_Settled):
    """But another try may say otherwise; `after` is how many seconds the host asks us to wait."""

    def __init__(self, health: Health, after: float = 0) -> None:
        super().__init__(health)
        self.after = after


@dataclass(slots=True)
class _Asker:
    client: httpx.AsyncClient
    manners: Manners
    robots: Robots
    sites: dict[str, Protego | Health] = field(default_factory=dict)  # what one allows, or why it cannot be asked
    hosts: dict[str, AsyncLimiter] = field(default_factory=dict)
    doors: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def health(self, address: str) -> Health:
        """Return the health of an address, asked up to TRIES times."""
        try:
            return await self.tried(partial(self.ask, address))
        except _Settled as settled:
            return settled.health

    async def tried(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, tried up to TRIES times. Raises _Settled where it comes to nothing."""
        once = partial(_settling, work)
        again = retry_if_exception_type(_Again)
        return await AsyncRetrying(stop=_enough, wait=self.wait, retry=again, reraise=True)(once)

    def wait(self, state: RetryCallState) -> float:
        """Return how many seconds to wait before the next try: what the host asks for, else twice as long each time."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _Again) else 0.0
        own: float = self.manners.backoff * 2 ** (state.attempt_number - 1)
        return max(own, asked)

    async def ask(self, address: str) -> Health:
        """Ask for an address once. Raises _Again where another try may answer otherwise."""
        answer = await self.followed("HEAD", address)
        if answer.is_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            answer = await self.followed("GET", address)
        return _judged(answer)

    async def followed(self, method: str, address: str) -> httpx.Response:
        """Return the last answer of those that an address leads to; its history are those before."""
        request: httpx.Request | None = self.client.build_request(method, address)
        history: list[httpx.Response] = []
        while request and len(history) <= MOST_REDIRECTS:
            answer = await self.answer(request)
            answer.history = list(history)
            history.append(answer)
            request = answer.next_request
        if request:
            raise _Settled(_health("loop"))
        return answer

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Return the answer without its body, which is not read: it may be endless. A host is asked one at a time."""
        host = request.url.host
        async with self.doors[host]:
            rules = await self.rules(request.url)
            if not rules.can_fetch(str(request.url), NAME):
                raise _Settled(_health("disallowed"))
            async with self.hosts[host], self.room, asyncio.timeout(self.manners.timeout):  # one that drips is none
                answer = await self.client.send(request, stream=True)
                async with aclosing(answer):
                    return answer

    async def rules(self, url: httpx.URL) -> Protego:
        """Return what the site of an address allows. Raises _Settled where it says nothing: none of it is asked for."""
        site = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if site not in self.sites:
            try:
                self.sites[site] = self.paced(url.host, await self.read(site))
            except _Settled as settled:
                self.sites[site] = settled.health
        found = self.sites[site]
        if isinstance(found, Health):
            raise _Settled(found)
        return found

    def paced(self, host: str, rules: Protego) -> Protego:
        """Give a host the pace that its rules ask for, if it is slower than ours. Raises _Settled if it is too slow."""
        pause = max(1 / self.manners.rate, rules.crawl_delay(NAME) or 0)
        if pause > LONGEST_WAIT:
            raise _Settled(_health("disallowed"))
        if host not in self.hosts or pause > self.hosts[host].time_period:
            self.hosts[host] = AsyncLimiter(1, pause)
        return rules

    async def read(self, site: str) -> Protego:
        """Return the rules of a site, of today or asked for."""
        rules = self.robots.known(site)
        if rules is None:
            rules = await self.tried(partial(self.introduce, site))
            self.robots.learn(site, rules)
        return Protego.parse(rules)

    async def introduce(self, site: str) -> str:
        """Return the robots.txt of a site. Raises _Again where its server fails."""
        try:
            async with self.room, asyncio.timeout(self.manners.timeout):
                return await read_rules(self.client, site)
        except httpx.HTTPStatusError as error:
            raise _Again(_health("disallowed", error.response.status_code)) from None


def _enough(state: RetryCallState) -> bool:
    """Tell whether to stop: after TRIES, or where the next try would make more than LONGEST_WAIT of waiting."""
    return state.attempt_number >= TRIES or state.idle_for + state.upcoming_sleep > LONGEST_WAIT


async def _settling(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` returns. Raises _Settled or _Again for what the network raises."""
    try:
        return await work()
    except (TimeoutError, httpx.TimeoutException):
        raise _Again(_health("timeout")) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        if PRIVATE in str(error):
            raise _Settled(_health("private")) from None
        if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
            raise _Again(_health("unreachable")) from None
        raise _Settled(_health("unreachable")) from None


def _judged(answer: httpx.Response) -> Health:
    """Return what an answer says. Raises _Again where another try may say otherwise."""
    status = answer.status_code
    lasting = any(one.status_code in {301, 308} for one in answer.history)
    fine = "moved" if lasting else "ok"
    otherwise = "failing" if answer.is_server_error else "refused"
    verdict = fine if answer.is_success else VERDICTS.get(status, otherwise)
    health = _health(verdict, status, str(answer.url) if answer.history else "")
    if verdict in {"busy", "failing"}:
        after = answer.headers.get("retry-after", "")
        raise _Again(health, float(after) if after.isdecimal() else 0)
    return health


def _health(verdict: str, status: int = 0, final: str = "") -> Health:
    return Health(verdict, status, final, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))


async def ask_all(
    addresses: Iterable[str], manners: Manners, robots: Robots, transport: httpx.AsyncBaseTransport
) -> AsyncIterator[tuple[str, Health]]:
    """Yield each address with its health, as the answers come in over `transport`."""
    async with httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": AGENT},
        max_redirects=MOST_REDIRECTS,
        auth=httpx.Auth(),  # a link's user and password are not sent
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept, so none is sent back
        timeout=manners.timeout,
        trust_env=False,
    ) as client:
        asker = _Asker(client, manners, robots)

        async def one(address: str) -> tuple[str, Health]:
            return address, await asker.health(address)

        for done in asyncio.as_completed([one(address) for address in addresses]):
            yield await done
