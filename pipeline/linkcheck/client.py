"""URLs -> the health of each: requested once, rate-limited per host, as robots.txt allows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx
from aiolimiter import AsyncLimiter
from protego import Protego
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from pipeline.linkcheck.health import FinalResult, LinkHealth, TryAgain, health_now, health_of_response
from pipeline.linkcheck.public_network import MOST_CONNECTIONS, NOT_PUBLIC
from pipeline.linkcheck.robots import RobotsCache, fetch_rules, limited_body
from pipeline.version import __version__

ROBOTS_NAME = "lacuna"  # our name in robots.txt
CHECKS_LINKS = "checks the links of an archive: HEAD, then GET, once a week at most"
MOST_TRIES = 3
MOST_REDIRECTS = 10
MOST_WAIT_SECONDS = 30.0  # seconds that a host may delay us in total; for longer, the URL is checked another day
OnResponse = Callable[[httpx.Response], Awaitable[None]]
ResultT = TypeVar("ResultT")


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


@dataclass(slots=True)
class LinkChecker:
    """The state of one check: robots.txt rules per site, rate limits and locks per host."""

    client: httpx.AsyncClient
    limits: RequestLimits
    robots: RobotsCache
    sites: dict[str, Protego | LinkHealth] = field(
        default_factory=dict
    )  # robots.txt rules, or why the site cannot be requested
    hosts: dict[str, AsyncLimiter] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    connections: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CONNECTIONS))

    async def health(self, url: str) -> LinkHealth:
        """Return the health of a URL, after up to MOST_TRIES tries."""
        try:
            return await self.tried(partial(self.request, url))
        except FinalResult as result:
            return result.health

    async def tried(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Return what `work` returns, after up to MOST_TRIES tries. Raises FinalResult where all fail."""
        once = partial(_with_network_errors, work)
        again = retry_if_exception_type(TryAgain)
        return await AsyncRetrying(stop=_no_more_tries, wait=self.wait, retry=again, reraise=True)(once)

    def wait(self, state: RetryCallState) -> float:
        """Return the seconds to wait before the next try: the host's Retry-After, else doubled each time."""
        error = state.outcome.exception() if state.outcome else None
        requested = error.after if isinstance(error, TryAgain) else 0.0
        backoff: float = self.limits.backoff * 2 ** (state.attempt_number - 1)
        return max(backoff, requested)

    async def request(self, url: str) -> LinkHealth:
        """Request a URL once: HEAD, then GET if that fails. Raises TryAgain where another try may succeed."""
        response = await self.follow("HEAD", url)
        if response.is_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            response = await self.follow("GET", url)
        return health_of_response(response)

    async def body(self, url: str, most_bytes: int) -> bytes:
        """Return the start of what GET on a URL returns, after up to MOST_TRIES tries. Raises FinalResult if none."""
        return await self.tried(partial(self.request_body, url, most_bytes))

    async def request_body(self, url: str, most_bytes: int) -> bytes:
        """Request the body of a URL once. Raises TryAgain where another try may succeed, else FinalResult."""
        body = b""

        async def read(response: httpx.Response) -> None:
            nonlocal body
            body = await limited_body(response, most_bytes)

        health = health_of_response(await self.follow("GET", url, read))
        if health.health not in {"ok", "moved"}:
            raise FinalResult(health)
        return body

    async def follow(self, method: str, url: str, read: OnResponse | None = None) -> httpx.Response:
        """Return the response at the end of a URL's redirects; its history has the earlier ones.

        `read` is called with the last response, before it is closed.
        """
        # Uncompressed: httpx would decompress a zip bomb before its size is known.
        plain = {"Accept-Encoding": "identity"} if read else None
        request: httpx.Request | None = self.client.build_request(method, url, headers=plain)
        history: list[httpx.Response] = []
        while request and len(history) <= MOST_REDIRECTS:
            response = await self.send(request, read)
            response.history = list(history)
            history.append(response)
            request = response.next_request
        if request:
            raise FinalResult(health_now("loop"))
        return response

    async def send(self, request: httpx.Request, read: OnResponse | None) -> httpx.Response:
        """Return the response without its body, which may be endless. A host gets one request at a time."""
        host = request.url.host
        async with self.locks[host]:
            rules = await self.rules(request.url)
            if not rules.can_fetch(str(request.url), ROBOTS_NAME):
                raise FinalResult(health_now("disallowed"))
            async with (
                self.hosts[host],
                self.connections,
                asyncio.timeout(self.limits.timeout),
            ):  # also ends slow headers
                response = await self.client.send(request, stream=True)
                async with aclosing(response):
                    if read and not response.next_request:
                        await read(response)
                    return response

    async def rules(self, url: httpx.URL) -> Protego:
        """Return the robots.txt rules for a URL. Raises FinalResult if they cannot be read: the site is off limits."""
        site = _site_of(url)
        if site not in self.sites:
            try:
                self.sites[site] = self.limit_rate(url.host, await self.load_rules(site))
            except FinalResult as result:
                self.sites[site] = result.health
        rules = self.sites[site]
        if isinstance(rules, LinkHealth):
            raise FinalResult(rules)
        return rules

    def allow_service(self, url: str, pause: float) -> None:
        """Allow requests to the site of a service for programs, `pause` seconds apart: its terms replace robots.txt."""
        service = httpx.URL(url)
        rules = Protego.parse(f"User-agent: *\nCrawl-delay: {pause}")
        self.sites[_site_of(service)] = self.limit_rate(service.host, rules)

    def limit_rate(self, host: str, rules: Protego) -> Protego:
        """Limit a host to its Crawl-delay, if that is slower than our rate. Raises FinalResult if it is too slow."""
        pause = max(1 / self.limits.rate, rules.crawl_delay(ROBOTS_NAME) or 0)
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
        """Request the robots.txt of a site. Raises TryAgain where its server fails."""
        try:
            async with self.connections, asyncio.timeout(self.limits.timeout):
                return await fetch_rules(self.client, site)
        except httpx.HTTPStatusError as error:
            raise TryAgain(health_now("disallowed", error.response.status_code)) from None


def _site_of(url: httpx.URL) -> str:
    """Return the scheme and the authority of a URL."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _no_more_tries(state: RetryCallState) -> bool:
    """Return whether to stop: after MOST_TRIES tries, or if the total wait would exceed MOST_WAIT_SECONDS."""
    return state.attempt_number >= MOST_TRIES or state.idle_for + state.upcoming_sleep > MOST_WAIT_SECONDS


async def _with_network_errors(work: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Return what `work` returns. Raises FinalResult or TryAgain for network errors."""
    try:
        return await work()
    except (TimeoutError, httpx.TimeoutException):
        raise TryAgain(health_now("timeout")) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        if NOT_PUBLIC in str(error):
            raise FinalResult(health_now("private")) from None
        if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
            raise TryAgain(health_now("unreachable")) from None
        raise FinalResult(health_now("unreachable")) from None


@asynccontextmanager
async def link_checker(
    limits: RequestLimits, robots: RobotsCache, transport: httpx.AsyncBaseTransport, purpose: str = CHECKS_LINKS
) -> AsyncIterator[LinkChecker]:
    """Yield a client over `transport`, whose User-Agent says its purpose. It sends no cookies and no passwords."""
    async with httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": f"{ROBOTS_NAME}/{__version__} ({purpose})"},
        max_redirects=MOST_REDIRECTS,
        auth=httpx.Auth(),  # user and password in a URL are not sent
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # cookies are not stored
        timeout=limits.timeout,
        trust_env=False,
    ) as client:
        yield LinkChecker(client, limits, robots)


async def check_urls(
    urls: Iterable[str], limits: RequestLimits, robots: RobotsCache, transport: httpx.AsyncBaseTransport
) -> AsyncIterator[tuple[str, LinkHealth]]:
    """Yield each URL with its health, in the order of the responses over `transport`."""
    async with link_checker(limits, robots, transport) as checker:
        async for result in each_result(urls, checker.health):
            yield result


async def each_result(
    urls: Iterable[str], work: Callable[[str], Awaitable[ResultT]]
) -> AsyncGenerator[tuple[str, ResultT]]:
    """Yield each URL with what `work` returns for it, in the order in which it ends; closing it cancels the rest."""

    async def worked(url: str) -> tuple[str, ResultT]:
        return url, await work(url)

    tasks = [asyncio.ensure_future(worked(url)) for url in urls]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
