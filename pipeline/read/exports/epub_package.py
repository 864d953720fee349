"""Bytes of an EPUB -> what its package says: metadata, the files in reading order, the table of contents."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html.entities import html5
from itertools import islice
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from lxml import etree

from pipeline.document import SkipDocument, Source
from pipeline.read.decode_page import decode_page
from pipeline.read.pages.tree import XML_DECLARATION, PageElement, is_element, page_tree, shown_text

MOST_FILES_READ = 5_000  # of the reading order
MOST_ENTRIES = 20_000  # of the table of contents
DEEPEST_ENTRY = 6  # levels of it
_CONTAINER = "META-INF/container.xml"
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\][^>]*)?>", re.IGNORECASE)
_NAMED_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*);")
_EMPTY_ELEMENT = re.compile(r"<((?!(?:br|hr|img|input|meta|link|col|wbr|source)\b)[a-zA-Z][\w:]*)((?:\s[^<>]*)?)/>")
_INVALID_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents: its title, the file and the place in it that it leads to, its level from 1."""

    title: str
    file: str
    place: str
    level: int


@dataclass(frozen=True, slots=True)
class Package:
    """An e-book: `text` and `data` read a file of it, `kinds` are media types; `spine` are the files in order."""

    text: Callable[[str], str]
    data: Callable[[str], bytes]
    kinds: Mapping[str, str]
    spine: tuple[str, ...]
    entries: tuple[Entry, ...]
    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    date: str = ""


def package_of(source: Source) -> Package:
    """Return the package of an EPUB that has been checked. Raises SkipDocument if it is damaged."""
    archive = zipfile.ZipFile(io.BytesIO(source.data))
    names = set(archive.namelist())

    def data(name: str) -> bytes:
        try:
            return archive.read(name) if name in names else b""
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
            message = f"is a damaged archive ({name}); download it again"
            raise SkipDocument(message) from error

    def text(name: str) -> str:
        found = data(name)
        return decode_page(Source(source.path, found)).text if found.strip() else ""

    roots = [one.get("full-path") or "" for one in _items_named(xml_tree(text(_CONTAINER)), "rootfile")]
    file = next((one for one in (*roots, *sorted(names)) if one.endswith(".opf") and one in names), "")
    if not file:
        message = "is an archive without the package of an e-book; download it again"
        raise SkipDocument(message)
    root = xml_tree(text(file))
    items = {one.get("id"): one for one in _items_named(root, "item")}
    kinds = {resolved(file, one.get("href") or "")[0]: one.get("media-type") or "" for one in items.values()}
    references = [items.get(one.get("idref")) for one in _items_named(root, "itemref")]
    spine = [resolved(file, one.get("href") or "")[0] for one in references if one is not None]
    contents = next((one for one in items.values() if "nav" in (one.get("properties") or "").split()), None)
    old = next((one for one in items.values() if one.get("media-type") == "application/x-dtbncx+xml"), None)
    entries: tuple[Entry, ...] = ()
    for item, read in ((contents, _entries_of_nav), (old, _entries_of_ncx)):
        if item is not None and not entries:
            place = resolved(file, item.get("href") or "")[0]
            entries = tuple(islice(read(xml_tree(text(place)), place), MOST_ENTRIES))
    nav = resolved(file, contents.get("href") or "")[0] if contents is not None else ""
    listed = tuple(one for one in dict.fromkeys(spine) if one in names and one != nav)[:MOST_FILES_READ]
    return Package(
        text,
        data,
        kinds,
        listed,
        entries,
        next(_texts_of_metadata(root, "title"), ""),
        tuple(dict.fromkeys(_texts_of_metadata(root, "creator"))),
        next(_texts_of_metadata(root, "language"), ""),
        next((one[:10] for one in _texts_of_metadata(root, "date") if re.match(r"\d{4}", one)), ""),
    )


def resolved(file: str, written: str) -> tuple[str, str]:
    """Return the file and the place in it that a link in a file of an e-book leads to; the file is "" outside of it.

    >>> resolved("OEBPS/text/1.xhtml", "../notes.xhtml#n1"), resolved("a/1.xhtml", "#p"), resolved("a", "https://e.org")
    (('OEBPS/notes.xhtml', 'n1'), ('a/1.xhtml', 'p'), ('', ''))
    """
    name, _, place = written.strip().partition("#")
    if is_outside(name):
        return "", ""
    path = normpath(join(dirname(file), unquote(name))) if name else file
    return ("", "") if path.startswith(("../", "/")) else (path, unquote(place))


def is_outside(written: str) -> bool:
    """Return whether a link leads out of an e-book: it has a scheme or a host."""
    return re.match(r"\s*(?:[a-z][a-z0-9+.-]*:|//)", written, re.IGNORECASE) is not None


def xml_tree(text: str) -> PageElement:
    """Return the root of an XML file, its names without namespaces; read as HTML if it is not well-formed.

    Entities of a DTD are not expanded; those of HTML are characters.
    """
    plain = XML_DECLARATION.sub("", _DOCTYPE.sub("", _INVALID_CHARACTER.sub("", text), count=1))
    plain = _NAMED_ENTITY.sub(lambda match: html5.get(f"{match[1]};", match[0]), plain)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(XML_DECLARATION.sub("", plain).strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return page_tree(_EMPTY_ELEMENT.sub(r"<\1\2></\1>", plain))
    for element in root.iter():
        if is_element(element):
            element.tag = etree.QName(element).localname
            for key in [key for key in element.attrib if key.startswith("{")]:
                value = element.attrib.pop(key)
                element.set({"type": "epub-type"}.get(local := etree.QName(key).localname, local), value)
    return root


def _items_named(root: PageElement, name: str) -> Iterator[PageElement]:
    yield from root.iter(name, f"opf:{name}")


def _texts_of_metadata(root: PageElement, name: str) -> Iterator[str]:
    """Yield what the metadata say under a name of Dublin Core."""
    for element in root.iter(name, f"dc:{name}"):
        if text := shown_text(element):
            yield text


def _entries_of_nav(root: PageElement, file: str) -> Iterator[Entry]:
    """Yield the lines of the contents of EPUB 3: lists in lists."""
    nav = next((one for one in root.iter("nav") if (one.get("epub-type") or one.get("epub:type")) == "toc"), None)
    nav = next(root.iter("nav"), None) if nav is None else nav
    for link in nav.iter("a") if nav is not None else ():
        level = sum(one.tag in {"ol", "ul"} for one in link.iterancestors())
        if shown_text(link) and level <= DEEPEST_ENTRY:
            yield Entry(shown_text(link), *resolved(file, link.get("href") or ""), level)


def _entries_of_ncx(root: PageElement, file: str) -> Iterator[Entry]:
    """Yield the lines of the contents of EPUB 2: points in points."""
    for point in root.iter("navPoint", "navpoint"):
        level = 1 + sum(str(one.tag).lower() == "navpoint" for one in point.iterancestors())
        label, content = (next((one for one in point.iter(name)), None) for name in ("text", "content"))
        if label is not None and content is not None and shown_text(label) and level <= DEEPEST_ENTRY:
            yield Entry(shown_text(label), *resolved(file, content.get("src") or ""), level)
