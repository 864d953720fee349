"""links.jsonl -> the same with what the web says of each address: asked for once, gently, and remembered."""

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

PASSING = {"busy", "failing", "timeout", "unreachable", "disallowed"}  # asked again after a day
DEAD = {"gone", "unreachable", "loop", "failing", "timeout"}
Record = dict[str, Any]
Tell = Callable[[str, str], None]  # of an address and its verdict


class Memory:
    """What the web said before, in SQLite: derived, and to be deleted at will; a damaged file is begun anew."""

    def __init__(self, file: Path) -> None:
        """Open `file`, or make it."""
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


def check(
    rows: list[Record], file: Path, manners: Manners | None, max_age: dt.timedelta, tell: Tell = lambda *_: None
) -> Iterator[Record]:
    """Yield the rows of links.jsonl with what is known of each address; `manners` None asks nobody.

    `file` is where answers are remembered; `tell` is told of each as it comes. Columns: health, status, final, checked,
    and archived, an address where a copy of what is gone may stand.
    """
    addresses = dict.fromkeys(filter(None, map(asked_for, rows)))
    with closing((memory := Memory(file)).db):
        if manners:
            asyncio.run(_learn_all(memory, list(memory.stale(addresses, max_age)), manners, tell))
        for row in rows:
            known = memory.known(asked_for(row))
            told = msgspec.to_builtins(known) if known else dict.fromkeys(Health.__struct_fields__, "") | {"status": 0}
            archived = f"https://web.archive.org/web/{asked_for(row)}" if known and known.health in DEAD else ""
            yield row | told | {"archived": archived}


async def _learn_all(memory: Memory, addresses: list[str], manners: Manners, tell: Tell) -> None:
    context = httpx.create_ssl_context()
    transport = httpx.AsyncHTTPTransport(verify=context) if manners.allow_private else PublicTransport(context)
    async for address, health in ask_all(addresses, manners, Robots(memory.db), transport):
        memory.learn(address, health)
        tell(address, health.health)
