"""Footnotes of a page, in the dialects of generators, Wikipedia, Word and Substack -> notes of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.read.pages.note_dialects import (
    NOTES_HEADING,
    add_by_attribute,
    add_inside,
    add_numbered,
    divide_shared_blocks,
    unfold_note_headings,
    unfold_note_tables,
)
from pipeline.read.pages.tree import (
    PageElement,
    attribute,
    drop,
    elements,
    is_element,
    shown_text,
    words_of_class,
)

MOST_NOTES = 2_000  # of one page
_MARK = r"(?:\*?\d{1,4}|[*†‡§¶]{1,4}|[a-z]|[ivx]{1,5}|note\s\d+|注\s?\d+)"
_LABEL = re.compile(rf"[\[(（［]?\s*{_MARK}\s*[\])）］]?", re.IGNORECASE)
_BRACKETED_NUMBER = re.compile(r"[\[［]\s*\d{1,4}\s*[\]］]")
_NOTE_ID = re.compile(
    r"\A_?(?:user-content-)?(?:fn|foot|end|_?ftn|_?edn|note|cite_note|ref|sdfootnote|easy-footnote|bib|n\d)",
    re.IGNORECASE,
)
_NOTE_CLASS = re.compile(r"foot-?(?:note|ref)|\bfn\b|end-?note|noteref|note-?ref|reference|sidenote|mw-ref|citation")
_BACK_TEXT = re.compile(
    r"[\s↩↵⤴↑^⏎⬆\ufe0e\ufe0f]+|back(?: to (?:text|top|content))?|return|\[?\*?\d+\]?"
    r"|(?:jump up(?: to)?:?)?\s*[a-z]?",
    re.IGNORECASE,
)
_START_LABEL = re.compile(r"\A\s*+(?:[\[(（［]\s*+)?(?:\d{1,4}|[*†‡])\s*+(?:[\])）］]\s*+)?(?:[.:：、^↑]\s*+)?")
_AFTER_LABEL = re.compile(r"\A\s*[.:：、)\]]\s*")
_BLOCKS_OF_NOTES = ("li", "p", "div", "dd", "aside", "td", "section", "tr", "dt")
_BY_SCRIPT = re.compile(r"javascript:\s*(?:;|void)")
_HIGHEST = ("body", "html", "article", "main")


@dataclass(slots=True)
class PageNotes:
    """The notes of a page: elements that refer to a note -> its mark; the elements with the texts, in order."""

    references: dict[PageElement, str] = field(default_factory=dict)
    definitions: list[PageElement] = field(default_factory=list)

    def add(self, reference: PageElement, definition: PageElement) -> None:
        """Record that an element refers to a note."""
        if definition not in self.definitions:
            self.definitions.append(definition)
        self.references[reference] = f"[^{self.definitions.index(definition) + 1}]"


def notes_of(root: PageElement) -> PageNotes:
    """Return the footnotes of a page, and remove their texts from it."""
    notes = PageNotes()
    divide_shared_blocks(root)
    unfold_note_tables(root)
    unfold_note_headings(root)
    places = NotePlaces.of(root)
    taken: set[PageElement] = set()
    for link in list(_links_to_places(root)):
        definition = _linked_definition(link, places)
        if definition is None or len(taken) >= MOST_NOTES or any(one in taken for one in link.iterancestors()):
            continue
        taken.add(definition)
        notes.add(_whole_reference(link), definition)
    add_by_attribute(root, notes, places)
    if not notes.definitions:
        add_inside(root, notes)
    if not notes.definitions:
        add_numbered(root, notes, places)
    inside = [one for reference in notes.references for one in reference.iter()]
    identifiers = {attribute(one, name) for one in inside for name in ("id", "name")} - {""}
    for definition in notes.definitions:
        _drop_links_back(definition, identifiers)
        _take_out(definition, notes)
    return notes


@dataclass(slots=True)
class NotePlaces:
    """The elements of a page by what links name them, the links by the place that they lead to, and their order."""

    named: dict[str, PageElement] = field(default_factory=dict)
    back: dict[str, PageElement] = field(default_factory=dict)
    order: dict[PageElement, int] = field(default_factory=dict)

    @classmethod
    def of(cls, root: PageElement) -> NotePlaces:
        """Return the places of a page."""
        places = cls()
        places.order = {one: at for at, one in enumerate(root.iter())}
        for one in places.order:
            if name := attribute(one, "id"):
                places.named.setdefault(name, one)
            if one.tag == "a" and (name := attribute(one, "name")):
                places.named.setdefault(name, one)
        for one in _links_to_places(root):
            if "ref" in (fragment := attribute(one, "href").partition("#")[2]).lower():
                places.back.setdefault(fragment, one)
        return places


def _links_to_places(root: PageElement) -> Iterator[PageElement]:
    """Yield the links that lead to a place in a page."""
    return (one for one in root.iter("a") if "#" in (href := one.get("href") or "") or _BY_SCRIPT.match(href))


def _linked_definition(link: PageElement, places: NotePlaces) -> PageElement | None:
    """Return the element with the text of the note that a link refers to; None if it refers to none."""
    page, mark, identifier = attribute(link, "href").partition("#")
    if _BY_SCRIPT.match(page):  # Wikidot
        page, mark, identifier = "", "#", attribute(link, "id").replace("ref", "", 1)
    label = shown_text(link)
    if not mark or not identifier or not _LABEL.fullmatch(label):
        return None
    target = places.named.get(identifier)
    if target is None:
        target = places.back.get(identifier.replace("ftn", "ftnref").replace("fn", "fnref", "ftn" not in identifier))
    if (
        target is None
        or places.order[target] <= places.order[link]
        or any(one is target for one in link.iterancestors())
    ):
        return None
    sure = _NOTE_ID.search(identifier) or _looks_like_reference(link)
    if page and not (attribute(link, "role") or _NOTE_ID.search(identifier)):
        return None
    block = next((one for one in (target, *target.iterancestors()) if one.tag in _BLOCKS_OF_NOTES), None)
    return (
        block
        if sure or (_BRACKETED_NUMBER.fullmatch(label) and block is not None and block.tag in {"li", "p"})
        else None
    )


def _looks_like_reference(link: PageElement) -> bool:
    """Return whether the classes or the elements around a link are those of a reference to a note."""
    above = link.getparent()
    return bool(
        _NOTE_CLASS.search(words_of_class(link))
        or attribute(link, "role") == "doc-noteref"
        or link.find("sup") is not None
        or (above is not None and (above.tag == "sup" or _NOTE_CLASS.search(words_of_class(above))))
    )


def _whole_reference(link: PageElement) -> PageElement:
    """Return the element around a link that shows nothing else: `<sup>[<a>1</a>]</sup>`."""
    whole = link
    while (above := whole.getparent()) is not None and above.tag in {"sup", "span", "small", "cite"}:
        if not re.fullmatch(r"[\s\[\]()（）［］,]*", shown_text(above).replace(shown_text(link), "", 1)):
            break
        whole = above
    return whole


def _take_out(definition: PageElement, notes: PageNotes) -> None:
    """Remove the text of a note from the page, and from it the number; then empty elements."""
    if definition.tag != "li":
        _strip_number(definition)
    following = definition.getnext()
    if definition.tag == "dt" and following is not None and following.tag == "dd":
        definition.append(following)
    parent, before = definition.getparent(), definition.getprevious()
    drop(definition)
    definition.tail = None
    _drop_rule(before)
    while parent is not None and parent.tag not in _HIGHEST and not shown_text(parent):
        if parent in notes.references:
            return
        above, before = parent.getparent(), parent.getprevious()
        if above is None or next(parent.iter("img", "pre", "table"), None) is not None:
            return
        drop(parent)
        _drop_rule(before)
        parent = above
    if parent is not None and parent.tag not in _HIGHEST and NOTES_HEADING.fullmatch(shown_text(parent).strip(": ")):
        drop(parent)


def _drop_rule(before: PageElement | None) -> None:
    """Remove the line and the heading above notes that are gone, if nothing follows them."""
    while before is not None and before.getparent() is not None:
        following = before.getnext()
        if following is not None and shown_text(following):
            return
        if before.tag != "hr" and not NOTES_HEADING.fullmatch(shown_text(before).strip(": ")):
            return
        above = before.getprevious()
        drop(before)
        before = above


def _drop_links_back(definition: PageElement, references: set[str]) -> None:
    """Remove from the text of a note the links to its references, and the elements that are then empty."""
    for link in elements(definition, "a"):
        target = attribute(link, "href").partition("#")[2]
        back = target and (target in references or "ref" in target.lower() or "backref" in words_of_class(link))
        if (back or attribute(link, "role") == "doc-backlink") and _BACK_TEXT.fullmatch(shown_text(link) or " "):
            if _LABEL.fullmatch(shown_text(link)):
                link.tail = _AFTER_LABEL.sub("", link.tail or "", count=1)
            drop(link)
    for one in elements(definition, "sup", "span"):
        empty = not shown_text(one).strip("[]()（）［］.:^↑ ")
        if one is not definition and empty and next(one.iter("img"), None) is None:
            drop(one)


def _strip_number(definition: PageElement) -> None:
    """Remove the number that a note's text starts with: `1. See there` -> `See there`."""
    for one in definition.iter():
        if is_element(one) and (one.text or "").strip():
            one.text = _START_LABEL.sub("", one.text, count=1)
            if not one.text and one is not definition:
                one.tail = _AFTER_LABEL.sub("", one.tail or "", count=1)
            return
        if one is not definition and (one.tail or "").strip():
            return
