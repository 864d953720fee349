"""Rows of links.jsonl -> the same rows with the health of each URL: requested once, rate-limited, cached."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import msgspec

from pipeline.linkcheck.client import RequestLimits, check_urls
from pipeline.linkcheck.health import TEMPORARY_FAILURES, LinkHealth
from pipeline.linkcheck.public_network import transport_to
from pipeline.linkcheck.robots import RobotsCache
from pipeline.store.cache_file import open_cache

DEAD_HEALTHS = {"gone", "unreachable", "loop", "failing", "timeout"}
LinkRow = dict[str, Any]
OnLinkChecked = Callable[[str, str], None]  # (url, health) of each result


class HealthCache:
    """The cache of earlier results, in SQLite. It can be deleted at any time; a damaged file is replaced."""

    def __init__(self, file: Path) -> None:
        """Open `file`, or create it."""
        self.db = open_cache(file, "health (url TEXT PRIMARY KEY, health TEXT, status INT, final TEXT, checked)")

    def known(self, url: str) -> LinkHealth | None:
        """Return the last result for a URL; None if there is none."""
        row = self.db.execute("SELECT health, status, final, checked FROM health WHERE url = ?", (url,)).fetchone()
        return LinkHealth(*row) if row else None

    def learn(self, url: str, health: LinkHealth) -> None:
        """Store a result immediately, because a check may be interrupted."""
        row = (url, *msgspec.structs.astuple(health))
        self.db.execute("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?)", row)

    def stale(self, urls: Iterable[str], max_age: dt.timedelta) -> Iterator[str]:
        """Yield the URLs without a result newer than `max_age`; temporary failures expire after a day at most."""
        now = dt.datetime.now(dt.UTC)
        for url in urls:
            known = self.known(url)
            age = min(max_age, dt.timedelta(days=1)) if known and known.health in TEMPORARY_FAILURES else max_age
            if not known or now - dt.datetime.fromisoformat(known.checked) >= age:
                yield url


def checked_url(row: LinkRow) -> str:
    """Return the URL that checks a link, without its fragment; empty if it is not a safe http(s) URL."""
    url = str(row["url"])
    return urldefrag(url)[0] if url.startswith(("http://", "https://")) and "unsafe" not in row["notes"] else ""


def checked_rows(
    rows: list[LinkRow],
    file: Path,
    limits: RequestLimits | None,
    max_age: dt.timedelta,
    tell: OnLinkChecked = lambda *_: None,
) -> Iterator[LinkRow]:
    """Yield the rows of links.jsonl with the health of each URL; with `limits` None, no requests are sent.

    `file` is the cache; `tell(url, health)` is called for each new result. The columns are health, status, final,
    checked, and archived: the URL of a possible copy of a dead link in the web archive.
    """
    urls = dict.fromkeys(filter(None, map(checked_url, rows)))
    with closing((memory := HealthCache(file)).db):
        if limits:
            asyncio.run(_check_stale_urls(memory, list(memory.stale(urls, max_age)), limits, tell))
        for row in rows:
            known = memory.known(checked_url(row))
            result = (
                msgspec.to_builtins(known) if known else dict.fromkeys(LinkHealth.__struct_fields__, "") | {"status": 0}
            )
            archived = (
                f"https://web.archive.org/web/{checked_url(row)}" if known and known.health in DEAD_HEALTHS else ""
            )
            yield row | result | {"archived": archived}


async def _check_stale_urls(memory: HealthCache, urls: list[str], limits: RequestLimits, tell: OnLinkChecked) -> None:
    transport = transport_to(private=limits.allow_private)
    async for url, health in check_urls(urls, limits, RobotsCache(memory.db), transport):
        memory.learn(url, health)
        tell(url, health.health)
