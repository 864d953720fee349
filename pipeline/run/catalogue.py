"""The books of the ledger -> out/opds/: the catalogue for e-readers. Only EPUBs that changed are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from pipeline.books.book import identifier
from pipeline.library import entries, model
from pipeline.library.addresses import MEDIA_TYPES, book_suffix, cover_file
from pipeline.library.atom import MOST_NEWS, NEWS, feed_as_atom, news_as_atom
from pipeline.library.entries import CatalogueEntry, catalogue_entry
from pipeline.library.model import FeedPage, catalogue_pages
from pipeline.library.opds_json import feed_as_json
from pipeline.run.summary import CATALOGUE
from pipeline.run.volume import title_in_language
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.packing import digest_of_values, pack, unpack

VERSION = (entries.VERSION, 2)  # increase the number when the bytes of a feed change
UNKNOWN = "urn:uuid:00000000-0000-0000-0000-000000000000"  # of a book that a check does not make


class CatalogueWriter:
    """Writes the feeds and small covers that are missing or outdated."""

    def __init__(self, settings: Settings, database: ArchiveState, ledger: OutputLedger) -> None:
        """Write below settings.out."""
        self.settings, self.database, self.ledger = settings, database, ledger
        self.out = Path(settings.out)
        self.root, _ = ledger.place(self.out / "x")

    def write_all(self) -> None:
        """Write the catalogue of the books that exist; nothing if there are none."""
        known = [*self.known_entries()]
        self.database.catalogue.keep_only(entry.name for entry in known)
        if not any(entry.is_post for entry in known):
            return
        languages = Counter(entry.language for entry in known)
        language = languages.most_common(1)[0][0]
        title = title_in_language(self.settings.title, language)
        for page in catalogue_pages(title, (_with_author(entry, title) for entry in known), language):
            self.write_page(page, title)
            if page.name == model.NEW:
                self.write_news(page, title)
        self.ledger.flush()

    def known_entries(self) -> Iterator[CatalogueEntry]:
        """Yield the entry of each book, and write its small cover; read only EPUBs that changed."""
        for name, files in self.books():
            digest = digest_of_values(VERSION, sorted(files.values()))
            packed = self.database.catalogue.value(name, digest)
            cover = self.out / CATALOGUE / cover_file(name)
            if self.ledger.fresh(cover, digest) and packed:
                entry = unpack(packed, CatalogueEntry)
            else:
                entry, image = self.read(name, digest)
                self.database.catalogue.put(name, digest, pack(entry))
                self.ledger.put(cover, digest, image)
            yield entry._replace(files=tuple(f"{name}{suffix}" for suffix in MEDIA_TYPES if suffix in files))

    def books(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the path of each book below out/ without suffix, and its files: suffix -> SHA-256."""
        found = ((name, book_suffix(name), sha256) for name, sha256 in self.ledger.rows.written(self.root))
        named = ((name.removesuffix(suffix), suffix, sha256) for name, suffix, sha256 in found if suffix)
        for book, files in groupby(sorted(named), key=lambda one: one[0]):
            by_suffix = {suffix: sha256 for _, suffix, sha256 in files}
            if ".epub" in by_suffix:
                yield book, by_suffix

    def read(self, name: str, digest: str) -> tuple[CatalogueEntry, bytes]:
        """Return the entry of a book and its small cover. A check makes no books, so it knows only the name."""
        if self.ledger.check:
            return CatalogueEntry(name, digest, UNKNOWN, name), b""
        return catalogue_entry(name, digest, (self.out / f"{name}.epub").read_bytes())

    def write_page(self, page: FeedPage, title: str) -> None:
        """Write a page in both formats."""
        urn = identifier(f"{CATALOGUE}/{title}/{page.name}")
        self.write(f"{page.name}.xml", digest_of_values(VERSION, page, title), lambda: feed_as_atom(page, urn, title))
        self.write(f"{page.name}.json", digest_of_values(VERSION, page), lambda: feed_as_json(page))

    def write_news(self, newest: FeedPage, title: str) -> None:
        """Write the Atom feed for news readers."""
        urn, posts = identifier(f"{CATALOGUE}/{title}/{NEWS}"), newest.books[:MOST_NEWS]
        key = digest_of_values(VERSION, newest, title)
        self.write(f"{NEWS}.xml", key, lambda: news_as_atom(posts, title, urn, newest.updated))

    def write(self, name: str, key: str, rendered: Callable[[], bytes]) -> None:
        """Write a feed if it is missing or outdated."""
        file = self.out / CATALOGUE / name
        if not self.ledger.fresh(file, key):
            self.ledger.put(file, key, rendered())


def _with_author(entry: CatalogueEntry, title: str) -> CatalogueEntry:
    """Return an entry with an author, because e-readers name files by it: the site or `title` if there is none.

    The same holds for several authors of a book of several posts: the next post may add one.
    """
    stable = entry.is_post or len(entry.authors) == 1
    return entry if entry.authors and stable else entry._replace(authors=(entry.site or title,))
