r"""TeX as posts have it (MathJax, KaTeX) -> TeX that pandoc reads: `{\rm d}x` -> `{\mathrm{d}}x`.

Only what pandoc does not know is rewritten, to what shows nearly the same: colours and sizes are dropped, a line break
outside an environment gets one. CJK words become text, because pandoc would set each character as a variable.
"""

from __future__ import annotations

import re
import sys

_GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+)\}"  # braces with up to two levels of braces inside
_TEX_FACES = {
    "rm": "mathrm",
    "bf": "mathbf",
    "it": "mathit",
    "cal": "mathcal",
    "sf": "mathsf",
    "tt": "mathtt",
    "mit": "mathit",
    "bold": "mathbf",
    "textsc": "text",
}
_TEX_FACE_NAMES = "|".join(_TEX_FACES)
_REWRITTEN = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?<!\\)%[^\n]*", ""),  # comments
        ('(?<=[A-Za-z)])"(?=[(\\s^_,.]|\\Z)', "''"),  # a double prime
        (r"\\newline(?![A-Za-z])", r"\\\\"),
        (r"\\(?:notag|nonumber|displaylimits|strut|allowbreak|nobreak|hfill|hfil|noindent|centering)(?![A-Za-z])", ""),
        (r"\\(?:require|label|vspace|cssId)\*?\s*\{[^{}]*\}", ""),
        (r"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge)(?![A-Za-z])", ""),
        (r"\\tag\*\s*" + _GROUP, r"\\qquad\\text{\1}"),
        (r"\\tag\s*" + _GROUP, r"\\qquad\\text{(\1)}"),
        (r"\\eqref\s*" + _GROUP, r"\\text{(\1)}"),
        (r"\\ref\s*" + _GROUP, r"\\text{\1}"),
        (r"\\(?:textcolor|colorbox|href|class|style)\s*\{[^{}]*\}\s*" + _GROUP, r"{\1}"),
        (r"\\(?:raise|lower|raisebox)\s*(?:\{[^{}]*\}|[\d.]+\w\w)\s*" + _GROUP, r"{\1}"),
        (r"\\cfrac(?:\[[lcr]\])?(?![A-Za-z])", r"\\dfrac"),
        (r"\{(d|r)cases(\*?)\}", r"{cases}"),
        (r"\\arg(max|min)(?![A-Za-z])", r"\\operatorname*{arg\1}"),
        (r"\\degree(?![A-Za-z])", r"{}^\\circ"),
        (r"\\(?:xlongequal|xleftrightarrow)\s*" + _GROUP, r"\\overset{\1}{=}"),
        (r"\\middle(?![A-Za-z])", ""),
        (
            r"\\unicode\s*\{(?:x([0-9A-Fa-f]{2,5})|(\d{2,6}))\}",
            lambda found: _character_of_code_point(found[1], found[2]),
        ),
        (r"\\ce\s*\{([A-Za-z0-9+\-\s]+)\}", lambda found: _chemical_formula(found[1])),
        (rf"\\({_TEX_FACE_NAMES})\s*" + _GROUP, lambda found: f"\\{_TEX_FACES[found[1]]}{{{found[2]}}}"),
        (
            rf"\{{\s*\\({_TEX_FACE_NAMES})(?![A-Za-z])\s*((?:[^{{}}]|\{{[^{{}}]*+\}})*+)\}}",
            lambda found: f"{{\\{_TEX_FACES[found[1]]}{{{found[2]}}}}}",
        ),
        (rf"\\({_TEX_FACE_NAMES})\s+([A-Za-z0-9])", lambda found: f"\\{_TEX_FACES[found[1]]}{{{found[2]}}}"),
        (r"(?:\\\\(?:\[[^\]]*\])?\s*)+\Z", ""),  # a line break at the end
        (r"\A\s*(?:\\\\\s*)+", ""),
    )
)
_MARKDOWN_ESCAPE = re.compile(r"\\(\\(?=[{}|\\])|[_*()\[\]|])")
_CJK_CHARACTER = "[\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
_CJK_WORD = re.compile(
    rf"\\(?:text\w*|mbox|hbox|operatorname|math\w+)\*?\s*\{{[^{{}}]*\}}|(?<=[_^]){_CJK_CHARACTER}|{_CJK_CHARACTER}+"
)
_ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]+\*?)\}.*?\\end\{\1\}", re.DOTALL)


def tex_for_pandoc(tex: str) -> str:
    r"""Return TeX with what pandoc does not read rewritten.

    >>> print(tex_for_pandoc(r"{\rm KL} \tag{1}"), tex_for_pandoc(r"a \\ b"))
    {\mathrm{KL}} \qquad\text{(1)} \begin{gathered}a \\ b\end{gathered}
    """
    for pattern, replacement in _REWRITTEN:
        tex = pattern.sub(replacement, tex)
    tex = _CJK_WORD.sub(lambda found: found[0] if found[0][0] == "\\" else f"{{\\text{{{found[0]}}}}}", tex).strip()
    outside = _ENVIRONMENT.sub("", tex)
    if re.search(r"(?<!\\)&", outside):
        return rf"\begin{{aligned}}{tex}\end{{aligned}}"
    return rf"\begin{{gathered}}{tex}\end{{gathered}}" if r"\\" in outside else tex


def without_markdown_escapes(tex: str) -> str:
    r"""Return TeX from between `\\(` and `\\)` as a page has it: Markdown reads a backslash as an escape.

    Spaces and braces (`\,`, `\{`) stay: who wrote them meant TeX.

    >>> print(without_markdown_escapes(r"x\_i^\* \in \\{a\\}"))
    x_i^* \in \{a\}
    """
    return _MARKDOWN_ESCAPE.sub(r"\1", tex)


def has_cjk_words(tex: str) -> bool:
    """Return whether TeX has CJK words.

    >>> has_cjk_words("x_{速度}"), has_cjk_words("x^2")
    (True, False)
    """
    return re.search(_CJK_CHARACTER, tex) is not None


def _character_of_code_point(hexadecimal: str | None, decimal: str | None) -> str:
    """Return the character of a code point, as TeX text."""
    char = chr(int(hexadecimal, 16) if hexadecimal else min(int(decimal or "0"), sys.maxunicode))
    return f"\\text{{{char}}}" if char.isalpha() or not char.isascii() else char


def _chemical_formula(written: str) -> str:
    r"""Return a chemical formula as TeX.

    >>> print(_chemical_formula("H2O"))
    \mathrm{H_{2}O}
    """
    return "\\mathrm{" + re.sub(r"(?<=[A-Za-z])(\d+)", r"_{\1}", written) + "}"
