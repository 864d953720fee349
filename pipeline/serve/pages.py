"""Values -> pages of HTML, from the templates in serve/templates/; what several pages show is prepared here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from pipeline.records.html_templates import html_templates

if TYPE_CHECKING:
    from jinja2 import Environment

SNIPPET_CHARACTERS = 80  # on each side of the first word found
_WHITE_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a reader is in a long list: the number of this page, from 1, and of all, and the URL of each."""

    number: int
    count: int
    path: str
    query: str = ""

    def url(self, number: int) -> str:
        """Return the URL of a page."""
        values = {"q": self.query} if self.query else {}
        return f"{self.path}?{urlencode(values | {'page': number})}"


@cache
def _templates() -> Environment:
    environment = html_templates("pipeline.serve")
    environment.filters["path"] = quote
    return environment


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - what the templates use
    """Return the answer with a page made from the template `name`."""
    return HTMLResponse(_templates().get_template(name).render(**values), status)


def in_words(error: Exception) -> str:
    """Return what went wrong, for people."""
    if isinstance(error, OSError):
        return f"{error.filename or 'The system'}: {error.strerror or error}."
    return str(error)


def snippet(body: str, words: Sequence[str]) -> Markup:
    """Return the place of a text where the first of some words is, with all of them marked.

    >>> snippet("We counted crabs and an old shoe.", ["crabs"])
    Markup('We counted <mark>crabs</mark> and an old shoe.')
    """
    text = _WHITE_SPACE.sub(" ", body).strip()
    pattern = re.compile("|".join(map(re.escape, words)) or r"\Z", re.IGNORECASE)
    found = pattern.search(text)
    start = max(0, found.start() - SNIPPET_CHARACTERS) if found else 0
    end = (found.end() if found else 0) + SNIPPET_CHARACTERS
    dots = ("…" if start else "", "…" if end < len(text) else "")
    return Markup(dots[0] + "".join(_marked(text[start:end], pattern)) + dots[1])  # noqa: S704 - escaped


def _marked(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    at = 0
    for match in pattern.finditer(text):
        if match[0]:
            yield f"{escape(text[at : match.start()])}<mark>{escape(match[0])}</mark>"
            at = match.end()
    yield str(escape(text[at:]))
