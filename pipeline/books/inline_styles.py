"""Words with their styles -> nested inline nodes: however tags were nested, a style stands once around its words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from pipeline.books.pandoc_ast import NO_ATTRIBUTES, Node

Style = tuple[str, Any]  # a node's type, and what it holds beside its words: an address, the name of a class
Run = tuple[Node, tuple[Style, ...]]  # a node without words around it, and its styles, outer ones first
CODE: Style = ("Code", "")
_SPACES = {"Space", "SoftBreak"}


def worn(styles: tuple[Style, ...], more: Style) -> tuple[Style, ...]:
    """Return styles with one more inside; bold in bold is bold, and a link in a link is none."""
    alike = more in styles or (more[0] == "Link" and any(kind == "Link" for kind, _ in styles))
    return styles if alike else (*styles, more)


def words(text: str, styles: tuple[Style, ...]) -> Iterable[Run]:
    """Yield a text as runs: words and the spaces between them, or as code."""
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
    """Return runs as inline nodes, white space collapsed as in HTML, no line break between wide characters."""
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
        kept.append((node, tuple(style for style in styles if style != CODE)))  # what is in code and no text
    while kept and kept[-1][0]["t"] in _SPACES:
        kept.pop()
    return kept


def _wide(node: Node, at: int) -> bool:
    """Tell whether a word begins (0) or ends (-1) in a character as wide as two (Unicode Standard Annex 11)."""
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
    """Return nodes, words that touch as one."""
    made: list[Node] = []
    for node in nodes:
        if node["t"] == "Str" and made and made[-1]["t"] == "Str":
            made[-1] = {"t": "Str", "c": made[-1]["c"] + node["c"]}
        else:
            made.append(node)
    return made


def _styled(style: Style, inner: list[Node]) -> Node:
    kind, held = style
    if kind == "Link":
        return {"t": "Link", "c": [NO_ATTRIBUTES, inner, [*held]]}
    if kind == "Span":
        names, direction = held
        return {"t": "Span", "c": [["", [*names], [["dir", direction]] if direction else []], inner]}
    return {"t": kind, "c": inner}
