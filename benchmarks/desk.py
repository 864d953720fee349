"""CPU time of `lacuna serve`: pages of the desk, decisions and searches, over many open items and posts.

`python benchmarks/desk.py [ITEMS]`, with PYTHONPATH=. The requests are made in this process, without a browser.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from pipeline.serve.app import review_app
from pipeline.settings import Settings
from tests.review_archive import make_review_archive

ITEMS = 10_000
DECISIONS = 200
PORT = 8765
TOKEN = "benchmark"  # noqa: S105 - no secret


async def cpu_milliseconds(action: Callable[[], Awaitable[httpx.Response]]) -> tuple[float, httpx.Response]:
    """Return the CPU time of a request in milliseconds, and its answer."""
    start = time.process_time()
    answer = await action()
    spent = 1000 * (time.process_time() - start)
    answer.raise_for_status()
    return spent, answer


async def measure() -> None:
    """Print the CPU time of each request that a person at the desk waits for."""
    start = time.process_time()
    transport = httpx.ASGITransport(app=review_app(Settings(), TOKEN, PORT))
    address = f"http://127.0.0.1:{PORT}"
    headers = {"Origin": address, "Cookie": f"lacuna-{PORT}={TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url=address, headers=headers) as client:
        await client.get("/review")
        items = (await client.get("/review/items")).json()
        print(f"first page with its items, from the start of the server: {1000 * (time.process_time() - start):.0f} ms")
        spent, answer = await cpu_milliseconds(lambda: client.get("/review/items", params={"start": items["next"]}))
        print(f"next {len(answer.json()['items'])} of {items['left']} items: {spent:.1f} ms")
        total = 0.0
        for item in (items["items"] + answer.json()["items"])[:DECISIONS]:
            asked = {"id": item["id"], "document": item["document"], "verdict": "accept"}
            spent, _ = await cpu_milliseconds(lambda asked=asked: client.post("/review/decide", json=asked))
            total += spent
        print(f"a decision: {total / DECISIONS:.1f} ms")
        pair = {**asked, "id": answer.json()["items"][-1]["id"], "document": answer.json()["items"][-1]["document"]}
        spent, _ = await cpu_milliseconds(lambda: client.post("/review/decide", json={**pair, "scope": "pair"}))
        print(f"a decision on all equal items: {spent:.1f} ms")
        spent, _ = await cpu_milliseconds(lambda: client.post("/review/undo"))
        print(f"an undo: {spent:.1f} ms")
        spent, _ = await cpu_milliseconds(lambda: client.get("/review/items", params={"below": "0.5"}))
        print(f"a filter: {spent:.1f} ms")
        spent, _ = await cpu_milliseconds(lambda: client.get("/"))
        print(f"the list of posts, with their index: {spent:.0f} ms")
        spent, answer = await cpu_milliseconds(lambda: client.get("/search", params={"q": "沙滩"}))
        print(f"a search: {spent:.1f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(make_review_archive(Path(folder, "archive"), int(sys.argv[1]) if sys.argv[1:] else ITEMS))
        asyncio.run(measure())
