"""Footnotes of a page, in the dialects of generators, Wikipedia, Word and Substack -> notes of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.read.page_tree import (
    PageElement,
    attribute,
    drop,
    elements,
    has_class,
    is_element,
    shown_text,
    words_of_class,
)

MOST_NOTES = 2_000  # of one page
_MARK = r"(?:\d{1,4}|[*†‡§¶]{1,4}|[a-z]|[ivx]{1,5}|note\s\d+|注\s?\d+)"
_LABEL = re.compile(rf"[\[(（［]?\s*{_MARK}\s*[\])）］]?", re.IGNORECASE)
_BRACKETED_NUMBER = re.compile(r"[\[［]\s*\d{1,4}\s*[\]］]")
_NOTE_NUMBER = re.compile(r"[\[(（]?\s*(\d{1,3})\s*[\])）]?[.:]?")
_NOTE_ID = re.compile(
    r"\A_?(?:user-content-)?(?:fn|foot|end|_?ftn|_?edn|note|cite_note|ref|sdfootnote|easy-footnote|bib|n\d)",
    re.IGNORECASE,
)
_NOTE_CLASS = re.compile(r"foot-?note|end-?note|noteref|note-?ref|reference|sidenote|mw-ref|citation")
_BACK_TEXT = re.compile(
    r"[\s↩↵⤴↑^⏎⬆\ufe0e\ufe0f]+|back(?: to (?:text|top|content))?|return|jump up|\[?\d+\]?|[a-z]", re.IGNORECASE
)
_START_LABEL = re.compile(r"\A\s*[\[(（［]?\s*(?:\d{1,4}|[*†‡])\s*[\])）］]?\s*[.:：、^↑]?\s*")
_NOTES_HEADING = re.compile(
    r"(?:foot|end)?notes?|references(?: and notes)?|notas|notes de bas de page|fußnoten|脚注|注释|註釋|注"
    r"|примечания|сноски",
    re.IGNORECASE,
)
_BLOCKS_OF_NOTES = ("li", "p", "div", "dd", "aside", "td", "section", "tr", "dt")
_INLINE_NOTES = ("sidenote", "marginnote", "footnoteContent", "footnote-content", "margin-note", "side-note")
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
    places = _NotePlaces.of(root)
    taken: set[PageElement] = set()
    for link in elements(root, "a"):
        definition = _linked_definition(link, places)
        if definition is None or len(taken) >= MOST_NOTES or any(one in taken for one in link.iterancestors()):
            continue
        taken.add(definition)
        notes.add(_whole_reference(link), definition)
    if not notes.definitions:
        _add_inside(root, notes)
        _add_numbered(root, notes, places)
    identifiers = {attribute(one, "id") for reference in notes.references for one in reference.iter()} - {""}
    for definition in notes.definitions:
        _take_out(definition, identifiers)
    return notes


@dataclass(slots=True)
class _NotePlaces:
    """The elements of a page by what links name them, the links by the place that they lead to, and their order."""

    named: dict[str, PageElement] = field(default_factory=dict)
    back: dict[str, PageElement] = field(default_factory=dict)
    order: dict[PageElement, int] = field(default_factory=dict)

    @classmethod
    def of(cls, root: PageElement) -> _NotePlaces:
        places = cls()
        for at, one in enumerate(root.iter()):
            if not is_element(one):
                continue
            places.order[one] = at
            for name in (attribute(one, "id"), attribute(one, "name") if one.tag == "a" else ""):
                if name:
                    places.named.setdefault(name, one)
            if one.tag == "a" and "ref" in (fragment := attribute(one, "href").partition("#")[2]).lower():
                places.back.setdefault(fragment, one)
        return places


def _linked_definition(link: PageElement, places: _NotePlaces) -> PageElement | None:
    """Return the element with the text of the note that a link refers to; None if it refers to none."""
    page, mark, identifier = attribute(link, "href").partition("#")
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


def _add_inside(root: PageElement, notes: PageNotes) -> None:
    """Add the notes whose texts are where they are referred to, for the margin of the page or to be opened."""
    for element in elements(root, "span", "small"):
        if not has_class(element, *_INLINE_NOTES) or not shown_text(element) or element.getparent() is None:
            continue
        above = element.getparent()
        reference = above
        if not (has_class(above, "inline-footnote", "footnote", "sidenote-wrapper") and above.tag == "span"):
            reference = element.makeelement("span")
            above.insert(above.index(element), reference)
            reference.tail = None
        notes.add(reference, element)
        element.attrib.pop("style", None)


def _add_numbered(root: PageElement, notes: PageNotes, places: _NotePlaces) -> None:
    """Add the notes without links: `<sup>1</sup>` in the text, and a block that starts with the same number."""
    found = dict(_numbered_definitions(root))
    for element in elements(root, "sup"):
        number = _NOTE_NUMBER.fullmatch(shown_text(element))
        definition = found.get(number[1]) if number else None
        if definition is None or element not in places.order or element in notes.references:
            continue
        inside = any(one in found.values() for one in element.iterancestors())
        if not inside and places.order[element] < places.order[definition]:
            notes.add(element, definition)


def _numbered_definitions(root: PageElement) -> Iterator[tuple[str, PageElement]]:
    """Yield the blocks that may be texts of notes, with their numbers."""
    for block in elements(root, "p", "div", "dd"):
        first = next(iter(block), None)
        while first is not None and first.tag in {"b", "strong", "span"} and not (first.text or "").strip():
            first = next(iter(first), None)
        starts = first is not None and first.tag == "sup" and not (block.text or "").strip()
        if starts and (number := _NOTE_NUMBER.fullmatch(shown_text(first))) and shown_text(block) != shown_text(first):
            yield number[1], block
    for items in elements(root, "ol"):
        before, above = items.getprevious(), items.getparent()
        titled = before is not None and bool(_NOTES_HEADING.fullmatch(shown_text(before).strip(": ")))
        if titled or (above is not None and (above.tag == "aside" or "footnote" in words_of_class(above))):
            start = int(written) if (written := attribute(items, "start")).isdecimal() and len(written) < 4 else 1  # noqa: PLR2004
            yield from ((str(start + at), item) for at, item in enumerate(items.findall("li")))


def _take_out(definition: PageElement, references: set[str]) -> None:
    """Remove the text of a note from the page, and from it the links back and the number; then empty elements."""
    _drop_links_back(definition, references)
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
        above, before = parent.getparent(), parent.getprevious()
        if above is None or next(parent.iter("img", "pre", "table"), None) is not None:
            return
        drop(parent)
        _drop_rule(before)
        parent = above
    if parent is not None and parent.tag not in _HIGHEST and _NOTES_HEADING.fullmatch(shown_text(parent).strip(": ")):
        drop(parent)


def _drop_rule(before: PageElement | None) -> None:
    """Remove the line and the heading above notes that are gone, if nothing follows them."""
    while before is not None and before.getparent() is not None:
        following = before.getnext()
        if following is not None and shown_text(following):
            return
        if before.tag != "hr" and not _NOTES_HEADING.fullmatch(shown_text(before).strip(": ")):
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
            drop(link)
    for one in elements(definition, "sup", "span"):
        if one is not definition and not shown_text(one) and next(one.iter("img"), None) is None:
            drop(one)


def _strip_number(definition: PageElement) -> None:
    """Remove the number that a note's text starts with: `1. See there` -> `See there`."""
    for one in definition.iter():
        if is_element(one) and (one.text or "").strip():
            one.text = _START_LABEL.sub("", one.text, count=1)
            return
        if one is not definition and (one.tail or "").strip():
            return
