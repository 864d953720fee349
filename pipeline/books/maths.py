r"""TeX between dollar signs: told from prices and the variables of a shell, so that nothing else is read as maths.

A text holds maths where every span between dollars is such, and one is beyond doubt; else its dollars are letters.
"""

from __future__ import annotations

import re

from pipeline.books.pandoc_ast import Node, nodes

MATHS = "+tex_math_dollars"  # pandoc's extension of a dialect
_COMMAND = r"\\[A-Za-z]{2,}|[\w})\]]\^|[\w})\]]_\{"
_MAY = re.compile(rf"\$[^$]*(?:{_COMMAND})[^$]*\$")
_WORDS = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|operatorname|mbox|begin|end|label)\*?\s*\{[^{}$#\"]*\}|\\[A-Za-z]+"
)


def may_hold_maths(text: str) -> bool:
    """Tell whether a text of Markdown is worth reading with MATHS."""
    return bool(_MAY.search(text))


def all_maths(blocks: list[Node]) -> bool:
    """Tell whether all that was read as maths is maths."""
    return all(is_maths(node["c"][1]) for node in nodes(blocks) if node["t"] == "Math")


def is_maths(tex: str) -> bool:
    r"""Tell whether a span between dollars is maths: no words but in commands, nothing that Typst would obey.

    >>> is_maths(r"\frac{1}{n} \sum_i x_i^2"), is_maths("AB"), is_maths("5 (or US"), is_maths("HOME/bin:")
    (True, True, False, False)
    """
    rest = _WORDS.sub(" ", tex)
    longest = 2 if re.search(_COMMAND, tex) or " " not in tex.strip() else 1
    return not re.search(rf"[#\"`]|[^\W\d_]{{{longest + 1},}}|[\u2e80-\uffff]", rest) and not re.search(r"[#\"]", tex)


def unlabelled(tex: str) -> str:
    r"""Return TeX without its labels: Typst would take them for places in the book.

    >>> unlabelled(r"x^2 \label{chapter-1}")
    'x^2 '
    """
    return re.sub(r"\\label\s*\{[^{}]*\}", "", tex)
