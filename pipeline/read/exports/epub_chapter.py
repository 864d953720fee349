"""Chapter of an e-book -> a page whose links lead to other parts, with its pictures and its notes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from lxml import html as lxml_html

from pipeline.read.exports.epub_package import Package, is_outside, resolved
from pipeline.read.pages.metadata import PART_OF
from pipeline.read.pages.tree import PageElement, is_element, shown_text
from pipeline.read.part_names import PART_SUFFIX
from pipeline.read.stored_page import StoredPage

_ROLES = {"noteref": "doc-noteref", "footnote": "doc-footnote", "endnote": "doc-endnote", "backlink": "doc-backlink"}
_MARK_OF_NOTE = re.compile(r"[\[(]?\s*(?:\d{1,4}|[*†‡§¶]{1,3}|[a-z])\s*[\])]?")
_NOTE_BLOCKS = {"li", "p", "aside", "div", "dd", "section", "td"}
_TYPES_OF_PICTURES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
_TYPES_OF_PICTURES |= {"svg": "image/svg+xml", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Block:
    """An element of the text of an e-book, and the file that it is in."""

    file: str
    element: PageElement


@dataclass(slots=True)
class BookChapter:
    """A chapter: its title, the name of its part, its blocks."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    name: str = ""


Places = Mapping[tuple[str, str], tuple[BookChapter, PageElement]]  # file and id -> the chapter and the element


def places_of(chapters: Sequence[BookChapter]) -> Places:
    """Return what links may lead to; a link to a file leads to the first chapter in it."""
    places: dict[tuple[str, str], tuple[BookChapter, PageElement]] = {}
    for chapter in chapters:
        for block in chapter.blocks:
            places.setdefault((block.file, ""), (chapter, block.element))
            for one in block.element.iter():
                for name in (one.get("id"), one.get("name")) if is_element(one) else ():
                    places.setdefault((block.file, name or ""), (chapter, one))
    return places


def page_of_chapter(chapter: BookChapter, places: Places, package: Package) -> StoredPage:
    """Return a chapter as a page. The notes that it refers to are at its end, wherever they are in the book."""
    writer = ChapterWriter(chapter, places, package)
    body = "".join(writer.html(block.element, block.file) for block in chapter.blocks)
    notes = "".join(
        f'<aside role="doc-footnote" id="{escape(writer.anchor(*place))}">{writer.html(element, place[0])}</aside>'
        for place, element in list(writer.notes.items())
    )
    fields = [("og:title", chapter.title), ("date", package.date), (PART_OF, package.title)]
    fields += [("author", one) for one in package.authors]
    head = "".join(f'<meta name="{name}" content="{escape(value)}">' for name, value in fields if value)
    head = head.replace('name="og:title"', 'property="og:title"')
    html = f'<html lang="{escape(package.language)}"><head>{head}</head><body>{body}{notes}</body></html>'
    return StoredPage(html.encode("utf-8", "replace"), "", writer.pictures, extract=False)


@dataclass(slots=True)
class ChapterWriter:
    """Writes the blocks of a chapter as HTML whose links lead to other parts, and collects its pictures and notes."""

    chapter: BookChapter
    places: Places
    package: Package
    pictures: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    notes: dict[tuple[str, str], PageElement] = field(default_factory=dict)  # of other chapters
    files: dict[str, int] = field(default_factory=dict)

    def anchor(self, file: str, place: str) -> str:
        """Return the `id` of a place in the page: several files may use the same."""
        number = self.files.setdefault(file, len(self.files))
        return f"{place}--{number}" if number else place

    def html(self, element: PageElement, file: str) -> str:
        """Return an element of a file as HTML, with what follows it up to the next element."""
        copy = deepcopy(element)
        for one in list(copy.iter()):
            if not is_element(one):
                continue
            role = next((_ROLES[word] for word in _words_of_type(one) if word in _ROLES), "")
            if role and not one.get("role"):
                one.set("role", role)
            for key in ("id", "name"):
                if name := one.get(key):
                    one.set(key, self.anchor(file, name))
            if one.tag == "a":
                self.link(one, file)
            elif one.tag in {"img", "image"}:
                self.picture(one, file)
        text: str = lxml_html.tostring(copy, encoding="unicode")
        return text

    def link(self, element: PageElement, file: str) -> None:
        """Make a link lead to a place of the page, or to another part; one that leads nowhere is none."""
        written = element.get("href")
        if written is None:
            return
        target = resolved(file, written)
        found = self.places.get(target) or self.places.get((target[0], ""))
        if is_outside(written):
            return
        if found is None:
            del element.attrib["href"]
        elif found[0] is self.chapter:
            element.set("href", f"#{self.anchor(*target)}")
        elif target in self.places and target[1] and _refers_to_note(element):
            note = next((one for one in (found[1], *found[1].iterancestors()) if one.tag in _NOTE_BLOCKS), found[1])
            self.notes.setdefault(target, note)
            element.set("role", "doc-noteref")
            element.set("href", f"#{self.anchor(*target)}")
        else:
            element.set("href", quote(found[0].name.removesuffix(PART_SUFFIX)) + ".md")

    def picture(self, element: PageElement, file: str) -> None:
        """Take the picture of an `<img>`, or of an SVG that only shows it."""
        name, _ = resolved(file, element.get("src") or element.get("href") or element.get("xlink:href") or "")
        kind = self.package.kinds.get(name) or _TYPES_OF_PICTURES.get(name.rpartition(".")[2].lower(), "")
        frame = element if element.tag == "img" else next(element.iterancestors("svg"), None)
        if frame is None:
            return
        if frame is not element:
            frame.clear(keep_tail=True)
        frame.tag = "img"
        frame.set("src", name)
        if name and kind.startswith("image/") and (data := self.package.data(name)):
            self.pictures[name] = (kind, data)


def _words_of_type(element: PageElement) -> list[str]:
    return (element.get("epub-type") or element.get("epub:type") or "").split()


def _refers_to_note(link: PageElement) -> bool:
    """Return whether a link to another file is the mark of a note: by its role, or raised above the line."""
    raised = link.find("sup") is not None or (link.getparent() is not None and link.getparent().tag == "sup")
    marked = bool(_MARK_OF_NOTE.fullmatch(shown_text(link)))
    return link.get("role") == "doc-noteref" or (marked and raised)
