"""The robots.txt of a site: read as RFC 9309 has it, and remembered for a day."""

from __future__ import annotations

import datetime as dt
import sqlite3
import zlib
from contextlib import aclosing, suppress

import httpx

LONGEST = 512_000  # bytes that are read; RFC 9309, 2.5: 500 kibibytes at least
FRESH = dt.timedelta(days=1)  # RFC 9309, 2.4: no copy is used longer


class Robots:
    """The rules of sites, in SQLite; a site is a scheme and an authority, `https://example.com:8080`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Keep them in `db`."""
        self.db = db
        db.execute("CREATE TABLE IF NOT EXISTS robots (site TEXT PRIMARY KEY, rules TEXT, read TEXT)")

    def known(self, site: str) -> str | None:
        """Return the rules of a site as they were read within a day; None if they were not."""
        row = self.db.execute("SELECT rules, read FROM robots WHERE site = ?", (site,)).fetchone()
        fresh = row and dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(row[1]) < FRESH
        return str(row[0]) if fresh else None

    def learn(self, site: str, rules: str) -> None:
        """Remember the rules of a site."""
        read = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.db.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", (site, rules, read))


async def read_rules(client: httpx.AsyncClient, site: str) -> str:
    """Return the robots.txt of a site; empty, which allows all, where it has none (RFC 9309, 2.3.1).

    Raises httpx.HTTPStatusError where the server fails: then nothing is allowed.
    """
    # Not compressed: a bomb would be unpacked before its size is known.
    request = client.build_request("GET", f"{site}/robots.txt", headers={"Accept-Encoding": "identity"})
    for _ in range(client.max_redirects + 1):
        answer = await client.send(request, stream=True)
        async with aclosing(answer):
            if answer.next_request is None:
                return await _rules(answer)
            request = answer.next_request
    return ""


async def _rules(answer: httpx.Response) -> str:
    """Return the rules in an answer, the first LONGEST bytes of them. Raises httpx.HTTPStatusError for a 5xx."""
    if answer.is_server_error:
        answer.raise_for_status()
    if not answer.is_success:
        return ""
    raw = b""
    async for piece in answer.aiter_raw(chunk_size=65_536):
        raw += piece
        if len(raw) >= LONGEST:
            break
    if answer.headers.get("content-encoding", "") in {"gzip", "x-gzip", "deflate"}:  # unasked for
        with suppress(zlib.error):
            raw = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(raw, LONGEST)  # 32: of either kind
    return raw[:LONGEST].decode("utf-8", "replace")
