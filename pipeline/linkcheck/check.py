"""Rows of links.jsonl -> the same rows with the health of each URL: requested once, rate-limited, cached."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import httpx
import msgspec

from pipeline.linkcheck.client import Health, Manners, ask_all
from pipeline.linkcheck.public_network import PublicTransport
from pipeline.linkcheck.robots import Robots

PASSING = {"busy", "failing", "timeout", "unreachable", "disallowed"}  # results that expire after a day
DEAD = {"gone", "unreachable", "loop", "failing", "timeout"}
Record = dict[str, Any]
Tell = Callable[[str, str], None]  # (url, health) of each result


class Memory:
    """The cache of earlier results, in SQLite. It can be deleted at any time; a damaged file is replaced."""

    def __init__(self, file: Path) -> None:
        """Open `file`, or create it."""
        try:
            self.open(file)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self.db.close()
            file.unlink()
            self.open(file)

    def open(self, file: Path) -> None:
        """Open `file`. Raises sqlite3.DatabaseError where it is damaged."""
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS health (url TEXT PRIMARY KEY, health TEXT, status INT, final TEXT, checked)"
        )

    def known(self, url: str) -> Health | None:
        """Return the last result for a URL; None if there is none."""
        row = self.db.execute("SELECT health, status, final, checked FROM health WHERE url = ?", (url,)).fetchone()
        return Health(*row) if row else None

    def learn(self, url: str, health: Health) -> None:
        """Store a result immediately, because a check may be interrupted."""
        row = (url, *msgspec.structs.astuple(health))
        self.db.execute("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?)", row)

    def stale(self, urls: Iterable[str], max_age: dt.timedelta) -> Iterator[str]:
        """Yield the URLs without a result newer than `max_age`; temporary failures expire after a day at most."""
        now = dt.datetime.now(dt.UTC)
        for url in urls:
            known = self.known(url)
            age = min(max_age, dt.timedelta(days=1)) if known and known.health in PASSING else max_age
            if not known or now - dt.datetime.fromisoformat(known.checked) >= age:
                yield url


def asked_for(row: Record) -> str:
    """Return the URL that checks a link, without its fragment; empty if it is not a safe http(s) URL."""
    url = str(row["url"])
    return urldefrag(url)[0] if url.startswith(("http://", "https://")) and "unsafe" not in row["notes"] else ""


def check(
    rows: list[Record], file: Path, manners: Manners | None, max_age: dt.timedelta, tell: Tell = lambda *_: None
) -> Iterator[Record]:
    """Yield the rows of links.jsonl with the health of each URL; with `manners` None, no requests are sent.

    `file` is the cache; `tell(url, health)` is called for each new result. The columns are health, status, final,
    checked, and archived: the URL of a possible copy of a dead link in the web archive.
    """
    urls = dict.fromkeys(filter(None, map(asked_for, rows)))
    with closing((memory := Memory(file)).db):
        if manners:
            asyncio.run(_learn_all(memory, list(memory.stale(urls, max_age)), manners, tell))
        for row in rows:
            known = memory.known(asked_for(row))
            result = (
                msgspec.to_builtins(known) if known else dict.fromkeys(Health.__struct_fields__, "") | {"status": 0}
            )
            archived = f"https://web.archive.org/web/{asked_for(row)}" if known and known.health in DEAD else ""
            yield row | result | {"archived": archived}


async def _learn_all(memory: Memory, urls: list[str], manners: Manners, tell: Tell) -> None:
    context = httpx.create_ssl_context()
    transport = httpx.AsyncHTTPTransport(verify=context) if manners.allow_private else PublicTransport(context)
    async for url, health in ask_all(urls, manners, Robots(memory.db), transport):
        memory.learn(url, health)
        tell(url, health.health)
