"""Settings and a token -> the ASGI application: pages for readers, the desk, and the guard around both."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pipeline.serve.desk import Desk
from pipeline.serve.desk_pages import DeskPages
from pipeline.serve.guard import Guard
from pipeline.serve.reading import ReadingRoom
from pipeline.serve.search_index import SearchIndex
from pipeline.settings import Settings


def review_app(settings: Settings, token: str, port: int) -> Guard:
    """Return the application for the archive of `settings`, which answers at `port` to who has the token."""
    clean, out = Path(settings.clean), Path(settings.out)
    room = ReadingRoom(clean, out, settings.title, SearchIndex(clean))
    desk = DeskPages(Desk(settings), settings.title)
    static = StaticFiles(packages=[("pipeline.serve", "static")])
    routes = [*room.routes(), *desk.routes(), Mount("/static", static)]
    return Guard(Starlette(routes=routes), token, port)
