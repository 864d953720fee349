"""The pages for readers: the list of posts, a post, the books, the search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from pipeline.library.addresses import MEDIA_TYPES, book_suffix
from pipeline.serve.pages import Paging, page, snippet
from pipeline.serve.post_html import browser_link, post_html
from pipeline.serve.post_pictures import PostPictures
from pipeline.serve.search_index import SearchIndex
from pipeline.serve.search_terms import plain_words, query_parts
from pipeline.store.natural_order import natural_key
from pipeline.store.output_list import is_safe_output_name

if TYPE_CHECKING:
    from starlette.requests import Request

POSTS_PER_LIST = 50
MOST_BOOKS = 500  # on the page of books; each post links to its own
SECONDS_BETWEEN_UPDATES = 2.0  # seconds: a page that follows at once does not look for changed posts again
MOST_QUERY_CHARACTERS = 200


@dataclass(slots=True)
class ReadingPages:
    """The posts of `clean` and the books of `out`, for a browser; `source_of` names the source of a clean file."""

    raw: Path
    clean: Path
    out: Path
    title: str
    index: SearchIndex
    source_of: Callable[[str], str]
    updated: float = field(default=float("-inf"))

    def routes(self) -> list[Route]:
        """Return what the server answers."""
        return [
            Route("/", self.posts),
            Route("/search", self.search),
            Route("/posts/{path:path}", self.post),
            Route("/pictures/{path:path}", self.picture),
            Route("/books", self.books),
            Route("/books/{path:path}", self.book),
        ]

    def refresh(self) -> None:
        """Bring the index up to date, unless it just was."""
        if monotonic() - self.updated > SECONDS_BETWEEN_UPDATES:
            self.index.update()
            self.updated = monotonic()

    async def posts(self, request: Request) -> Response:
        """Answer with a page of the list, the newest posts first."""
        self.refresh()
        count = self.index.count()
        paging = _paging(request, count)
        posts = self.index.newest((paging.number - 1) * POSTS_PER_LIST, POSTS_PER_LIST)
        return page("posts.html", site=self.title, here="read", count=count, posts=posts, paging=paging)

    async def search(self, request: Request) -> Response:
        """Answer with the posts that a query finds."""
        self.refresh()
        query = request.query_params.get("q", "")[:MOST_QUERY_CHARACTERS].strip()
        count = self.index.count(query) if query else 0
        paging = _paging(request, count, query)
        found = self.index.found(query, (paging.number - 1) * POSTS_PER_LIST, POSTS_PER_LIST)
        words = query_parts(query)
        rows = [(post, snippet(plain_words(post.body), words)) for post in found]
        return page("search.html", site=self.title, here="search", query=query, count=count, rows=rows, paging=paging)

    async def post(self, request: Request) -> Response:
        """Answer with a post; its path is looked up in the index, never on the disk."""
        self.refresh()
        found = self.index.post(request.path_params["path"])
        if found is None:
            return _missing(self.title, "There is no such post.")
        source = self.source_of(found.path)
        pictures = PostPictures(self.raw, self.clean, source, found.path)
        html = post_html(found.body, lambda written: browser_link(written, found.path, self.index.has), pictures.url)
        stem = PurePosixPath(found.path).with_suffix("")
        books = [f"posts/{stem}{suffix}" for suffix in MEDIA_TYPES if self._file(f"posts/{stem}{suffix}")]
        titled = html.lstrip().startswith("<h1")
        shown: dict[str, Any] = {"post": found, "source": source, "html": html, "books": books, "titled": titled}
        return page("post.html", site=self.title, here="read", **shown)

    async def picture(self, request: Request) -> Response:
        """Answer with a picture of a post, named by its target as the post has it."""
        name, written = request.path_params["path"], request.query_params.get("target", "")
        if not self.index.has(name):
            return _missing(self.title, "There is no such post.")
        found = PostPictures(self.raw, self.clean, self.source_of(name), name).picture(written)
        if found is None:
            return _missing(self.title, "There is no such picture.")
        return Response(found.data, media_type=found.media_type)

    async def books(self, _request: Request) -> Response:
        """Answer with the list of the books, those of several posts first."""
        found = sorted(_books_below(self.out), key=lambda name: (name.startswith("posts/"), natural_key(name)))
        rows = [(name, self.out.joinpath(name).stat().st_size) for name in found[:MOST_BOOKS]]
        return page("books.html", site=self.title, here="books", rows=rows, more=len(found) - len(rows))

    async def book(self, request: Request) -> Response:
        """Answer with the file of a book, to be stored."""
        name = request.path_params["path"]
        file = self._file(name)
        if file is None:
            return _missing(self.title, "There is no such book.")
        return FileResponse(file, media_type=MEDIA_TYPES[book_suffix(name)], filename=file.name)

    def _file(self, name: str) -> Path | None:
        """Return the file of a book below out/; None if there is none, or if its path or a link leads elsewhere."""
        if "\0" in name or not is_safe_output_name(name) or not book_suffix(name):
            return None
        file = self.out / name
        try:
            inside = file.resolve().is_relative_to(self.out.resolve())
            return file if inside and file.is_file() else None
        except (OSError, RuntimeError):  # a name that the system refuses, a loop of links
            return None


def _books_below(out: Path) -> list[str]:
    files = (file for file in out.rglob("*.*") if book_suffix(file.name) and file.is_file() and not file.is_symlink())
    return [name for name in (file.relative_to(out).as_posix() for file in files) if is_safe_output_name(name)]


def _paging(request: Request, count: int, query: str = "") -> Paging:
    pages = max(1, -(-count // POSTS_PER_LIST))
    given = request.query_params.get("page", "1")
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(pages)) else 1
    return Paging(min(max(1, number), pages), pages, request.url.path, query)


def _missing(site: str, reason: str) -> Response:
    return page("missing.html", 404, site=site, here="", reason=reason)
