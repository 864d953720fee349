r"""Text between dollar signs -> whether it is TeX maths, rather than prices or shell variables.

`$x^2$` is maths; `$5 (or US$6)` and `$HOME/bin:$PATH` are not. A document is parsed with maths if it contains a TeX
command, and if every span that pandoc then takes for maths is maths. Otherwise all its dollar signs are plain text.
"""

from __future__ import annotations

import re

from pipeline.books.pandoc_ast import Node, all_nodes

MATHS_EXTENSION = "+tex_math_dollars"  # pandoc's Markdown extension
_TEX_COMMAND = r"\\[A-Za-z]{2,}|[\w})\]]\^|[\w})\]]_\{"
_POSSIBLE_MATHS = re.compile(rf"\$[^$]*(?:{_TEX_COMMAND})[^$]*\$")
_TEX_WORDS = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|operatorname|mbox|begin|end|label)\*?\s*\{[^{}$#\"]*\}|\\[A-Za-z]+"
)


def may_hold_maths(text: str) -> bool:
    r"""Return whether a Markdown text has a span between dollar signs that contains a TeX command.

    >>> may_hold_maths(r"the sum $\sum_i x_i$"), may_hold_maths("$5 or $6")
    (True, False)
    """
    return bool(_POSSIBLE_MATHS.search(text))


def all_maths(blocks: list[Node]) -> bool:
    """Return whether every Math node of an AST is maths."""
    return all(is_maths(node["c"][1]) for node in all_nodes(blocks) if node["t"] == "Math")


def is_maths(tex: str) -> bool:
    r"""Return whether the text of a span between dollar signs is maths that is safe for Typst.

    It must have no words outside commands, and neither `#` nor `"`, which are code in Typst.

    >>> is_maths(r"\frac{1}{n} \sum_i x_i^2"), is_maths("AB"), is_maths("5 (or US"), is_maths("HOME/bin:")
    (True, True, False, False)
    """
    rest = _TEX_WORDS.sub(" ", tex)
    longest = 2 if re.search(_TEX_COMMAND, tex) or " " not in tex.strip() else 1
    return not re.search(rf"[#\"`]|[^\W\d_]{{{longest + 1},}}|[\u2e80-\uffff]", rest) and not re.search(r"[#\"]", tex)


def without_tex_labels(tex: str) -> str:
    r"""Return TeX without `\label` commands. Typst would use them as labels of the book.

    >>> without_tex_labels(r"x^2 \label{chapter-1}")
    'x^2 '
    """
    return re.sub(r"\\label\s*\{[^{}]*\}", "", tex)
