"""Notes, and blocks in another language -> nodes for pandoc's Typst writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.books.chapter.notes import blocks_of_note, labelled_notes, name_of_note
from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node
from pipeline.books.pdf.typst_values import typst_arguments, typst_block, typst_inline, typst_language


class TypstNotes:
    """The notes of one section: a note that is cited again is a reference to the label of the first."""

    def __init__(self, prefix: str, blocks: list[Node]) -> None:
        """Take the blocks of a section, and what its labels begin with."""
        self.prefix = prefix
        self.labelled = labelled_notes(blocks)
        self.cited: set[str] = set()  # names of notes

    def nodes(self, note: Node, contents: Callable[[list[Node]], list[Node]]) -> list[Node]:
        """Return a note with the `contents` of its blocks, or a reference to it where it was cited before."""
        name = name_of_note(note)
        label = f"<{self.prefix}-{name}>" if name in self.labelled else ""
        if name in self.labelled & self.cited:
            return [typst_inline(f"#footnote({label});")]
        self.cited.add(name)  # before its contents, which may cite it
        note = {"t": "Note", "c": contents(blocks_of_note(note))}
        return [{"t": "Span", "c": [NO_ATTRIBUTES, [note, typst_inline(label)]]}] if label else [note]

    def in_head(self, part: Any, table: str) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of the head of a table with its notes in calls of `head-note` in templates/book.typ.

        A head is set once a page; its notes are not.
        """
        if isinstance(part, list):
            return [self.in_head(item, table) for item in part]
        if not isinstance(part, dict) or "c" not in part:
            return part
        name = name_of_note(part) if part["t"] == "Note" else ""
        if name not in self.labelled:
            return part | {"c": self.in_head(part["c"], table)}
        call = f"head-note({typst_arguments({}, table, f'{self.prefix}-{name}')})"
        return {"t": "Span", "c": [["", [call], []], [part]]}


def blocks_in_language(attributes: list[Any], blocks: list[Node]) -> list[Node]:
    """Return blocks as the content of `#foreign(…)` if their attributes have a language."""
    start = foreign_call(attributes)
    if not start:
        return blocks
    return [typst_block(f"#{start}["), *blocks, typst_block("]")]


def foreign_call(attributes: list[Any], function: str = "foreign") -> str:
    """Return the call of a function in templates/book.typ for text with these attributes; empty without a language.

    >>> foreign_call(["", [], [["dir", "rtl"], ["lang", "ar"]]])
    'foreign(lang: "ar", dir: rtl)'
    """
    given = dict(attributes[2])
    if "lang" not in given:
        return ""
    direction = f", dir: {given['dir']}" if "dir" in given else ""
    return f"{function}({typst_arguments(typst_language(given['lang']))}{direction})"
