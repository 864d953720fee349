"""Notes of a section -> numbered notes at its end, each with links to where it is cited, for an EPUB.

A note that is cited twice is one note. In the PDF, Typst numbers the notes; `labelled_notes` names those that it must
find again.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from pipeline.books.pandoc_ast import Node, all_nodes, div, is_node, with_changed_lists
from pipeline.books.phrases import phrase


def name_of_note(note: Node) -> str:
    """Return the name that `marks_restored` gave a note; empty if it has none."""
    first = note["c"][0] if note["c"] else {"t": ""}
    return str(first["c"][0][0]) if first["t"] == "Div" and "note" in first["c"][0][1] else ""


def blocks_of_note(note: Node) -> list[Node]:
    """Return the blocks of a note, without the division that has its name."""
    blocks: list[Node] = note["c"][0]["c"][1] if name_of_note(note) else note["c"]
    return blocks


def labelled_notes(blocks: list[Node]) -> set[str]:
    """Return the names of the notes that the PDF labels: those cited more than once, and those in heads of tables."""
    counts = Counter(name_of_note(node) for node in all_nodes(blocks) if node["t"] == "Note")
    heads = [node["c"][3] for node in all_nodes(blocks) if node["t"] == "Table"] if counts else []
    inside = {name_of_note(node) for node in all_nodes(heads) if node["t"] == "Note"}
    return {name for name, count in counts.items() if name and (count > 1 or name in inside)}


def with_separated_notes(part: Any) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST with a comma between the numbers of adjacent notes: 1 and 2 would read as 12."""
    return with_changed_lists(part, _with_commas_between_notes)


def _with_commas_between_notes(items: list[Any]) -> list[Any]:
    made: list[Any] = []
    for item in items:
        if made and is_node(made[-1], "Note") and is_node(item, "Note"):
            made.append({"t": "Superscript", "c": [{"t": "Str", "c": ","}]})
        made.append(item)
    return made


def with_each_note_once(blocks: list[Node]) -> list[Node]:
    """Return blocks in which a note that is cited again has no text there."""
    names = Counter(name_of_note(node) for node in all_nodes(blocks) if node["t"] == "Note")
    if not any(name and count > 1 for name, count in names.items()):
        return blocks
    made: list[Node] = _with_later_notes_emptied(blocks, set())
    return made


def _with_later_notes_emptied(part: Any, seen: set[str]) -> Any:  # noqa: ANN401 - any part of an AST
    if isinstance(part, list):
        return [_with_later_notes_emptied(item, seen) for item in part]
    if not isinstance(part, dict) or "c" not in part:
        return part
    if part["t"] == "Note" and (name := name_of_note(part)):
        if name in seen:
            return {"t": "Note", "c": []}
        seen.add(name)
    return part | {"c": _with_later_notes_emptied(part["c"], seen)}


def with_notes_at_end(blocks: list[Node], language: str) -> list[Node]:
    """Return the blocks of a section with numbers in place of its notes, and the notes before its colophon."""
    numbering = _NoteNumbering()
    made: list[Node] = numbering.numbered(blocks)
    if not numbering.notes:
        return made
    items = []
    for at, note in enumerate(numbering.notes):  # `numbered` adds the notes in a note to this list
        items += _note_item(at + 1, numbering.numbered(blocks_of_note(note)), numbering)
    title = div("notes-title", [{"t": "Plain", "c": [{"t": "Str", "c": phrase("notes", language)}]}])
    section = [
        _html_block('<section class="footnotes" epub:type="footnotes" role="doc-endnotes">'),
        title,
        *items,
        _html_block("</section>"),
    ]
    ends = made and made[-1]["t"] == "Div" and "colophon" in made[-1]["c"][0][1]
    return [*made[:-1], *section, made[-1]] if ends else [*made, *section]


class _NoteNumbering:
    """Replaces notes by their numbers, and collects them."""

    def __init__(self) -> None:
        self.notes: list[Node] = []
        self.citations: list[int] = []  # of each note, how often it is cited
        self.numbers: dict[str, int] = {}  # name of a note -> its number

    def numbered(self, part: Any) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of an AST with numbers in place of notes. The note of a link's text follows the link."""
        if isinstance(part, dict):
            return part | {"c": self.numbered(part["c"])} if "c" in part else part
        if not isinstance(part, list):
            return part
        made: list[Any] = []
        for item in part:
            kind = item.get("t") if isinstance(item, dict) else ""
            if kind == "Note":
                made.append(self.reference(item))
            elif kind == "Link":
                notes = [node for node in all_nodes(item["c"][1]) if node["t"] == "Note"]
                made += [with_changed_lists(item, _without_notes) if notes else item, *map(self.reference, notes)]
            else:
                made.append(self.numbered(item))
        return made

    def reference(self, note: Node) -> Node:
        """Return the number of a note as a link to it."""
        name = name_of_note(note)
        number = self.numbers.get(name, 0)
        if not number:
            self.notes.append(note)
            self.citations.append(0)
            number = len(self.notes)
            if name:
                self.numbers[name] = number
        self.citations[number - 1] += 1
        place = _citation_place(number, self.citations[number - 1])
        attributes = f'class="footnote-ref" id="{place}" epub:type="noteref" role="doc-noteref"'
        return {"t": "RawInline", "c": ["html", f'<a href="#fn{number}" {attributes}>{number}</a>']}


def _citation_place(number: int, citation: int) -> str:
    """Return the identifier of the place that cites a note.

    >>> _citation_place(3, 1), _citation_place(3, 2)
    ('fnref3', 'fnref3-2')
    """
    return f"fnref{number}" + (f"-{citation}" if citation > 1 else "")


def _note_item(number: int, blocks: list[Node], numbering: _NoteNumbering) -> list[Node]:
    """Return a note with its number, which links to its first citation, and arrows to the others."""
    back = f'<a href="#{_citation_place(number, 1)}" class="footnote-back" role="doc-backlink">{number}.</a> '
    arrows = [
        f' <a href="#{_citation_place(number, at)}" class="footnote-back" role="doc-backlink">↩{at}</a>'
        for at in range(2, numbering.citations[number - 1] + 1)
    ]
    first = {"t": "RawInline", "c": ["html", back]}
    last = [{"t": "RawInline", "c": ["html", arrow]} for arrow in arrows]
    if blocks and blocks[0]["t"] in {"Para", "Plain"}:
        blocks = [{"t": "Para", "c": [first, *blocks[0]["c"]]}, *blocks[1:]]
    else:
        blocks = [{"t": "Para", "c": [first]}, *blocks]
    if last and blocks[-1]["t"] in {"Para", "Plain"}:
        blocks = [*blocks[:-1], {"t": "Para", "c": [*blocks[-1]["c"], *last]}]
    elif last:
        blocks = [*blocks, {"t": "Para", "c": last}]
    start = f'<aside id="fn{number}" class="footnote" epub:type="footnote" role="doc-footnote">'
    return [_html_block(start), *blocks, _html_block("</aside>")]


def _without_notes(items: list[Any]) -> list[Any]:
    return [item for item in items if not is_node(item, "Note")]


def _html_block(html: str) -> Node:
    return {"t": "RawBlock", "c": ["html", html]}
