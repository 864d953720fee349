"""Cards of outcomes -> report.html, and pages of many posts: one can search, filter and sort them without a server."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pipeline.citations.cited_works import Work
from pipeline.document import Skipped
from pipeline.read.kinds import passed_over_in_words
from pipeline.records.html_templates import html_templates
from pipeline.records.report_card import CARD_KINDS, Card, card_of, fitting
from pipeline.records.visible import visible_characters
from pipeline.run_report import RunReport

if TYPE_CHECKING:
    from jinja2 import Template

VERSION = 13  # raise it when the page changes
PIECES_PER_WRITE = 500  # pieces of a template that are encoded together
MOST_CARD_BYTES = 1_000_000  # of all cards of a page: with its fonts, a page has less than 2 MB
Fonts = Callable[[Sequence[Card]], Sequence[bytes]]  # cards -> OpenType fonts with their characters


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page of the report: its file, the first and the last post or work, how many, the pages before and after it."""

    file: str
    first: str
    last: str
    count: int
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class ReportIndex:
    """What report.html shows, besides counts: the posts or the pages with them, works or the pages with them, links.

    `orphans` are posts without links to or from other posts, `sites` pairs of a host and the number of posts that link
    to it; both are the first of all.
    """

    skipped: Sequence[Skipped] = ()
    pages: Sequence[ReportPage] = ()
    works: Sequence[Work] = ()
    work_pages: Sequence[ReportPage] = ()
    orphans: Sequence[str] = ()
    more_orphans: int = 0
    sites: Sequence[tuple[str, int]] = ()


@cache
def _template(name: str) -> Template:
    return html_templates("pipeline.records").get_template(name)


def report_page(
    title: str, counts: RunReport, cards: Sequence[Card], index: ReportIndex, fonts: Fonts
) -> Iterator[bytes]:
    """Yield report.html in pieces; `cards` are those of the posts that it shows itself, none if it has pages."""
    cards = [*(card_of(skipped, (), (), "") for skipped in index.skipped), *cards]
    return _page_with_cards(
        "report.html",
        cards,
        fonts,
        title=title,
        part="report",
        counts=counts,
        passed_over=passed_over_in_words(dict(counts.passed_over)),
        more_skipped=len(counts.skipped) - len(index.skipped) if index.pages else 0,
        index=index,
        works=index.works,
    )


def posts_page(title: str, page: ReportPage, cards: Sequence[Card], fonts: Fonts) -> Iterator[bytes]:
    """Yield a page of posts in pieces."""
    part = f"report, {page.first} – {page.last}"
    return _page_with_cards("posts.html", cards, fonts, title=title, part=part, page=page, works=())


def works_page(title: str, page: ReportPage, works: Sequence[Work]) -> Iterator[bytes]:
    """Yield a page of works in pieces."""
    return _page_with_cards("posts.html", (), lambda _: (), title=title, part="works cited", page=page, works=works)


def _page_with_cards(name: str, cards: Sequence[Card], fonts: Fonts, **values: Any) -> Iterator[bytes]:  # noqa: ANN401
    cards = fitting(cards, MOST_CARD_BYTES)
    shown = _template("cards.html").render(cards=cards, kinds=CARD_KINDS)  # alone: blocks and includes slow it down
    script = "desk.js" if cards else ""
    return template_pieces(name, script=script, fonts=fonts(cards), cards=cards, cards_html=shown, **values)


def template_pieces(name: str, *, script: str, fonts: Sequence[bytes] = (), **values: Any) -> Iterator[bytes]:  # noqa: ANN401 - what the templates use
    """Yield a page made from a template in pieces; `script` is the file of its script, `fonts` are embedded."""
    code = files("pipeline.records").joinpath("templates", script).read_text("utf-8") if script else ""
    stream = _template(name).stream(
        shown=visible_characters,
        kinds=CARD_KINDS,
        script=code,
        digest=base64.b64encode(hashlib.sha256(code.encode()).digest()).decode(),
        fonts=[base64.b64encode(font).decode() for font in fonts],
        **values,
    )
    stream.enable_buffering(PIECES_PER_WRITE)
    for piece in stream:
        yield piece.encode("utf-8", "replace")
