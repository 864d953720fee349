"""URLs -> the health of each: requested once, rate-limited per host, as robots.txt allows."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import httpx
import msgspec
from aiolimiter import AsyncLimiter
from protego import Protego
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from pipeline.linkcheck.polite import MOST_REDIRECTS, each_result, polite_client
from pipeline.linkcheck.public_network import MOST_CONNECTIONS, NOT_PUBLIC
from pipeline.linkcheck.robots import RobotsCache, body_within, fetch_rules
from pipeline.version import __version__

ROBOTS_NAME = "lacuna"  # our name in robots.txt
USER_AGENT = f"{ROBOTS_NAME}/{__version__} (checks the links of an archive: HEAD, then GET, once a week at most)"
MOST_TRIES = 3
MOST_WAIT_SECONDS = 30.0  # seconds that a host may delay us in total; for longer, the URL is checked another day
BODY = "body"  # the extension of a response that has its bytes
HEALTH_BY_STATUS = {404: "gone", 410: "gone", 429: "busy"}
ResultT = TypeVar("ResultT")


class LinkHealth(msgspec.Struct, frozen=True):
    """The result for a URL: health, HTTP status (0: no response), the final URL after redirects, and the time."""

    health: str  # ok, moved, gone, refused, busy, failing, timeout, unreachable, loop, private, disallowed
    status: int
    final: str
    checked: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Limits of a check: requests per second and host, seconds to wait, whether private IP addresses are allowed."""

    rate: float = 1.0
    timeout: float = 20.0
    allow_private: bool = False

    @property
    def backoff(self) -> float:
        """Seconds to wait before the second try; doubled before the third."""
        return min(self.timeout / 10, 2.0)


class FinalResult(Exception):  # noqa: N818 - a condition, not a fault
    """The health of a URL is known: no further request is needed."""

    def __init__(self, health: LinkHealth) -> None:
        """Hold the health, whose name is the message."""
        super().__init__(health.health)
        self.health = health


class _TryAgain(FinalResult):
    """The request failed but may succeed later; `after` is the host's Retry-After, in seconds."""

    def __init__(self, health: LinkHealth, after: float = 0) -> None:
        super().__init__(health)
        self.after = after


@dataclass(slots=True)
class LinkChecker:
    """The state of one check: robots.txt rules per site, rate limits and locks per host."""

    client: httpx.AsyncClient
    manners: RequestLimits
    robots: RobotsCache
    most_bytes: int = 0  # of the body of a response that is read into its extension BODY
    sites: dict[str, Protego | LinkHealth] = field(
        default_factory=dict
    )  # robots.txt rules, or why the site cannot be requested
    hosts: dict[str, AsyncLimiter] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    connections: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CONNECTIONS))

    async def health(self, url: str) -> LinkHealth:
        """Return the health of a URL, after up to TRIES tries."""
        try:
            return await self.tried(partial(self.request, url))
        except FinalResult as result:
            return result.health

    async def tried(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Return what `work` returns, after up to TRIES tries. Raises _Settled where all fail."""
        once = partial(_with_network_errors, work)
        again = retry_if_exception_type(_TryAgain)
        return await AsyncRetrying(stop=_no_more_tries, wait=self.wait, retry=again, reraise=True)(once)

    def wait(self, state: RetryCallState) -> float:
        """Return the seconds to wait before the next try: the host's Retry-After, else doubled each time."""
        error = state.outcome.exception() if state.outcome else None
        requested = error.after if isinstance(error, _TryAgain) else 0.0
        backoff: float = self.manners.backoff * 2 ** (state.attempt_number - 1)
        return max(backoff, requested)

    async def request(self, url: str) -> LinkHealth:
        """Request a URL once: HEAD, then GET if that fails. Raises _Again where another try may succeed."""
        response = await self.follow("HEAD", url)
        if response.is_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            response = await self.follow("GET", url)
        return health_of_response(response)

    async def follow(self, method: str, url: str) -> httpx.Response:
        """Return the response at the end of a URL's redirects; its history has the earlier ones."""
        request: httpx.Request | None = self.client.build_request(method, url)
        history: list[httpx.Response] = []
        while request and len(history) <= MOST_REDIRECTS:
            response = await self.send(request)
            response.history = list(history)
            history.append(response)
            request = response.next_request
        if request:
            raise FinalResult(health_now("loop"))
        return response

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, with `most_bytes` of its body at most. A host gets one request at a time."""
        host = request.url.host
        async with self.locks[host]:
            rules = await self.rules(request.url)
            if not rules.can_fetch(str(request.url), ROBOTS_NAME):
                raise FinalResult(health_now("disallowed"))
            async with (
                self.hosts[host],
                self.connections,
                asyncio.timeout(self.manners.timeout),
            ):  # also ends slow headers
                response = await self.client.send(request, stream=True)
                async with aclosing(response):
                    if self.most_bytes and response.is_success:
                        response.extensions[BODY] = await body_within(response, self.most_bytes)
                    return response

    async def rules(self, url: httpx.URL) -> Protego:
        """Return the robots.txt rules for a URL. Raises _Settled where they cannot be read: the site is off limits."""
        site = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if site not in self.sites:
            try:
                self.sites[site] = self.limit_rate(url.host, await self.load_rules(site))
            except FinalResult as result:
                self.sites[site] = result.health
        rules = self.sites[site]
        if isinstance(rules, LinkHealth):
            raise FinalResult(rules)
        return rules

    def limit_rate(self, host: str, rules: Protego) -> Protego:
        """Limit a host to its Crawl-delay, if that is slower than our rate. Raises _Settled if it is too slow."""
        pause = max(1 / self.manners.rate, rules.crawl_delay(ROBOTS_NAME) or 0)
        if pause > MOST_WAIT_SECONDS:
            raise FinalResult(health_now("disallowed"))
        if host not in self.hosts or pause > self.hosts[host].time_period:
            self.hosts[host] = AsyncLimiter(1, pause)
        return rules

    async def load_rules(self, site: str) -> Protego:
        """Return the rules of a site, from the cache or requested."""
        rules = self.robots.known(site)
        if rules is None:
            rules = await self.tried(partial(self.request_rules, site))
            self.robots.learn(site, rules)
        return Protego.parse(rules)

    async def request_rules(self, site: str) -> str:
        """Request the robots.txt of a site. Raises _Again where its server fails."""
        try:
            async with self.connections, asyncio.timeout(self.manners.timeout):
                return await fetch_rules(self.client, site)
        except httpx.HTTPStatusError as error:
            raise _TryAgain(health_now("disallowed", error.response.status_code)) from None


def _no_more_tries(state: RetryCallState) -> bool:
    """Return whether to stop: after MOST_TRIES tries, or if the total wait would exceed MOST_WAIT_SECONDS."""
    return state.attempt_number >= MOST_TRIES or state.idle_for + state.upcoming_sleep > MOST_WAIT_SECONDS


async def _with_network_errors(work: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Return what `work` returns. Raises _Settled or _Again for network errors."""
    try:
        return await work()
    except (TimeoutError, httpx.TimeoutException):
        raise _TryAgain(health_now("timeout")) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        if NOT_PUBLIC in str(error):
            raise FinalResult(health_now("private")) from None
        if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
            raise _TryAgain(health_now("unreachable")) from None
        raise FinalResult(health_now("unreachable")) from None


def health_of_response(response: httpx.Response) -> LinkHealth:
    """Return the health that a response shows. Raises _Again where another try may succeed."""
    status = response.status_code
    permanent = any(one.status_code in {301, 308} for one in response.history)
    success = "moved" if permanent else "ok"
    error = "failing" if response.is_server_error else "refused"
    name = success if response.is_success else HEALTH_BY_STATUS.get(status, error)
    health = health_now(name, status, str(response.url) if response.history else "")
    if name in {"busy", "failing"}:
        after = response.headers.get("retry-after", "")
        raise _TryAgain(health, float(after) if after.isdecimal() else 0)
    return health


def health_now(name: str, status: int = 0, final: str = "") -> LinkHealth:
    """Return a health with the time of now."""
    return LinkHealth(name, status, final, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))


async def check_urls(
    urls: Iterable[str], manners: RequestLimits, robots: RobotsCache, transport: httpx.AsyncBaseTransport
) -> AsyncIterator[tuple[str, LinkHealth]]:
    """Yield each URL with its health, in the order of the responses over `transport`."""
    async with polite_client(transport, USER_AGENT, manners.timeout) as client:
        async for result in each_result(urls, LinkChecker(client, manners, robots).health):
            yield result
