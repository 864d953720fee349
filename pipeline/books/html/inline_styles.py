"""Text with inline styles -> nested inline nodes of a pandoc AST.

HTML allows any nesting, as in `<b>a<b>b</b></b>`. Here each text node has a list of its styles, and adjacent nodes with
the same style get one common parent: `<b>ab</b>`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node
from pipeline.markdown.style_tags import CODE_TAGS, DELETED_TAGS, EMPHASIS_TAGS, STRONG_TAGS

InlineStyle = tuple[
    str, Any
]  # the type of an inline node, and its other contents: URL and title, or classes and direction
StyledNode = tuple[
    Node, tuple[InlineStyle, ...]
]  # an inline node without children, and the styles around it, outermost first
CODE_STYLE: InlineStyle = ("Code", "")
RUBY_STYLE: InlineStyle = ("Span", (("ruby",), ""))
ELEMENT_STYLES: dict[str, InlineStyle] = {
    **dict.fromkeys(STRONG_TAGS, ("Strong", "")),
    **dict.fromkeys(EMPHASIS_TAGS, ("Emph", "")),
    **dict.fromkeys(("u", "ins"), ("Underline", "")),
    **dict.fromkeys(DELETED_TAGS, ("Strikeout", "")),
    **dict.fromkeys(CODE_TAGS, CODE_STYLE),
    **{name: ("Span", ((name,), "")) for name in ("mark", "kbd", "small")},
    "sup": ("Superscript", ""),
    "sub": ("Subscript", ""),
}
_SPACE_TYPES = {"Space", "SoftBreak"}


def with_style(styles: tuple[InlineStyle, ...], more: InlineStyle) -> tuple[InlineStyle, ...]:
    """Return styles with an innermost style added, unless they have it. A link in a link is dropped.

    >>> with_style((("Strong", ""),), ("Strong", ""))
    (('Strong', ''),)
    """
    redundant = more in styles or (more[0] == "Link" and any(kind == "Link" for kind, _ in styles))
    return styles if redundant else (*styles, more)


def styled_nodes(text: str, styles: tuple[InlineStyle, ...]) -> Iterable[StyledNode]:
    """Yield the nodes of a text with their styles: words and the spaces between them, or one code node."""
    if CODE_STYLE in styles:
        node = {"t": "Code", "c": [NO_ATTRIBUTES, re.sub(r"[ \t\n\f\r]+", " ", text)]}
        yield node, tuple(style for style in styles if style != CODE_STYLE)
        return
    for part in re.split(r"([ \t\n\f\r]+)", text):
        if part and not part.isspace():
            yield {"t": "Str", "c": part}, styles
        elif part:
            ascii_space = part[0] in " \t\n\f\r"
            kind = "SoftBreak" if "\n" in part else "Space"
            yield ({"t": kind} if ascii_space else {"t": "Str", "c": part}), styles


def nested_inlines(runs: list[StyledNode]) -> list[Node]:
    """Return runs as nested inline nodes.

    White space is collapsed as in HTML. A line break between two CJK characters is removed.

    >>> nested_inlines([({"t": "Str", "c": "a"}, (("Strong", ""),)), ({"t": "Str", "c": "b"}, (("Strong", ""),))])
    [{'t': 'Strong', 'c': [{'t': 'Str', 'c': 'ab'}]}]
    """
    return _nested_from(_with_spaces_collapsed(runs), 0)


def _with_spaces_collapsed(runs: list[StyledNode]) -> list[StyledNode]:
    kept: list[StyledNode] = []
    for at, (node, styles) in enumerate(runs):
        if node["t"] in _SPACE_TYPES:
            before = kept[-1][0] if kept else None
            after = next((one for one, _ in runs[at + 1 : at + 50] if one["t"] not in _SPACE_TYPES), None)
            if (
                before is None
                or before["t"] in {*_SPACE_TYPES, "LineBreak"}
                or after is None
                or after["t"] == "LineBreak"
            ):
                continue
            if node["t"] == "SoftBreak" and _is_full_width(before, -1) and _is_full_width(after, 0):
                continue
        kept.append((node, tuple(style for style in styles if style != CODE_STYLE)))  # an image in code, for example
    while kept and kept[-1][0]["t"] in _SPACE_TYPES:
        kept.pop()
    return kept


def _is_full_width(node: Node, at: int) -> bool:
    """Return whether the character of a word at index `at` (0 or -1) is full width (Unicode Standard Annex 11)."""
    return node["t"] == "Str" and unicodedata.east_asian_width(node["c"][at]) in "WF"


def _nested_from(runs: list[StyledNode], depth: int) -> list[Node]:
    made: list[Node] = []
    for style, group in groupby(runs, lambda run: run[1][depth] if len(run[1]) > depth else None):
        inside = list(group)
        if style is None:
            made += _with_strings_merged([node for node, _ in inside])
        else:
            made.append(_node_of_style(style, _nested_from(inside, depth + 1)))
    return made


def _with_strings_merged(nodes: list[Node]) -> list[Node]:
    """Return nodes with adjacent strings merged."""
    made: list[Node] = []
    for node in nodes:
        if node["t"] == "Str" and made and made[-1]["t"] == "Str":
            made[-1] = {"t": "Str", "c": made[-1]["c"] + node["c"]}
        else:
            made.append(node)
    return made


def _node_of_style(style: InlineStyle, inner: list[Node]) -> Node:
    kind, value = style
    if kind == "Link":
        return {"t": "Link", "c": [NO_ATTRIBUTES, inner, [*value]]}
    if kind == "Span":
        names, direction = value
        return {"t": "Span", "c": [["", [*names], [["dir", direction]] if direction else []], inner]}
    return {"t": kind, "c": inner}
