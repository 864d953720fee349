"""An HTTP client that tells nothing about a person, and work on many URLs at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx

MOST_REDIRECTS = 10
WorkT = TypeVar("WorkT")


def polite_client(transport: httpx.AsyncBaseTransport, agent: str, timeout: float) -> httpx.AsyncClient:
    """Return a client over `transport` that names itself `agent`, stores no cookies and sends no passwords."""
    return httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": agent},
        max_redirects=MOST_REDIRECTS,
        auth=httpx.Auth(),  # user and password in a URL are not sent
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # cookies are not stored
        timeout=timeout,
        trust_env=False,
    )


async def each_result(
    urls: Iterable[str], work: Callable[[str], Awaitable[WorkT]]
) -> AsyncGenerator[tuple[str, WorkT]]:
    """Yield each URL with what `work` returns for it, in the order in which it ends."""

    async def worked(url: str) -> tuple[str, WorkT]:
        return url, await work(url)

    tasks = [asyncio.ensure_future(worked(url)) for url in urls]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
