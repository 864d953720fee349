r"""Markdown text -> the same text for pandoc, its formulas and the names of its notes as code spans.

`a $x_1$` becomes a `q0f0`. Nothing in a code span is Markdown, so that a formula goes through pandoc whole.
`marks_restored` puts the formulas back into pandoc's tree; `visible_text_of` into the text that the reader of the post
sees.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from pipeline.books.maths.formulas import Formula, formulas_in, without_tex_labels
from pipeline.books.pandoc_ast import Node, is_node
from pipeline.markdown.opaque import opaque_spans
from pipeline.markdown.opaque_blocks import OpaqueSpan

# A note's definition that begins with words. One that begins with a list or code gets no mark.
_NOTE = re.compile(
    r"^(?P<start>[ \t]{0,3}(?:>[ \t]?)*\[\^(?P<label>[^\]\s]+)\]:[ \t]+)(?=[^\s`~#>|*+\-\d<=$\[])", re.MULTILINE
)


_NOTE_BODY = re.compile(  # a note's definition: its lines to a blank one, and indented lines after that
    r"^[ \t]{0,3}(?:>[ \t]?)*\[\^(?P<label>[^\]\s]+)\]:[^\n]*"
    r"(?:\n(?![ \t>]*(?:\n|\[\^[^\]\s]+\]:))[^\n]+|(?:\n[ \t]*(?=\n))*+\n(?: {4}|\t)[^\n]+)*+",
    re.MULTILINE,
)
MOST_NOTES_IN_NOTES = 4  # levels; more would take the post beyond the nesting that a book may have
_APART = "<!-- -->"  # between code spans, whose backticks would be read as one run; books show nothing of it
_NOTE_CITATION = re.compile(r"\[\^([^\]\s]{1,999})\](?!:)")  # the longest label of CommonMark 0.31.2


class TextWithMarks(NamedTuple):
    """A text with marks in code spans."""

    text: str
    mark: str  # what every mark begins with; the post does not contain it
    formulas: tuple[Formula, ...]  # in the order of their numbers
    nested: dict[int, list[Node]] = {}  # noqa: RUF012 - of `with_nested_notes`: the notes that notes cite
    depth: int = 0  # of notes in notes
    named: dict[int, int] = {}  # noqa: RUF012 - the same: number in a note's name -> its number in `nested`


def text_with_marks(text: str) -> TextWithMarks:
    r"""Return a Markdown text with its formulas and the definitions of its notes marked.

    A note that another note cites is cited again in a paragraph before the text: pandoc reads no notes in notes.

    >>> text_with_marks("a $x_{1}$ b[^n]\n\n[^n]: c").text
    'a `q0f0` b[^n]\n\n[^n]: `q0n0`c'
    """
    formulas = formulas_in(text)
    notes = [*_note_definitions(text)]
    cited = _citations_in_notes(text) if notes else []
    if not formulas and not notes:
        return TextWithMarks(text, "", ())
    mark = next(name for name in map("q{}".format, count()) if not any(f"{name}{kind}" in text for kind in "fnrx"))
    numbers: dict[str, int] = {}  # a formula as written -> its number
    edits = [(one.start, one.end, f"`{mark}f{numbers.setdefault(one.written, len(numbers))}`") for one in formulas]
    edits += [(at, at, f"`{mark}n{number}`") for number, at in enumerate(notes)]
    labels = {label: number for number, label in enumerate(dict.fromkeys(label for _, _, label in cited))}
    edits += [(start, end, f"`{mark}r{labels[label]}`") for start, end, label in cited]
    parts, done = [], 0
    if labels:
        parts.append(f"`{mark}x0`{''.join(f'[^{label}]' for label in labels)}\n\n")
    for start, end, shown in sorted(edits):
        between = text[done:start]
        before = between or "".join(parts[-1:])
        parts += [between, _APART * before.endswith("`") + shown + _APART * text.startswith("`", end)]
        done = end
    unique = {one.written: one for one in reversed(formulas)}
    return TextWithMarks("".join([*parts, text[done:]]), mark, tuple(unique[written] for written in numbers))


def _note_definitions(text: str) -> Iterator[int]:
    """Yield where the words of each definition of a note begin."""
    if "[^" not in text:
        return
    opaque = opaque_spans(text)
    yield from (match.end() for match in _NOTE.finditer(text) if not _is_inside(opaque, match.start("label")))


def _is_inside(spans: Sequence[OpaqueSpan], at: int) -> bool:
    """Return whether an offset is inside one of the spans, which are sorted."""
    place = bisect_right(spans, at, key=lambda span: span.start) - 1
    return place >= 0 and at < spans[place].end


def _citations_in_notes(text: str) -> list[tuple[int, int, str]]:
    """Return where notes cite notes that are defined, with the labels of those."""
    bodies = [*_NOTE_BODY.finditer(text)]
    labels = {body["label"] for body in bodies}
    opaque = [span for span in opaque_spans(text) if span.kind != "url"]  # `[^1]: word` looks like a link's definition
    return [
        (*found.span(), found[1])
        for body in bodies
        for found in _NOTE_CITATION.finditer(text, body.end("label"), body.end())
        if found[1] in labels and not _is_inside(opaque, found.start())
    ]


def with_nested_notes(blocks: list[Node], marked: TextWithMarks) -> tuple[list[Node], TextWithMarks]:
    """Return pandoc's tree without the paragraph that cites the notes of notes, and the marks with those notes."""
    first = blocks[0]["c"] if marked.mark and blocks and blocks[0]["t"] == "Para" else []
    if not first or _kind_of_mark(first[0], marked.mark)[0] != "x":
        return blocks, marked
    nested = dict(enumerate(node["c"] for node in first if node["t"] == "Note"))
    names = {number: _kind_of_mark(_first_inline(note), marked.mark) for number, note in nested.items()}
    named = {name: number for number, (kind, name) in names.items() if kind == "n"}
    return blocks[1:], marked._replace(nested=nested, named=named)


def _first_inline(blocks: list[Node]) -> Any:  # noqa: ANN401 - a node, or nothing
    """Return the first inline node of the blocks of a note, if it begins with a paragraph."""
    return blocks[0]["c"][0] if blocks and blocks[0]["t"] in {"Para", "Plain"} and blocks[0]["c"] else None


def marks_restored(part: Any, marked: TextWithMarks) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of pandoc's tree with formulas in place of their marks, and each marked note in a division.

    A formula has its text as written under the key "written"; `checked_formulas` needs it.
    """
    if not isinstance(part, list):
        return part | {"c": marks_restored(part["c"], marked)} if isinstance(part, dict) and "c" in part else part
    made: list[Any] = []
    for item in part:
        kind, number = _kind_of_mark(item, marked.mark)
        if kind == "f":
            made.append(formula_node(marked.formulas[number]))
        elif kind == "r":
            made += _nested_note(number, marked)
        elif not kind and is_node(item, "Note"):
            made.append({"t": "Note", "c": _with_note_named(item["c"], marked)})
        elif not kind:
            made.append(marks_restored(item, marked))
    return _with_ticked_formulas(made)


def _kind_of_mark(item: Any, mark: str) -> tuple[str, int]:  # noqa: ANN401 - any part of an AST
    """Return the kind (f, n) and number of the mark that an inline node is; an empty kind if it is none."""
    text = item["c"][1] if mark and is_node(item, "Code") else ""
    found = re.fullmatch(rf"{mark}([fnrx])(\d+)", text) if text else None
    return (found[1], int(found[2])) if found else ("", 0)


def formula_node(formula: Formula) -> Node:
    """Return a formula as a node, its text as written under the key "written"."""
    kind = {"t": "DisplayMath" if formula.displayed else "InlineMath"}
    return {"t": "Math", "c": [kind, without_tex_labels(formula.tex).strip()], "written": formula.written}


def _nested_note(number: int, marked: TextWithMarks) -> list[Node]:
    """Return a note that a note cites. Where it is cited again, it has only its name."""
    if number not in marked.nested:
        return [{"t": "Note", "c": [_named_note(name, [])]} for name, at in marked.named.items() if at == number]
    if marked.depth == MOST_NOTES_IN_NOTES:
        return []
    blocks = marked.nested.pop(number)
    return [{"t": "Note", "c": _with_note_named(blocks, marked._replace(depth=marked.depth + 1))}]


def _with_note_named(blocks: list[Node], marked: TextWithMarks) -> list[Node]:
    """Return the blocks of a note; if its first paragraph has a mark, in a division with the number of the mark."""
    kind, number = _kind_of_mark(_first_inline(blocks), marked.mark)
    if kind == "n":
        marked.nested.pop(marked.named.get(number, -1), None)  # in its own text, or that of others, only its name
    inner = marks_restored(blocks, marked)
    return [_named_note(number, inner)] if kind == "n" else inner


def _named_note(number: int, blocks: list[Node]) -> Node:
    return {"t": "Div", "c": [[f"note-{number}", ["note"], []], blocks]}


def _with_ticked_formulas(nodes: list[Any]) -> list[Any]:
    """Return nodes in which a code block of the language `math` is a formula."""
    made: list[Any] = []
    for node in nodes:
        if is_node(node, "CodeBlock") and node["c"][0][1][:1] == ["math"]:
            tex = node["c"][1]
            formula = {"t": "Math", "c": [{"t": "DisplayMath"}, without_tex_labels(tex).strip()], "written": tex}
            made.append({"t": "Para", "c": [formula]})
        else:
            made.append(node)
    return made


def visible_text_of(shown: str, marked: TextWithMarks) -> str:
    """Return the visible text of a marked post with the TeX of its formulas in place of their marks."""
    if not marked.mark:
        return shown
    shown = re.sub(rf"{marked.mark}[nrx]\d+", "", shown)
    tex = [without_tex_labels(one.tex) for one in marked.formulas]
    return re.sub(rf"{marked.mark}f(\d+)", lambda found: tex[int(found[1])], shown)
