"""Formulas of posts -> the formulas that every book format can set; the others as they are written.

Pandoc must read a formula, and Typst must set what pandoc makes of it. A formula in another dialect of TeX has what
pandoc reads under the key "spelling".
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from typing import Any

from pipeline.books.fonts import typst_fonts
from pipeline.books.maths.formulas import MOST_FORMULA_CHARACTERS
from pipeline.books.maths.tex_dialect import has_cjk_words, tex_for_pandoc
from pipeline.books.maths.typst_names import with_known_names
from pipeline.books.pandoc_ast import (
    NO_ATTRIBUTES,
    Node,
    all_nodes,
    pandoc_json,
    para,
    printable,
    with_changed_nodes,
)
from pipeline.document import SkipDocument
from pipeline.markdown.pandoc import Conversion, convert_untrusted

MOST_DEPTH = 12  # levels of braces; pandoc takes 8 s for 16 indices in one another, twice as long for each more
_NESTING_OPENERS = {"{", r"\left", r"\begin"}
_NESTING = re.compile(r"(?<!\\)[{}]|\\(?:left|right|begin|end)(?![A-Za-z])")
_HTML_OPTIONS = {"html_math_method": "mathml", "wrap_text": "wrap-none"}
_PREAMBLE = (
    '#set math.equation(alt: "-")\n'
    '#show math.equation: set text(font: ("New Computer Modern Math", "Noto Sans CJK SC"))\n'
)


def checked_formulas(trees: Sequence[list[Node] | SkipDocument]) -> list[list[Node] | SkipDocument]:
    """Return the trees of some posts with each formula that a format cannot set replaced by its text as written."""
    wanted = [[] if isinstance(tree, SkipDocument) else _formulas_of(tree) for tree in trees]
    formulas = [{tex: _spellings(tex) for tex in texs} for texs in wanted]
    sources = [
        [{"t": "Math", "c": [{"t": "DisplayMath"}, spelling]} for spellings in one.values() for spelling in spellings]
        for one in formulas
    ]
    readable = iter(_readable_formulas([nodes for nodes in sources if nodes]))
    made: list[list[Node] | SkipDocument] = []
    for tree, one, nodes in zip(trees, formulas, sources, strict=True):
        good = next(readable) if nodes else set()
        chosen = {tex: next((text for text in spellings if text in good), "") for tex, spellings in one.items()}
        made.append(tree if isinstance(tree, SkipDocument) or not one else _with_formulas_replaced(tree, chosen))
    return made


def _formulas_of(tree: list[Node]) -> list[str]:
    return [*dict.fromkeys(node["c"][1] for node in all_nodes(tree) if node["t"] == "Math")]


def _spellings(tex: str) -> list[str]:
    """Return what pandoc may read a formula as, best first: the TeX itself, and the TeX in pandoc's dialect.

    A formula that is too long or too deeply nested has none.
    """
    if len(tex) > MOST_FORMULA_CHARACTERS or _depth_of_tex(tex) > MOST_DEPTH:
        return []
    spellings = [printable(tex), printable(tex_for_pandoc(tex))]
    return [*dict.fromkeys(spellings[::-1] if has_cjk_words(tex) else spellings)]


def _depth_of_tex(tex: str) -> int:
    r"""Return how deeply braces, `\left` and `\begin` are nested.

    >>> _depth_of_tex(r"\frac{a_{b}}{c}"), _depth_of_tex(r"\left( \left[ x \right] \right)")
    (2, 2)
    """
    deepest = depth = 0
    for sign in _NESTING.findall(tex):
        depth += 1 if sign in _NESTING_OPENERS else -1
        deepest = max(deepest, depth)
    return deepest


def _readable_formulas(sources: list[list[Node]]) -> list[set[str]]:
    """Return the formulas of each post that can be set, all of one post in one conversion."""
    texts = [pandoc_json([para(node) for node in nodes], {}) for nodes in sources]
    tasks = [Conversion(text, "json", "html5", _HTML_OPTIONS) for text in texts]
    tasks += [Conversion(text, "json", "typst", {"wrap_text": "wrap-none"}) for text in texts]
    outputs = convert_untrusted(tasks) if tasks else []
    made: list[set[str]] = []
    for nodes, html, typst in zip(sources, outputs[: len(sources)], outputs[len(sources) :], strict=True):
        if isinstance(html, SkipDocument) or isinstance(typst, SkipDocument):
            made.append(set())
            continue
        read = [
            (node["c"][1], "<math" in part) for node, part in zip(nodes, html.decode().split("<p>")[1:], strict=True)
        ]
        markup = typst.decode().strip().split("\n\n")
        if len(markup) != len(nodes):  # a formula with an empty line in it
            made.append(set())
            continue
        pairs = [(tex, with_known_names(part)) for (tex, good), part in zip(read, markup, strict=True) if good]
        made.append({tex for tex, _ in _set_by_typst(pairs)})
    return made


def _set_by_typst(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the formulas whose markup Typst sets. All are tried together, and by halves where one fails."""
    if not pairs:
        return []
    from typst import Compiler, TypstError  # noqa: PLC0415 - a run without new books does not need it

    source = _PREAMBLE + "\n\n".join(markup for _, markup in pairs)
    with tempfile.TemporaryDirectory() as folder:
        compiler = Compiler(source.encode(), root=folder, font_paths=typst_fonts(), ignore_system_fonts=True)
        try:
            compiler.compile(format="pdf")
        except BaseException as error:
            if not isinstance(error, TypstError) and type(error).__name__ != "PanicException":  # of Rust
                raise
            half = len(pairs) // 2
            return [] if len(pairs) == 1 else _set_by_typst(pairs[:half]) + _set_by_typst(pairs[half:])
    return pairs


def _with_formulas_replaced(part: Any, chosen: dict[str, str]) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of a tree with its formulas in the chosen spelling, or as written where that is empty."""
    if isinstance(part, dict):
        if part.get("t") == "Math":
            return _replaced_formula(part, chosen)
        if part.get("t") == "Para" and (written := _unset_block(part["c"], chosen)):
            return {"t": "CodeBlock", "c": [NO_ATTRIBUTES, written]}
        return part | {"c": _with_formulas_replaced(part["c"], chosen)} if "c" in part else part
    return [_with_formulas_replaced(item, chosen) for item in part] if isinstance(part, list) else part


def _replaced_formula(node: Node, chosen: dict[str, str]) -> Node:
    kind, tex = node["c"]
    if spelling := chosen[tex]:
        return {"t": "Math", "c": [kind, tex]} | ({"spelling": spelling} if spelling != tex else {})
    return {"t": "Code", "c": [NO_ATTRIBUTES, node.get("written", tex)]}


def _unset_block(inlines: list[Node], chosen: dict[str, str]) -> str:
    """Return the text of a paragraph that is one displayed formula which cannot be set; otherwise ""."""
    only = inlines[0] if len(inlines) == 1 and inlines[0]["t"] == "Math" else None
    displayed = only is not None and only["c"][0]["t"] == "DisplayMath" and not chosen[only["c"][1]]
    return str(only.get("written", "")) if only and displayed else ""


def in_pandoc_spelling(part: Any) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of a tree whose formulas are as pandoc reads them."""

    def spelled(node: Node) -> Node:
        return {"t": "Math", "c": [node["c"][0], node["spelling"]]} if "spelling" in node else node

    return with_changed_nodes(part, spelled)


def original_spellings(part: Any) -> dict[str, str]:  # noqa: ANN401 - any part of an AST
    """Return the formulas of a part of a tree as the post has them, by what pandoc reads them as."""
    nodes = (node for node in all_nodes(part) if "spelling" in node)
    return {node["spelling"]: node["c"][1] for node in nodes}
