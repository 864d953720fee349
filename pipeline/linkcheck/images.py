"""URLs of images -> their files, fetched once as the link checker requests URLs: opt-in, limited, verified."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import warnings
from collections.abc import Callable, Iterable
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from pipeline.books.images.pictures import DEFAULT_PICTURE_OPTIONS, IMAGE_FORMATS, MAX_BYTES, verified_image
from pipeline.linkcheck.check import HealthCache
from pipeline.linkcheck.client import LinkChecker, RequestLimits, each_result, link_checker
from pipeline.linkcheck.health import FinalResult, LinkHealth, health_now
from pipeline.linkcheck.public_network import transport_to
from pipeline.linkcheck.robots import RobotsCache
from pipeline.read.fetched_pictures import FETCHED_FOLDER, fetched_name
from pipeline.store.atomic import write_atomically

FETCHES_IMAGES = "fetches the images that posts of an archive show, each once"
FAILURES_FILE = ".failures.sqlite"  # in FETCHED_FOLDER
NO_IMAGE, TOO_LARGE, TRACKER = "not an image", "too large", "tracking pixel"  # reasons besides those of LinkHealth
STORED = "stored"
OnImage = Callable[[str, str], None]  # (url, what became of it)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits of one command: how many images, and how many bytes of all together."""

    count: int = 1000
    total: int = 500 * 2**20


class ImageStore:
    """The images of the web that are stored in clean/, and the reasons why others are not."""

    def __init__(self, clean: Path) -> None:
        """Use the folder in `clean`; it is made when the first image is fetched."""
        self.clean, self.folder = clean, clean / FETCHED_FOLDER

    def missing(self, urls: Iterable[str], max_age: dt.timedelta) -> list[str]:
        """Return the URLs without a stored image, each once; not those that failed less than `max_age` ago."""
        wanted = [url for url in dict.fromkeys(urls) if not (self.folder / fetched_name(url)).is_file()]
        failures = self.folder / FAILURES_FILE
        if not failures.is_file():
            return wanted
        with closing((memory := HealthCache(failures)).db):
            return list(memory.stale(wanted, max_age))

    def fetch(self, urls: list[str], request_limits: RequestLimits, limits: FetchLimits, tell: OnImage) -> int:
        """Fetch images and return how many are stored; `tell(url, result)` is called for each URL.

        The caller holds the lock of clean/. Each image is stored at once, because the command may be interrupted.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with closing((memory := HealthCache(self.folder / FAILURES_FILE)).db):
            return asyncio.run(self._fetch(memory, urls[: limits.count], request_limits, limits.total, tell))

    async def _fetch(
        self, memory: HealthCache, urls: list[str], request_limits: RequestLimits, room: int, tell: OnImage
    ) -> int:
        stored = 0
        transport = transport_to(private=request_limits.allow_private)
        async with (
            link_checker(request_limits, RobotsCache(memory.db), transport, FETCHES_IMAGES) as checker,
            aclosing(each_result(urls, partial(_image_at, checker))) as results,
        ):
            async for url, image in results:
                if isinstance(image, LinkHealth):
                    memory.learn(url, image)
                    tell(url, image.health)
                    continue
                room -= len(image)
                if room < 0:
                    break
                write_atomically(self.clean, self.folder / fetched_name(url), image)
                stored += 1
                tell(url, STORED)
        return stored


async def _image_at(checker: LinkChecker, url: str) -> bytes | LinkHealth:
    """Return the bytes of the image at a URL, or why there is none."""
    try:
        body = await checker.body(url, MAX_BYTES + 1)
    except FinalResult as result:
        return result.health
    reason = await asyncio.to_thread(why_not_stored, body)
    return health_now(reason) if reason else body


def why_not_stored(data: bytes) -> str:
    """Return why bytes from the web are not stored: no image that a book can show, or one of one pixel; else "".

    >>> why_not_stored(b"<!DOCTYPE html><title>Sign in</title>")
    'not an image'
    """
    if len(data) > MAX_BYTES:
        return TOO_LARGE
    if verified_image(data, DEFAULT_PICTURE_OPTIONS) is None:
        return NO_IMAGE
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:  # fails on drawings, which are not trackers
            return TRACKER if image.size == (1, 1) else ""
    return ""
