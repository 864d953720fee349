"""Site -> its robots.txt: read as RFC 9309 specifies, cached for a day."""

from __future__ import annotations

import datetime as dt
import sqlite3
import zlib
from contextlib import aclosing, suppress

import httpx

MOST_ROBOTS_BYTES = 512_000  # bytes that are read; RFC 9309, 2.5: 500 kibibytes at least
ROBOTS_MAX_AGE = dt.timedelta(days=1)  # RFC 9309, 2.4: caches should not be older


class RobotsCache:
    """A cache of robots.txt files in SQLite; a site is a scheme and an authority, `https://example.com:8080`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Store them in `db`."""
        self.db = db
        db.execute("CREATE TABLE IF NOT EXISTS robots (site TEXT PRIMARY KEY, rules TEXT, read TEXT)")

    def known(self, site: str) -> str | None:
        """Return the rules of a site if they are less than a day old, else None."""
        row = self.db.execute("SELECT rules, read FROM robots WHERE site = ?", (site,)).fetchone()
        fresh = row and dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(row[1]) < ROBOTS_MAX_AGE
        return str(row[0]) if fresh else None

    def learn(self, site: str, rules: str) -> None:
        """Store the rules of a site."""
        read = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.db.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", (site, rules, read))


async def fetch_rules(client: httpx.AsyncClient, site: str) -> str:
    """Return the robots.txt of a site; empty, which allows everything, if there is none (RFC 9309, 2.3.1).

    Raises httpx.HTTPStatusError where the server fails, which allows nothing.
    """
    # Uncompressed: httpx would decompress a zip bomb before its size is known.
    request = client.build_request("GET", f"{site}/robots.txt", headers={"Accept-Encoding": "identity"})
    for _ in range(client.max_redirects + 1):
        response = await client.send(request, stream=True)
        async with aclosing(response):
            if response.next_request is None:
                return await _rules_in_response(response)
            request = response.next_request
    return ""


async def _rules_in_response(response: httpx.Response) -> str:
    """Return the start of the rules in a response. Raises httpx.HTTPStatusError for a 5xx status."""
    if response.is_server_error:
        response.raise_for_status()
    if not response.is_success:
        return ""
    return (await limited_body(response, MOST_ROBOTS_BYTES)).decode("utf-8", "replace")


async def limited_body(response: httpx.Response, most_bytes: int) -> bytes:
    """Return the first `most_bytes` bytes of a response's body, decompressed; the rest is not read."""
    raw = bytearray()
    async for piece in response.aiter_raw(chunk_size=65_536):
        raw += piece
        if len(raw) >= most_bytes:
            break
    if response.headers.get("content-encoding", "") in {"gzip", "x-gzip", "deflate"}:  # although not requested
        with suppress(zlib.error):
            return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(raw, most_bytes)  # 32: detect zlib or gzip
    return bytes(raw[:most_bytes])
