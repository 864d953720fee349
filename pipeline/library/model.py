"""Entries -> the pages of the catalogue, which `atom` and `opds_json` write in their formats."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.books.phrases import phrase
from pipeline.library.entries import NO_TIME, CatalogueEntry, time_of_change
from pipeline.store.stable_parts import stable_parts

ROOT, NEW, BOOKS = "catalog", "new", "books"  # names of feeds
LEAST_ON_PAGE, MOST_ON_PAGE = 40, 100  # entries; readers fetch the next page when the first is read
END_OF_FEED_PAGE = 20  # a page ends at a name whose hash is a multiple of it
GROUPS = (("collections", "by-collection"), ("years", "by-year"), ("languages", "by-language"))  # feed, phrase
LANGUAGE_NAMES = {
    "ar": "العربية", "cs": "Čeština", "de": "Deutsch", "en": "English", "es": "Español", "fa": "فارسی",
    "fr": "Français", "he": "עברית", "hi": "हिन्दी", "it": "Italiano", "ja": "日本語", "ko": "한국어",
    "nl": "Nederlands", "pl": "Polski", "pt": "Português", "ru": "Русский", "th": "ไทย", "tr": "Türkçe",
    "uk": "Українська", "vi": "Tiếng Việt", "zh": "中文", "zh-Hans": "简体中文", "zh-Hant": "繁體中文",
}  # fmt: skip


class FeedLink(NamedTuple):
    """An entry of a navigation feed: the feed that it leads to, by name."""

    name: str
    title: str
    updated: str
    summary: str
    is_acquisition: bool


class FeedPage(NamedTuple):
    """A page of a feed. It has links to other feeds, or books; `previous` and `next` are empty at the ends."""

    name: str  # of its file, without suffix
    feed: str  # the name of its first page
    title: str
    updated: str
    up: str  # the name of the feed above; empty for the root
    next: str = ""
    previous: str = ""
    links: tuple[FeedLink, ...] = ()
    books: tuple[CatalogueEntry, ...] = ()


def catalogue_pages(title: str, entries: Iterable[CatalogueEntry], language: str = "en") -> Iterator[FeedPage]:
    """Yield all pages of the catalogue called `title`: the root, the feeds of books, and the feeds by group.

    Headings are in `language` (BCP 47).
    """
    newest = sorted(with_distinct_names(entries), key=lambda entry: (entry.updated, entry.name), reverse=True)
    posts = [entry for entry in newest if entry.is_post]
    collected = [entry for entry in newest if not entry.is_post]
    links = []
    for name, heading, books in ((NEW, "newest", posts), (BOOKS, "books", collected)):
        if books or name == NEW:
            words = phrase(heading, language)
            links.append(FeedLink(name, words, _changed(books), _count(books, language), is_acquisition=True))
            yield from _pages_of_books(name, _with_heading(title, words), ROOT, books)
    for group, heading in GROUPS:
        members, words = _groups_of(group, posts), phrase(heading, language)
        if members:
            links.append(FeedLink(group, words, _changed(posts), _count(posts, language), is_acquisition=False))
            yield from _pages_of_group(group, _with_heading(title, words), members, language)
    yield FeedPage(ROOT, ROOT, title, _changed(newest), "", links=tuple(links))


def with_distinct_names(entries: Iterable[CatalogueEntry]) -> list[CatalogueEntry]:
    """Return entries of which no two have the same authors and title: an e-reader names its files so.

    The oldest keeps its title; others get their date, and then their path.
    """
    taken: set[str] = set()
    distinct = []
    for entry in sorted(entries, key=lambda one: (one.updated[:10], one.name)):
        titles = (entry.title, f"{entry.title} ({entry.date})" if entry.date else "", f"{entry.title} ({entry.name})")
        title = next(one for one in titles if one and _feed_file(entry, one) not in taken)
        taken.add(_feed_file(entry, title))
        distinct.append(entry._replace(title=title))
    return distinct


def _feed_file(entry: CatalogueEntry, title: str) -> str:
    """Return the name that KOReader gives to a book, for comparison."""
    return re.sub(r'[\\/:*?"<>|]', "_", f"{', '.join(entry.authors)} - {title}").casefold()


def _groups_of(group: str, posts: Sequence[CatalogueEntry]) -> dict[str, list[CatalogueEntry]]:
    """Return posts by their values in a group, in the order of these values; posts without a value are left out."""
    members: defaultdict[str, list[CatalogueEntry]] = defaultdict(list)
    for post in posts:
        value = {"collections": post.series or post.site, "years": post.date[:4], "languages": post.language}[group]
        if value:
            members[value].append(post)
    return dict(sorted(members.items(), key=lambda item: item[0].casefold(), reverse=group == "years"))


def _with_heading(title: str, heading: str) -> str:
    """Return the title of a feed.

    >>> _with_heading("Collected posts", "By year")
    'Collected posts: By year'
    """
    return f"{title}: {heading}"


def _pages_of_group(
    group: str, title: str, members: dict[str, list[CatalogueEntry]], language: str
) -> Iterator[FeedPage]:
    """Yield the pages of a group: its feed of links, and a feed of books for each value."""
    links = []
    for value, posts in members.items():
        name = f"{group}-{value}" if group == "years" else f"{group}-{_short_hash(value)}"
        shown = LANGUAGE_NAMES.get(value, value) if group == "languages" else value
        links.append(FeedLink(name, shown, _changed(posts), _count(posts, language), is_acquisition=True))
        yield from _pages_of_books(name, shown, group, posts)
    parts = [*stable_parts((link.name for link in links), LEAST_ON_PAGE, MOST_ON_PAGE, END_OF_FEED_PAGE)]
    by_name = {link.name: link for link in links}
    for page, part in zip(_linked_pages(group, parts), parts, strict=True):
        updated = max(by_name[name].updated for name in part)
        yield page._replace(title=title, up=ROOT, updated=updated, links=tuple(by_name[name] for name in part))


def _pages_of_books(name: str, title: str, up: str, newest: Sequence[CatalogueEntry]) -> Iterator[FeedPage]:
    """Yield the pages of a feed of books, newest first. A new book changes the first page and few others."""
    by_name = {entry.name: entry for entry in newest}
    parts = [*stable_parts(reversed([*by_name]), LEAST_ON_PAGE, MOST_ON_PAGE, END_OF_FEED_PAGE)]
    if len(parts) > 1 and len(parts[-1]) < LEAST_ON_PAGE:
        parts[-2:] = [parts[-2] + parts[-1]]
    parts = [*reversed(parts)] or [[]]
    for page, part in zip(_linked_pages(name, parts), parts, strict=True):
        books = tuple(by_name[one] for one in reversed(part))
        yield page._replace(title=title, up=up, updated=_changed(books), books=books)


def _linked_pages(name: str, parts: Sequence[Sequence[str]]) -> list[FeedPage]:
    """Return an empty page for each part: the first is called `name`, the others by a hash of their first member."""
    names = [name, *(f"{name}-{_short_hash(part[0])}" for part in parts[1:])]
    around = zip(["", *names[:-1]], names, [*names[1:], ""], strict=True)
    return [FeedPage(own, name, "", "", "", after, before) for before, own, after in around]


def _changed(books: Iterable[CatalogueEntry]) -> str:
    """Return when a feed of books changed: the day of its newest book, and a checksum of all as the time of day."""
    changes = sorted(book.updated + book.identifier for book in books)
    day = changes[-1][: len(NO_TIME)] if changes else NO_TIME
    return time_of_change(day, hashlib.sha256("".join(changes).encode()).hexdigest())


def _count(books: Sequence[CatalogueEntry], language: str) -> str:
    return f"{phrase('books', language)}: {len(books)}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
