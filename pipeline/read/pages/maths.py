r"""Formulas of a page, as KaTeX, MathJax, pandoc or MathML write them -> TeX: `$x^2$`."""

from __future__ import annotations

import re

from pipeline.read.pages.tex import formula_markdown, formulas_in_text
from pipeline.read.pages.tree import PageElement, attribute, drop, elements, has_class, is_element, shown_text

DEEPEST_FORMULA = 40  # levels of MathML; below, only its text is kept
_ANNOTATIONS = ("application/x-tex", "tex", "latex", "application/x-latex")
_RENDERED = ("MathJax", "MathJax_Display", "MathJax_SVG", "MathJax_Preview", "MathJax_CHTML", "katex-html")
_DELIMITED = re.compile(r"\A\s*(?:\\\((.*)\\\)|\\\[(.*)\\\]|\$\$(.*)\$\$|\$(.*)\$)\s*\Z", re.DOTALL)
_OPERATORS = {
    "×": r"\times ", "÷": r"\div ", "±": r"\pm ", "∓": r"\mp ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ",
    "≈": r"\approx ", "∞": r"\infty ", "→": r"\to ", "∈": r"\in ", "∉": r"\notin ", "∑": r"\sum ", "∏": r"\prod ",
    "∫": r"\int ", "∂": r"\partial ", "∇": r"\nabla ", "⋅": r"\cdot ", "·": r"\cdot ", "…": r"\dots ",
    "⋯": r"\cdots ", "∪": r"\cup ", "∩": r"\cap ", "⊂": r"\subset ", "⊆": r"\subseteq ", "∀": r"\forall ",
    "∃": r"\exists ", "−": "-", "\u2061": "", "\u2062": "", "\u2063": ",", "α": r"\alpha ", "β": r"\beta ",
    "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\epsilon ", "θ": r"\theta ", "λ": r"\lambda ", "μ": r"\mu ",
    "π": r"\pi ", "ρ": r"\rho ", "σ": r"\sigma ", "τ": r"\tau ", "φ": r"\phi ", "ψ": r"\psi ", "ω": r"\omega ",
    "Δ": r"\Delta ", "Σ": r"\Sigma ", "Ω": r"\Omega ", "Φ": r"\Phi ", "Γ": r"\Gamma ", "Λ": r"\Lambda ", "{": r"\{",
    "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_",
}  # fmt: skip


def formulas_of(root: PageElement) -> dict[PageElement, str]:
    """Return the elements that show formulas, each with its Markdown. Removes what shows the same formula again."""
    found: dict[PageElement, str] = {}
    for element in elements(root, "script"):
        kind = attribute(element, "type").lower()
        if kind.startswith("math/tex") and (tex := (element.text or "").strip()):
            element.tag = "span"
            found[element] = formula_markdown(tex, display="mode=display" in kind)
    if found:
        for element in elements(root, "span", "div"):
            if has_class(element, *_RENDERED) and not any(one in found for one in element.iter()):
                drop(element)
    for element in elements(root, "math"):
        tex = tex_of_annotation(element) or " ".join(tex_of_mathml(element).split())
        outer = _outermost_formula(element)
        if not tex or outer in found or outer.getparent() is None:
            continue
        display = attribute(element, "display") == "block" or any(
            has_class(one, "katex-display", "MathJax_Display") or attribute(one, "display") == "true"
            for one in (element, *element.iterancestors())
        )
        found[outer] = formula_markdown(tex, display=display)
    for element in [one for one in root.iter("span", "div") if has_class(one, "math", "arithmatex")]:
        if match := _DELIMITED.match("".join(element.itertext())):
            inline = match[1] or match[4]
            found[element] = formula_markdown(inline or match[2] or match[3] or "", display=not inline)
    return found | formulas_in_text(root)


def tex_of_annotation(element: PageElement) -> str:
    """Return the TeX that a formula of MathML was made from; "" if it has none."""
    for note in element.iter("annotation"):
        if attribute(note, "encoding").lower() in _ANNOTATIONS:
            tex = "".join(note.itertext()).strip()
            wrapped = re.fullmatch(r"\{\\displaystyle\s*+(.*)\}", tex, re.DOTALL)
            return wrapped[1].strip() if wrapped else tex
    alt = attribute(element, "alttext")
    wrapped = re.fullmatch(r"\{\\displaystyle\s*+(.*)\}", alt, re.DOTALL)
    return wrapped[1].strip() if wrapped else alt


def _outermost_formula(element: PageElement) -> PageElement:
    """Return the element of KaTeX, MathJax or Wikipedia around a `<math>`, with the parts that show it again."""
    around = [
        one
        for one in element.iterancestors()
        if has_class(one, "katex", "katex-display", "katex-mathml", "MathJax", "MathJax_Display", "mwe-math-element")
        or one.tag == "mjx-container"
    ]
    return around[-1] if around else element


def tex_of_mathml(element: PageElement, depth: int = 0) -> str:
    r"""Return MathML as TeX: `<msup><mi>x</mi><mn>2</mn></msup>` -> `x^{2}`."""
    name = element.tag.rpartition(":")[2]
    if depth > DEEPEST_FORMULA:
        return shown_text(element)
    if name in {"annotation", "annotation-xml", "mphantom", "none", "mprescripts"}:
        return ""
    if name in {"mi", "mn", "mo", "mtext", "ms"}:
        return _tex_of_token(name, shown_text(element))
    parts = [tex_of_mathml(child, depth + 1) for child in element if is_element(child)]
    if name in _FORMS and len(parts) == _FORMS[name].count("%s"):
        base = parts[0] if len(parts[0]) == 1 or name == "mfrac" else f"{{{parts[0]}}}"
        return _FORMS[name] % (base, *parts[1:])
    if name in _JOINED:
        before, between, after = _JOINED[name]
        return before + between.join(parts) + after
    return "".join(parts) if parts else shown_text(element)


def _tex_of_token(name: str, text: str) -> str:
    """Return a number, a name or an operator as TeX."""
    if name == "mtext":
        return rf"\text{{{text}}}" if text else " "
    if name == "mi" and len(text) > 1 and text.isalpha():
        return rf"\{text} " if text in _FUNCTIONS else rf"\mathrm{{{text}}}"
    return "".join(_OPERATORS.get(char, char) for char in text)


_FUNCTIONS = {"sin", "cos", "tan", "log", "ln", "lim", "exp", "max", "min"}
_JOINED = {
    "mtable": (r"\begin{matrix}", r" \\ ", r"\end{matrix}"),
    "mtr": ("", " & ", ""),
    "mlabeledtr": ("", " & ", ""),
    "msqrt": (r"\sqrt{", "", "}"),
}
_FORMS = {
    "mfrac": r"\frac{%s}{%s}", "msup": "%s^{%s}", "msub": "%s_{%s}", "msubsup": "%s_{%s}^{%s}",
    "munder": "%s_{%s}", "mover": "%s^{%s}", "munderover": "%s_{%s}^{%s}",
}  # fmt: skip
