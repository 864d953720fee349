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

Style = tuple[str, Any]  # the type of an inline node, and its other contents: URL and title, or classes and direction
Run = tuple[Node, tuple[Style, ...]]  # an inline node without children, and the styles around it, outermost first
CODE: Style = ("Code", "")
_SPACES = {"Space", "SoftBreak"}


def worn(styles: tuple[Style, ...], more: Style) -> tuple[Style, ...]:
    """Return styles with an innermost style added, unless they have it. A link in a link is dropped.

    >>> worn((("Strong", ""),), ("Strong", ""))
    (('Strong', ''),)
    """
    redundant = more in styles or (more[0] == "Link" and any(kind == "Link" for kind, _ in styles))
    return styles if redundant else (*styles, more)


def words(text: str, styles: tuple[Style, ...]) -> Iterable[Run]:
    """Yield the nodes of a text with their styles: words and the spaces between them, or one code node."""
    if CODE in styles:
        node = {"t": "Code", "c": [NO_ATTRIBUTES, re.sub(r"[ \t\n\f\r]+", " ", text)]}
        yield node, tuple(style for style in styles if style != CODE)
        return
    for part in re.split(r"([ \t\n\f\r]+)", text):
        if part and not part.isspace():
            yield {"t": "Str", "c": part}, styles
        elif part:
            ascii_space = part[0] in " \t\n\f\r"
            kind = "SoftBreak" if "\n" in part else "Space"
            yield ({"t": kind} if ascii_space else {"t": "Str", "c": part}), styles


def nested(runs: list[Run]) -> list[Node]:
    """Return runs as nested inline nodes.

    White space is collapsed as in HTML. A line break between two CJK characters is removed.

    >>> nested([({"t": "Str", "c": "a"}, (("Strong", ""),)), ({"t": "Str", "c": "b"}, (("Strong", ""),))])
    [{'t': 'Strong', 'c': [{'t': 'Str', 'c': 'ab'}]}]
    """
    return _nested(_collapsed(runs), 0)


def _collapsed(runs: list[Run]) -> list[Run]:
    kept: list[Run] = []
    for at, (node, styles) in enumerate(runs):
        if node["t"] in _SPACES:
            before = kept[-1][0] if kept else None
            after = next((one for one, _ in runs[at + 1 : at + 50] if one["t"] not in _SPACES), None)
            if before is None or before["t"] in {*_SPACES, "LineBreak"} or after is None or after["t"] == "LineBreak":
                continue
            if node["t"] == "SoftBreak" and _wide(before, -1) and _wide(after, 0):
                continue
        kept.append((node, tuple(style for style in styles if style != CODE)))  # an image in code, for example
    while kept and kept[-1][0]["t"] in _SPACES:
        kept.pop()
    return kept


def _wide(node: Node, at: int) -> bool:
    """Return whether the character of a word at index `at` (0 or -1) is full width (Unicode Standard Annex 11)."""
    return node["t"] == "Str" and unicodedata.east_asian_width(node["c"][at]) in "WF"


def _nested(runs: list[Run], depth: int) -> list[Node]:
    made: list[Node] = []
    for style, group in groupby(runs, lambda run: run[1][depth] if len(run[1]) > depth else None):
        inside = list(group)
        if style is None:
            made += _joined([node for node, _ in inside])
        else:
            made.append(_styled(style, _nested(inside, depth + 1)))
    return made


def _joined(nodes: list[Node]) -> list[Node]:
    """Return nodes with adjacent strings merged."""
    made: list[Node] = []
    for node in nodes:
        if node["t"] == "Str" and made and made[-1]["t"] == "Str":
            made[-1] = {"t": "Str", "c": made[-1]["c"] + node["c"]}
        else:
            made.append(node)
    return made


def _styled(style: Style, inner: list[Node]) -> Node:
    kind, value = style
    if kind == "Link":
        return {"t": "Link", "c": [NO_ATTRIBUTES, inner, [*value]]}
    if kind == "Span":
        names, direction = value
        return {"t": "Span", "c": [["", [*names], [["dir", direction]] if direction else []], inner]}
    return {"t": kind, "c": inner}
