"""Footnotes of a page, in the dialects of generators, Wikipedia, Word and Substack -> notes of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.read.page_tree import PageElement, attribute, drop, elements, is_element, shown_text, words_of_class

MOST_NOTES = 2_000  # of one page
LONGEST_LABEL = 6  # characters: `12`, `[12]`, `*`, `a`
_LABEL = re.compile(r"[\[(（［]?\s*(?:\d{1,4}|[*†‡§¶]{1,4}|[a-z]|[ivx]{1,5}|note\s\d+|注\s?\d+)\s*[\])）］]?")
_NOTE_ID = re.compile(r"\A_?(?:user-content-)?(?:fn|foot|end|_?ftn|_?edn|note|cite_note|ref|sdfootnote|easy-footnote|bib|n\d)", re.I)
_NOTE_CLASS = re.compile(r"foot-?note|end-?note|noteref|note-?ref|reference|sidenote|mw-ref|citation")
_BACK_TEXT = re.compile(r"[\s↩↵⤴↑^⏎⬆︎️\ufe0e\ufe0f]+|back(?: to (?:text|top|content))?|return|jump up|\[?\d+\]?|[a-z]", re.IGNORECASE)
_DEFINITION_NAMES = ("li", "p", "div", "dd", "aside", "td", "section", "tr", "dt")
_START_LABEL = re.compile(r"\A\s*[\[(（［]?\s*(?:\d{1,4}|[*†‡])\s*[\])）］]?\s*[.:：、^↑]?\s*")
_NOTES_HEADING = re.compile(r"(?:foot|end)?notes?|references|notas|notes de bas de page|fußnoten|脚注|注释|註釋|注|примечания|сноски", re.I)


@dataclass(slots=True)
class PageNotes:
    """The notes of a page: elements that refer to a note -> its number; the elements with the texts, in order."""

    references: dict[PageElement, str] = field(default_factory=dict)
    definitions: list[PageElement] = field(default_factory=list)


def notes_of(root: PageElement) -> PageNotes:
    """Return the footnotes of a page, and remove their texts from it."""
    notes = PageNotes()
    by_id: dict[str, PageElement] = {}
    order: dict[PageElement, int] = {}
    for at, one in enumerate(root.iter()):
        if is_element(one):
            order[one] = at
            for name in {attribute(one, "id"), attribute(one, "name") if one.tag == "a" else ""} - {""}:
                by_id.setdefault(name, one)
    numbers: dict[PageElement, str] = {}
    for link in elements(root, "a"):
        definition = _definition_of(link, by_id, order)
        if definition is None or len(numbers) >= MOST_NOTES or any(one in numbers for one in link.iterancestors()):
            continue
        if definition not in numbers:
            numbers[definition] = str(len(numbers) + 1)
            notes.definitions.append(definition)
        notes.references[_whole_reference(link)] = f"[^{numbers[definition]}]"
    for definition in notes.definitions:
        _take_out(definition, {attribute(one, "id") for ref in notes.references for one in ref.iter()} - {""})
    return notes


def _definition_of(
    link: PageElement, by_id: dict[str, PageElement], order: dict[PageElement, int]
) -> PageElement | None:
    """Return the element with the text of the note that a link refers to; None if it refers to none."""
    page, mark, identifier = attribute(link, "href").partition("#")
    label = shown_text(link)
    if not mark or not identifier or not _LABEL.fullmatch(label.lower()):
        return None
    target = by_id.get(identifier)
    if target is None or target is link or order[target] < order[link] or any(one is target for one in link.iterancestors()):
        return None
    above = link.getparent()
    sure = (
        _NOTE_ID.search(identifier)
        or _NOTE_CLASS.search(words_of_class(link))
        or attribute(link, "role") == "doc-noteref"
        or (above is not None and (above.tag == "sup" or _NOTE_CLASS.search(words_of_class(above))))
        or link.find("sup") is not None
    )
    if not sure or (page and not link.get("role") and not _NOTE_ID.search(identifier)):
        return None
    if target.tag in _DEFINITION_NAMES:
        return target
    return next((one for one in target.iterancestors() if one.tag in _DEFINITION_NAMES), None)


def _whole_reference(link: PageElement) -> PageElement:
    """Return the element around a link that shows nothing else: `<sup>[<a>1</a>]</sup>`."""
    whole = link
    while (above := whole.getparent()) is not None and above.tag in {"sup", "span", "small", "cite"}:
        if not re.fullmatch(r"[\s\[\]()（）［］,]*", shown_text(above).replace(shown_text(link), "", 1)):
            break
        whole = above
    return whole


def _take_out(definition: PageElement, references: set[str]) -> None:
    """Remove the text of a note from the page, and from it the links back and the number; then empty elements."""
    parent = definition.getparent()
    for link in elements(definition, "a"):
        target = attribute(link, "href").partition("#")[2]
        back = target and (target in references or "ref" in target.lower() or "backref" in words_of_class(link))
        if (back or attribute(link, "role") == "doc-backlink") and _BACK_TEXT.fullmatch(shown_text(link) or " "):
            drop(link)
    for one in elements(definition, "sup", "span"):
        if not shown_text(one) and next(one.iter("img"), None) is None:
            drop(one)
    if definition.tag != "li":
        _strip_number(definition)
    following = definition.getnext()
    if definition.tag == "dt" and following is not None and following.tag == "dd":
        definition.append(following)
    drop(definition)
    definition.tail = None
    while parent is not None and parent.tag not in {"body", "html", "article", "main"} and not shown_text(parent):
        above, before = parent.getparent(), parent.getprevious()
        if above is None or next(parent.iter("img", "pre", "table"), None) is not None:
            break
        while before is not None and (before.tag == "hr" or _NOTES_HEADING.fullmatch(shown_text(before))):
            again = before.getprevious()
            drop(before)
            before = again
        drop(parent)
        parent = above
    if parent is not None and _is_notes_box(parent):
        for one in list(parent):
            if one.tag in {"hr", "h1", "h2", "h3", "h4"}:
                drop(one)


def _is_notes_box(element: PageElement) -> bool:
    """Return whether an element has nothing left but the heading of the notes."""
    return bool(_NOTES_HEADING.fullmatch(shown_text(element))) and element.tag in {"div", "section", "aside", "footer"}


def _strip_number(definition: PageElement) -> None:
    """Remove the number that a note's text starts with: `1. See there` -> `See there`."""
    for one in _first_texts(definition):
        stripped = _START_LABEL.sub("", one.text or "", count=1)
        if stripped != one.text:
            one.text = stripped
        return


def _first_texts(element: PageElement) -> Iterator[PageElement]:
    """Yield the element that holds the first characters of an element."""
    for one in element.iter():
        if is_element(one) and (one.text or "").strip():
            yield one
        if one is not element and (one.tail or "").strip():
            return
