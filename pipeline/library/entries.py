"""EPUB -> its entry in the catalogue: what its metadata says, and a small cover."""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

from lxml import etree
from PIL import Image

VERSION = 1  # increase it when an entry or a small cover changes
COVER_SIZE = (400, 600)  # pixels; a quarter of the cover's sides, which JPEG decodes without the rest
SMALL_COVER_QUALITY = 80
NO_TIME = "1970-01-01"  # Atom requires a date of change; books without a date come last
SECONDS_PER_DAY = 24 * 60 * 60
DC = "{http://purl.org/dc/elements/1.1/}"
OPF = "{http://www.idpf.org/2007/opf}"
PACKAGE_FILE = "EPUB/content.opf"


class CatalogueEntry(NamedTuple):
    """A book in the catalogue. `name` is its path below out/ without suffix; `digest` changes with its files."""

    name: str
    digest: str
    identifier: str  # URN
    title: str
    authors: tuple[str, ...] = ()
    language: str = ""  # BCP 47; empty if unknown
    date: str = ""  # ISO 8601: year, year and month, or full date; empty if unknown
    site: str = ""  # host of the posts, if there is one only
    source: str = ""  # URL of a post, or hosts
    summary: str = ""
    subjects: tuple[str, ...] = ()
    series: str = ""
    position: str = ""  # in the series; empty if unknown
    files: tuple[str, ...] = ()  # paths below out/, the EPUB first

    @property
    def updated(self) -> str:
        """When the book changed, as Atom writes it.

        >>> CatalogueEntry("posts/a", "00ff", "urn:x", "A", date="2021-03").updated
        '2021-03-01T00:04:15Z'
        """
        return time_of_change(self.date, self.digest)

    @property
    def is_post(self) -> bool:
        """Whether the book is one post."""
        return self.name.startswith("posts/")


def time_of_change(date: str, digest: str) -> str:
    """Return the date of a post as a time (RFC 3339) that changes whenever the book changes, and only then.

    Posts have no time of day, so a checksum of the book takes its place. A clock would give another time after each
    fresh run.

    >>> time_of_change("2021", "00ff"), time_of_change("", "0000")
    ('2021-01-01T00:04:15Z', '1970-01-01T00:00:00Z')
    """
    day = date + NO_TIME[len(date) :].replace("1970", "") if date else NO_TIME
    seconds = int(digest[:12], 16) % SECONDS_PER_DAY
    return f"{day}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def catalogue_entry(name: str, digest: str, epub: bytes) -> tuple[CatalogueEntry, bytes]:
    """Return the entry of a book and its small cover (JPEG), from its EPUB. Raises what a damaged EPUB raises."""
    with zipfile.ZipFile(io.BytesIO(epub)) as archive:
        package = etree.fromstring(archive.read(PACKAGE_FILE), etree.XMLParser(resolve_entities=False))
        cover = archive.read(_cover_file(package))
    metadata = package.find(f"{OPF}metadata")
    entry = CatalogueEntry(
        name=name,
        digest=digest,
        identifier=_first_of(metadata, "identifier"),
        title=_first_of(metadata, "title"),
        authors=tuple(_all(metadata, "creator")),
        language=_first_of(metadata, "language").removesuffix("und"),
        date=_first_of(metadata, "date"),
        site=_first_of(metadata, "publisher"),
        source=_first_of(metadata, "source"),
        summary=_first_of(metadata, "description"),
        subjects=tuple(_all(metadata, "subject")),
        series=_calibre(metadata, "series"),
        position=_calibre(metadata, "series_index"),
    )
    return entry, small_cover(cover)


def small_cover(cover: bytes) -> bytes:
    """Return a JPEG scaled down for lists of books."""
    made = io.BytesIO()
    with Image.open(io.BytesIO(cover)) as image:
        image.draft("RGB", COVER_SIZE)
        image.resize(COVER_SIZE).save(made, "JPEG", quality=SMALL_COVER_QUALITY, optimize=True)
    return made.getvalue()


def _cover_file(package: etree._Element) -> str:
    item = package.find(f"{OPF}manifest/{OPF}item[@properties='cover-image']")
    return f"EPUB/{item.get('href')}"


def _all(metadata: etree._Element, element: str) -> list[str]:
    return [node.text.strip() for node in metadata.iter(f"{DC}{element}") if node.text and node.text.strip()]


def _first_of(metadata: etree._Element, element: str) -> str:
    return next(iter(_all(metadata, element)), "")


def _calibre(metadata: etree._Element, name: str) -> str:
    found = metadata.find(f"{OPF}meta[@name='calibre:{name}']")
    return "" if found is None else str(found.get("content"))
