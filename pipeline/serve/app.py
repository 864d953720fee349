"""Settings and a token -> the ASGI application: pages for readers, the desk, and the guard around both."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pipeline.serve.desk import Desk
from pipeline.serve.desk_pages import DeskPages
from pipeline.serve.guard import Guard
from pipeline.serve.pages import in_words, page
from pipeline.serve.reading import ReadingPages
from pipeline.serve.search_index import SearchIndex
from pipeline.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def review_app(settings: Settings, token: str, port: int) -> Guard:
    """Return the application for the archive of `settings`, which answers requests with the token at `port`."""
    clean, out = Path(settings.clean), Path(settings.out)
    desk = Desk(settings)
    reading = ReadingPages(Path(settings.raw), clean, out, settings.title, SearchIndex(clean), desk.source_of)
    pages = DeskPages(desk, settings.title)
    static = StaticFiles(packages=[("pipeline.serve", "static")])
    routes = [*reading.routes(), *pages.routes(), Mount("/static", static)]
    problems = {404: _not_found, OSError: _unavailable, sqlite3.Error: _unavailable}
    return Guard(Starlette(routes=routes, exception_handlers=problems), token, port)


async def _not_found(request: Request, _error: Exception) -> Response:
    return page("missing.html", 404, site="Lacuna", here="", reason=f"There is no page {request.url.path}.")


async def _unavailable(_request: Request, error: Exception) -> Response:
    reason = f"{in_words(error)} Free space or wait until the run has ended, then load the page again."
    return page("missing.html", 503, site="Lacuna", here="", reason=reason)
