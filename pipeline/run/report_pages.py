"""The posts of an archive -> report.html, and pages of at most 500 posts where one page would be too long."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from pipeline.citations.cited_works import Work
from pipeline.document import Cleaned
from pipeline.read.found_source import file_of_post
from pipeline.records import report_html, report_search
from pipeline.records.report_card import BookLink, Card, card_of
from pipeline.records.report_html import ReportIndex, ReportPage
from pipeline.run.records import RecordWriter
from pipeline.run.report_fonts import embedded_fonts
from pipeline.run.summary import POSTS
from pipeline.run_report import RunReport
from pipeline.settings import BOOK_FORMATS
from pipeline.store.packing import digest_of_values, pack, unpack
from pipeline.store.stable_parts import stable_parts

POSTS_PER_PAGE = 500  # at most; a report of fewer posts is one page
LEAST_POSTS_PER_PAGE = 300  # then the page ends at a path whose hash is a multiple of END_OF_PAGE
END_OF_PAGE = 50  # the chance that none of 200 paths ends a page is 2 %: a new post moves the ends of few pages
WORKS_PER_PAGE = 500
MOST_LISTED_POSTS = 30  # posts without links, and sites that several posts link to; graph.graphml has all
PAGES_FOLDER = "report"  # below out/
_NOT_IN_URLS = re.compile(r"""[\x00-\x20\x7f"#%<>?\\^`{|}]""")


def pages_of(paths: Iterable[str]) -> Iterator[list[str]]:
    """Yield the paths of each page of the report."""
    yield from stable_parts(paths, LEAST_POSTS_PER_PAGE, POSTS_PER_PAGE, END_OF_PAGE)


def write_report(records: RecordWriter, counts: RunReport, stale: Sequence[str], *, changed: bool) -> None:
    """Write the report where it is missing or outdated; `changed` says that something besides `stale` posts changed."""
    paths = [*records.paths()]
    outdated = changed or bool(stale)
    if len(paths) <= POSTS_PER_PAGE:
        _write_index(records, counts, paths, outdated=outdated)
        return
    pages = [*pages_of(paths)]
    named = _with_pages_around([ReportPage(_file_of_page(page[0]), page[0], page[-1], len(page)) for page in pages])
    marked = set(stale)
    for page, members in zip(named, pages, strict=True):
        key = digest_of_values(records.key, page, hashlib.sha256("\n".join(members).encode()).hexdigest())
        file = _below(records, page.file)
        search = file.with_suffix(".js")
        if not (records.ledger.fresh(file, key) and records.ledger.fresh(search, key)) or not marked.isdisjoint(
            members
        ):
            cards = _page_cards(records, page.file, members, marked)
            _write(records, file, key, report_html.posts_page(records.settings.title, page, cards, embedded_fonts))
            _write(records, search, key, report_search.page_entries(page.file, cards))
    records.database.pages.keep_only(page.file for page in named)
    search = _below(records, "search.html")
    key = digest_of_values(records.key, [page.file for page in named])
    if not records.ledger.fresh(search, key):
        files = [page.file for page in named]
        _write(records, search, key, report_search.search_page(records.settings.title, files))
    _write_index(records, counts, (), outdated=outdated, pages=named)


def _write_index(
    records: RecordWriter, counts: RunReport, paths: Sequence[str], *, outdated: bool, pages: Sequence[ReportPage] = ()
) -> None:
    """Write report.html, with the posts at `paths`, and the pages of works."""
    works = _write_works(records)
    file = records.out / "report.html"
    if records.ledger.fresh(file, records.key) and not outdated:
        return
    orphans, number = records.database.links.orphans(MOST_LISTED_POSTS)
    index = ReportIndex(
        skipped=counts.skipped[:POSTS_PER_PAGE] if pages else (),
        pages=pages,
        works=() if works else records.works,
        work_pages=works,
        orphans=orphans,
        more_orphans=number - len(orphans),
        sites=records.database.links.shared_sites(MOST_LISTED_POSTS),
    )
    cards = [card for _, card in _cards(records, paths, records.out)]
    pieces = report_html.report_page(records.settings.title, counts, cards, index, embedded_fonts)
    _write(records, file, records.key, pieces)


def _write_works(records: RecordWriter) -> list[ReportPage]:
    """Write the pages of works, and return them; none if report.html has room for all works."""
    slices = [records.works[at : at + WORKS_PER_PAGE] for at in range(0, len(records.works), WORKS_PER_PAGE)]
    if len(slices) <= 1:
        return []
    named = [
        ReportPage(f"works-{at}.html", works[0].title, works[-1].title, len(works))
        for at, works in enumerate(slices, 1)
    ]
    for page, works in zip(_with_pages_around(named), slices, strict=True):
        _write_works_page(records, page, works)
    return named


def _write_works_page(records: RecordWriter, page: ReportPage, works: Sequence[Work]) -> None:
    key = digest_of_values(records.key, page, works)
    file = _below(records, page.file)
    if not records.ledger.fresh(file, key):
        _write(records, file, key, report_html.works_page(records.settings.title, page, works))


def _page_cards(records: RecordWriter, name: str, paths: Sequence[str], stale: Container[str]) -> list[Card]:
    """Return the cards of a page; those of its last version are kept for the posts that are not `stale`."""
    packed = records.database.pages.value(name, records.key)
    kept = {path: card for path, card in unpack(packed, list[tuple[str, Card]]) if path not in stale} if packed else {}
    kept |= _cards(records, [path for path in paths if path not in kept], records.out / PAGES_FOLDER)
    cards = [(path, kept[path]) for path in paths if path in kept]
    records.database.pages.put(name, records.key, pack(cards))
    return [card for _, card in cards]


def _cards(records: RecordWriter, paths: Iterable[str], folder: Path) -> Iterator[tuple[str, Card]]:
    """Yield path and card of each source, with links for a page in `folder`."""
    raw = records.settings.raw
    to_raw, to_clean, to_posts = (os.path.relpath(base, folder) for base in (raw, records.clean, records.out / POSTS))
    for path in paths:
        if found := records.reported(path):
            outcome, file = found
            links = [BookLink("clean file", relative_url(to_clean, file))] if file else []
            if records.books and isinstance(outcome, Cleaned):
                name = file.removesuffix(".md")
                links += [BookLink(kind.upper(), relative_url(to_posts, f"{name}.{kind}")) for kind in BOOK_FORMATS]
            file = str(file_of_post(Path(raw), PurePosixPath(path)))
            there = os.path.isfile(f"{raw}/{file}")  # noqa: PTH113 - False also for a long path
            source = relative_url(to_raw, file) if there else ""
            yield path, card_of(outcome, records.linked_posts(path), links, source)


def relative_url(folder: str, name: str) -> str:
    """Return the URL of a file in a folder; only what a URL cannot contain is escaped.

    >>> relative_url("../../raw", "notes/für 100%.md")
    '../../raw/notes/für%20100%25.md'
    """
    path = f"{folder}/{name}".removeprefix("./")
    return _NOT_IN_URLS.sub(lambda match: f"%{ord(match[0]):02X}", path)


def _with_pages_around(pages: Sequence[ReportPage]) -> list[ReportPage]:
    """Return the pages, each with the files of the one before and after it."""
    files = ["", *(page.file for page in pages), ""]
    around = zip(files, files[2:], strict=False)
    return [
        ReportPage(page.file, page.first, page.last, page.count, before, after)
        for page, (before, after) in zip(pages, around, strict=True)
    ]


def _file_of_page(first: str) -> str:
    """Return the file of the page that begins with a post: it stays the same while other pages change."""
    return f"posts-{hashlib.sha256(first.encode()).hexdigest()[:12]}.html"


def _below(records: RecordWriter, file: str) -> Path:
    return records.out / PAGES_FOLDER / file


def _write(records: RecordWriter, file: Path, key: str, pieces: Iterable[bytes]) -> None:
    with records.ledger.replacing(file, key) as out:
        out.writelines(pieces)
