r"""Formulas in pandoc's Typst markup -> markup with only names that Typst 0.15 knows: `$a sect b$` -> `$a ∩ b$`.

Typst renamed some symbols (`sect` is `inter` since 0.14, `times.circle` is `times.o`); pandoc 3.9 writes the old names,
for which Typst gives an error. `tests/test_formulas.py` sets each of these characters.
"""

from __future__ import annotations

import re

_CHARACTERS_OF_NAMES = {  # each name that pandoc 3.9 writes and Typst 0.15 does not know -> its character
    "sect": "∩",
    "sect.big": "⋂",
    "sect.double": "⋒",
    "sect.dot": "⩀",
    "sect.and": "⩄",
    "integral.sect": "⨙",
    "sect.sq": "⊓",
    "sect.sq.big": "⨅",
    "sect.sq.double": "⩎",
    "dot.circle": "⊙",
    "dot.circle.big": "⨀",
    "times.circle": "⊗",
    "times.circle.big": "⨂",
    "minus.circle": "⊖",
    "eq.circle": "⊜",
    "dash.circle": "⊝",
    "div.circle": "⨸",
    "lt.circle": "⧀",
    "gt.circle": "⧁",
    "perp.circle": "⦹",
    "bar.v.circle": "⦶",
    "parallel.circle": "⦷",
    "backslash.circle": "⦸",
    "plus.circle.arrow": "⟴",
    "bracket.l.double": "⟦",
    "bracket.r.double": "⟧",
    "shell.l.double": "⟬",
    "shell.r.double": "⟭",
    "brace.l.double": "⦃",
    "brace.r.double": "⦄",
    "paren.l.double": "⦅",
    "paren.r.double": "⦆",
    "angle.right.sq": "⦜",
    "angle.spheric.top": "⦡",
    "angle.oblique": "⦦",
    "quote.angle.l.double": "«",
    "quote.angle.r.double": "»",
    "quote.angle.l.single": "‹",
    "quote.angle.r.single": "›",
    "planck.reduce": "ħ",
    "Kai": "Ϗ",
    "kai": "ϗ",
    "franc": "₣",
}
_TYPST_STRING = r'"(?:[^"\\]|\\.)*"'
_STRING_OR_NAME = re.compile(
    rf"{_TYPST_STRING}|(?<![A-Za-z0-9.#])(?:{'|'.join(map(re.escape, _CHARACTERS_OF_NAMES))})(?![A-Za-z0-9]|\.[A-Za-z])"
)
_MATHS_CALL = re.compile(rf"(?<=#maths\(){_TYPST_STRING}\)\[\$.*?\$\];", re.DOTALL)


def with_known_names(formula: str) -> str:
    """Return the markup of a formula with the characters of names that Typst does not know.

    >>> with_known_names('$ a sect b times.circle "sect" $')
    '$ a ∩ b ⊗ "sect" $'
    """
    return _STRING_OR_NAME.sub(lambda found: _CHARACTERS_OF_NAMES.get(found[0], found[0]), formula)


def formulas_with_known_names(markup: str) -> str:
    """Return the markup of a book with the names in its formulas replaced; the text around them stays.

    >>> formulas_with_known_names('A sect: #maths("a")[$a sect b$];')
    'A sect: #maths("a")[$a ∩ b$];'
    """
    return _MATHS_CALL.sub(lambda found: with_known_names(found[0]), markup)
