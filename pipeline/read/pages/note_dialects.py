"""Footnotes of a page that no link leads to: in the margin, numbered alone, hidden, or several in one block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.read.pages.tree import PageElement, attribute, drop, elements, has_class, shown_text, words_of_class

if TYPE_CHECKING:
    from pipeline.read.pages.notes import NotePlaces, PageNotes

_NOTE_NUMBER = re.compile(r"[\[(（]?\s*(\d{1,3})\s*[\])）]?[.:]?")
NOTES_HEADING = re.compile(
    r"(?:foot|end)?notes?|references(?: and notes)?|notas|notes de bas de page|fußnoten|脚注|注释|註釋|注"
    r"|примечания|сноски",
    re.IGNORECASE,
)
_INLINE_NOTES = ("sidenote", "marginnote", "footnoteContent", "footnote-content", "margin-note", "side-note")
_AROUND_INLINE_NOTES = ("inline-footnote", "footnote", "footnote-container", "sidenote-wrapper")
_POINTERS = frozenset(("data-definition", "data-footnote-id", "data-note-id", "data-fn"))  # with the `id` of a text


def divide_shared_blocks(root: PageElement) -> None:
    """Divide a paragraph with the texts of several notes, each after an `<a name>`, into one element for each."""
    targets = {attribute(one, "href").partition("#")[2] for one in root.iter("a")} - {""}
    anchors = (one for one in root.iter("a") if not attribute(one, "href"))
    for block in dict.fromkeys(one.getparent() for one in anchors):
        if block.tag not in {"p", "div"}:
            continue
        starts = [
            at
            for at, one in enumerate(block)
            if one.tag == "a"
            and {attribute(one, "name"), attribute(one, "id")} & targets
            and not attribute(one, "href")
        ]
        if len(starts) < 2 or (block.text or "").strip():  # noqa: PLR2004 - a block with one note is that note
            continue
        members = list(block)
        for first, last in zip(starts, [*starts[1:], len(members)], strict=True):
            part = block.makeelement("p")
            if name := attribute(members[first], "name") or attribute(members[first], "id"):
                members[first].attrib.pop("id", None)
                members[first].attrib.pop("name", None)
                part.set("id", name)
            block.append(part)
            part.extend(members[first:last])
        block.tag = "div"


def unfold_note_tables(root: PageElement) -> None:
    """Make a table with one note, its number in the first column, a block of its text, as old Sphinx writes notes."""
    for table in elements(root, "table"):
        if not has_class(table, "footnote", "citation"):
            continue
        for one in elements(table, "colgroup", "td", "tbody", "tr"):
            if one.tag == "colgroup" or (one.tag == "td" and has_class(one, "label")):
                drop(one)
            else:
                one.tag = "div"
        table.tag = "div"


def unfold_note_headings(root: PageElement) -> None:
    """Make a heading that is only the number of a note, and what follows it, one block, as Texinfo writes notes.

    `<h5><a id="FOOT1" href="#DOCF1">(1)</a></h5><p>See there.` -> `<div id="FOOT1"><p>See there.`
    """
    for heading in elements(root, "h3", "h4", "h5", "h6"):
        link = next(heading.iter("a"), None)
        name = "" if link is None else attribute(link, "id") or attribute(link, "name") or attribute(heading, "id")
        if not name or not _NOTE_NUMBER.fullmatch(shown_text(heading)) or "#" not in attribute(link, "href"):
            continue
        note = heading.makeelement("div")
        for one in list(heading.itersiblings()):
            if one.tag in {"h1", "h2", "h3", "h4", "h5", "h6", "hr"}:
                break
            note.append(one)
        heading.addprevious(note)
        drop(heading)
        note.set("id", name)


def add_by_attribute(root: PageElement, notes: PageNotes, places: NotePlaces) -> None:
    """Add the notes whose references name the `id` of the text in an attribute; a script shows the text."""
    pointing = [one for one in root.iter("span", "sup", "a", "button") if not _POINTERS.isdisjoint(one.keys())]
    for element in pointing:
        name = next((value for key in _POINTERS if (value := attribute(element, key))), "")
        definition = places.named.get(name)
        if definition is None or element.getparent() is None or definition in element.iterancestors():
            continue
        definition.attrib.pop("style", None)
        element.tag = "span"
        notes.add(element, definition)


def add_inside(root: PageElement, notes: PageNotes) -> None:
    """Add the notes whose texts are where they are referred to, for the margin of the page or to be opened."""
    for element in elements(root, "span", "small"):
        if not (has_class(element, *_INLINE_NOTES) or _follows_box(element)):
            continue
        if not shown_text(element) or element.getparent() is None:
            continue
        above = element.getparent()
        reference = above
        if not (
            has_class(above, "inline-footnote", "footnote", "footnote-container", "sidenote-wrapper")
            and above.tag == "span"
        ):
            reference = element.makeelement("span")
            above.insert(above.index(element), reference)
            reference.tail = None
        notes.add(reference, element)
        element.attrib.pop("style", None)


def _follows_box(element: PageElement) -> bool:
    """Return whether the box that opens a note in the margin is before an element: `<input class="margin-toggle">`."""
    before = element.getprevious()
    return before is not None and before.tag == "input" and has_class(before, "margin-toggle")


def add_numbered(root: PageElement, notes: PageNotes, places: NotePlaces) -> None:
    """Add the notes without links: `<sup>1</sup>` in the text, and a block that starts with the same number."""
    found = dict([*_numbered_definitions(root), *_definitions_after_rule(root, places)])
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
        titled = before is not None and bool(NOTES_HEADING.fullmatch(shown_text(before).strip(": ")))
        if titled or (above is not None and (above.tag == "aside" or "footnote" in words_of_class(above))):
            start = int(written) if (written := attribute(items, "start")).isdecimal() and len(written) < 4 else 1  # noqa: PLR2004
            yield from ((str(start + at), item) for at, item in enumerate(items.findall("li")))


def _definitions_after_rule(root: PageElement, places: NotePlaces) -> Iterator[tuple[str, PageElement]]:
    """Yield the notes below the last line of a page, each with its paragraphs: `<hr><p><b>1</b> See there.</p>`."""
    rule = next(reversed(list(root.iter("hr"))), None)
    below = list(rule.itersiblings()) if rule is not None else []
    starts = [at for at, one in enumerate(below) if _number_in_bold(one)]
    for first, last in zip(starts, [*starts[1:], len(below)], strict=True) if starts[:1] == [0] else ():
        start = below[first]
        part = start.makeelement("div")
        start.addprevious(part)
        number = _number_in_bold(start)
        places.order[part] = places.order[start]
        part.extend(below[first:last])
        yield number, part


def _number_in_bold(block: PageElement) -> str:
    """Return the number that a paragraph starts with in bold; "" if there is none."""
    first = next(iter(block), None) if block.tag == "p" and not (block.text or "").strip() else None
    number = _NOTE_NUMBER.fullmatch(shown_text(first)) if first is not None and first.tag in {"b", "strong"} else None
    return number[1] if number else ""
